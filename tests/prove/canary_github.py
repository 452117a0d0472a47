"""A GitHub that repeats the token it is given wherever it can, and leads elsewhere; and the hosts it leads to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from starlette.types import Receive, Scope, Send

from tests.in_thread import serving_in_thread
from tests.processes import LoopbackGitHub

Reply = tuple[int, list[tuple[bytes, bytes]], bytes]


@dataclass
class LeakyGitHub(LoopbackGitHub):
    """The sandbox on a loopback port, which misbehaves in the way that is set, and tells secrets nobody asked for.

    Attributes:
        way: one of WAYS, or None to behave.
        elsewhere: the address of another host.
        authorizations: the credentials that came, each once.
        told_secrets: how many answers held the secrets of alerts.
    """

    way: str | None = None
    elsewhere: str = ""
    authorizations: set[str] = field(default_factory=set)
    told_secrets: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        bearer = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        self.authorizations.add(bearer)
        # As a GitHub that does not know the parameter, it tells the secrets of alerts too.
        scope["query_string"] = scope["query_string"].replace(b"hide_secret=true", b"hide_secret=false")
        signs_in = scope["path"].startswith("/app") or scope["path"].endswith("/installation")
        self.told_secrets += self.way is None and "/secret-scanning/" in scope["path"]
        if self.way is None or signs_in:
            await super().__call__(scope, receive, send)
            return
        status, headers, body = WAYS[self.way](bearer, self.elsewhere + scope["path"])
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _echo(status: int, *, html: bool = False) -> Callable[[str, str], Reply]:
    def reply(token: str, _: str) -> Reply:
        raw = f"Bearer {token}".encode()
        error = {
            "message": f"Bad: Authorization: Bearer {token}",
            "errors": [{"field": token, "message": token}, token],
        }
        page = f"<html>Authorization: Bearer {token}</html>".encode()
        headers = [
            (b"content-type", b"text/html" if html else b"application/json"),
            (b"retry-after", b"9999"),
            (b"x-github-request-id", token.encode()[:100]),
            (b"x-accepted-github-permissions", raw),
            (b"x-oauth-scopes", raw),
            (b"x-accepted-oauth-scopes", token.encode()),
            (b"www-authenticate", raw),
            (b"x-echo", raw),
        ]
        return status, headers, page if html else json.dumps(error).encode()

    return reply


def _broken(token: str, _: str) -> Reply:
    return 200, [(b"content-type", b"application/json")], f'{{"echo": "Bearer {token}", '.encode()


def _another_shape(token: str, _: str) -> Reply:
    content = [{"number": token, "name": token, "state": token, "created_at": token, "login": token}]
    return 200, [(b"content-type", b"application/json"), (b"etag", f'"{token}"'.encode())], json.dumps(content).encode()


def _redirect(status: int) -> Callable[[str, str], Reply]:
    return lambda token, there: (status, [(b"location", f"{there}?token={token}".encode())], b"")


def _link(token: str, there: str) -> Reply:
    link = f'<{there}?page=2&access_token={token}>; rel="next", <{there}?page=9>; rel="last"'
    return 200, [(b"content-type", b"application/json"), (b"link", link.encode())], b"[]"


WAYS: dict[str, Callable[[str, str], Reply]] = {
    **{f"{status} that repeats the token": _echo(status) for status in (400, 401, 403, 404, 422, 429, 500, 503)},
    "a page that repeats the token": _echo(200, html=True),
    "a broken body that repeats the token": _broken,
    "another shape that repeats the token": _another_shape,
    "a redirect to another host": _redirect(302),
    "a redirect of a change to another host": _redirect(307),
    "a Link to another host": _link,
}
"""How it misbehaves: the credential and an address elsewhere to what it answers."""


@dataclass
class Listener:
    """Another host, or a collector: takes whatever comes.

    Attributes:
        url: its address.
        received: what came, whole: request line, header fields and body.
    """

    url: str = ""
    received: list[bytes] = field(default_factory=list)


@contextmanager
def listener() -> Iterator[Listener]:
    """Listen on a loopback port while the block runs."""
    running = Listener()

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            running.received.append(f"{self.requestline}\n{self.headers}".encode() + body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    running.url = f"http://127.0.0.1:{server.server_port}"
    with serving_in_thread(server):
        yield running
