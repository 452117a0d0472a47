"""403 for a write by who may only read, so that the client can ask its person for more (MCP specification, step-up)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.bounds import message_of
from server.http.challenges import Challenges
from server.signin.caller import Caller, SignedIn
from server.signin.scopes import SCOPES, WRITE_SCOPE

NoteRefusal = Callable[[str, Mapping[str, Any], Caller | None], Awaitable[None]]


class ScopeForWriting:
    """Looks at what is called. The server itself does not offer these tools to such a caller either.

    Args:
        app: what serves the request.
        writes: tells whether the tool of this name writes.
        challenges: the answers.
        note: records that such a call was refused: the tool, its arguments, and who called.
    """

    def __init__(self, app: ASGIApp, writes: Callable[[str], bool], challenges: Challenges, note: NoteRefusal) -> None:
        self._app = app
        self._writes = writes
        self._challenges = challenges
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 403."""
        token = scope["user"].access_token
        tool, arguments = _called(message_of(scope))
        if tool is None or not self._writes(tool) or (isinstance(token, SignedIn) and token.caller.may_write):
            await self._app(scope, receive, send)
            return
        sentence = f"{tool} needs the scope {WRITE_SCOPE}, which the token lacks."
        await self._note(tool, arguments, token.caller if isinstance(token, SignedIn) else None)
        await self._challenges.insufficient_scope(send, sentence, SCOPES)


def _called(message: object) -> tuple[str | None, Mapping[str, Any]]:
    """Return the name of the tool that a JSON-RPC message calls, and the arguments."""
    if not isinstance(message, dict) or message.get("method") != "tools/call":
        return None, {}
    params = message.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    arguments = params.get("arguments") if isinstance(params, dict) else None
    return name if isinstance(name, str) else None, arguments if isinstance(arguments, dict) else {}
