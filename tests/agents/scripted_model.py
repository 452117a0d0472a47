"""A model on a loopback port that follows a script, in the words of the vendor whose agent asks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.agents.script import Asked, Call, Dialect, Say, Script, Tool, Turn
from tests.in_thread import serving_in_thread


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    content_type: str
    text: str


@dataclass
class ScriptedModel:
    """The model.

    Attributes:
        dialect: how the agent speaks to it.
        script: its turns. Which one is next is told by the number of results in the conversation, so a request that is
            sent again is answered as before.
        url: where it listens.
        asked: each request for a turn that offered the server's tools. One that does not, because the agent wants a
            title or is ahead of the server, is answered with a word, which ends the run.
    """

    dialect: Dialect
    script: Script
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def answer(self, method: str, target: str, body: Any) -> Answer:
        """Answer a request; with a 404 what is not for a turn, as when an agent would leave this machine."""
        asked = self.dialect.asked(urlsplit(target).path, body) if method == "POST" and body else None
        if asked is None:
            return Answer(404, "application/json", json.dumps({"error": {"message": "Not in the script."}}))
        return Answer(200, "text/event-stream", self._turn(asked))

    def _turn(self, asked: Asked) -> str:
        if _offered(asked, "list_campaigns") is None:
            return self.dialect.said("Campaigns")
        self.asked.append(asked)
        turn = self._next(asked)
        if isinstance(turn, Say):
            return self.dialect.said(turn.text)
        tool = _offered(asked, turn.tool)
        if tool is None:
            return self.dialect.said(f"{turn.tool} is not offered.")
        return self.dialect.called(tool, turn.arguments, len(asked.results))

    def _next(self, asked: Asked) -> Turn:
        if len(asked.results) >= len(self.script):
            return Say("The script has ended.")
        turn = self.script[len(asked.results)]
        return turn if isinstance(turn, Call | Say) else turn(asked.results)


def _offered(asked: Asked, name: str) -> Tool | None:
    return next((tool for tool in asked.offered if tool.name.endswith(name)), None)


@contextmanager
def scripted_model(dialect: Dialect, script: Script) -> Iterator[ScriptedModel]:
    """Serve it while the block runs."""
    model = ScriptedModel(dialect, script)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = model.answer(self.command, self.path, json.loads(body or b"null"))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.text.encode())))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.text.encode())

        do_GET = do_HEAD = do_POST = do_CONNECT = _answer  # noqa: N815 - the standard library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model.url = f"http://127.0.0.1:{server.server_port}"
    with serving_in_thread(server):
        yield model
