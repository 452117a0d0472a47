"""Sentences for clients whose session this replica does not know, or has no room for.

The SDK answers both with an error of three words; a client whose replica has died must learn how to go on.
"""

from __future__ import annotations

import json

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.answers import id_of, refuse
from server.http.bounds import message_of
from server.http.session_shares import SESSION

_SENTENCES = {
    404: (
        "This replica of the server does not know the session: it has ended, or it belongs to another replica. Start a "
        "new one: send initialize without Mcp-Session-Id."
    ),
    503: (
        "Too many sessions are open on this replica of the server. Try again in a moment, or use a client of the "
        "2026-07-28 protocol, which needs none."
    ),
}
_OF_THE_SDK = {
    404: ("Session not found", "Not Found: Session has been terminated"),
    503: ("Too many open sessions",),
}


class SessionSentences:
    """Puts the way on into the SDK's refusals of a session."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; a refused session is explained."""
        opens = scope["method"] == "POST" and SESSION not in Headers(scope=scope)
        wanted = 503 if opens else 404
        held: list[Message] = []

        async def explained(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == wanted:
                held.append(message)
                return
            if not held:
                await send(message)
                return
            start = held.pop()
            if _is_refusal(message, wanted):
                more = {"retry-after": "30"} if wanted == 503 else {}
                await refuse(send, wanted, _SENTENCES[wanted], id=id_of(message_of(scope)), headers=more)
            else:
                await send(start)
                await send(message)

        await self._app(scope, receive, explained)


def _is_refusal(message: Message, status: int) -> bool:
    try:
        told = json.loads(message.get("body", b""))
    except ValueError:
        return False
    error = told.get("error") if isinstance(told, dict) else None
    return isinstance(error, dict) and error.get("message") in _OF_THE_SDK[status]
