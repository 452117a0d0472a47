"""403 for a write by who may only read, so that the client can ask its person for more (MCP specification, step-up)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.bounds import message_of
from server.http.challenges import Challenges
from server.signin.caller import SignedIn
from server.signin.scopes import SCOPES, WRITE_SCOPE


class ScopeForWriting:
    """Looks at what is called. The server itself does not offer these tools to such a caller either.

    Args:
        app: what serves the request.
        writes: tells whether the tool of this name writes.
        challenges: the answers.
    """

    def __init__(self, app: ASGIApp, writes: Callable[[str], bool], challenges: Challenges) -> None:
        self._app = app
        self._writes = writes
        self._challenges = challenges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 403."""
        token = scope["user"].access_token
        tool = _called(message_of(scope))
        if tool is None or not self._writes(tool) or (isinstance(token, SignedIn) and token.caller.may_write):
            await self._app(scope, receive, send)
            return
        sentence = f"{tool} needs the scope {WRITE_SCOPE}, which the token lacks."
        await self._challenges.insufficient_scope(send, sentence, SCOPES)


def _called(message: object) -> str | None:
    """Return the name of the tool that a JSON-RPC message calls."""
    if not isinstance(message, dict) or message.get("method") != "tools/call":
        return None
    params = message.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return name if isinstance(name, str) else None
