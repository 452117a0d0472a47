"""No caller may hold all sessions, or one of them could shut out every other client of 2025.

The SDK bounds the sessions of all together. Here those of each caller are counted, by what passes: the answer that
opens a session names it, and after the same idle time as in the SDK it counts as ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.answers import id_of, refuse
from server.http.bounds import message_of
from server.signin.caller import SignedIn

SESSION = "mcp-session-id"
_PART = 4  # nobody gets more than a quarter of the sessions
_TOO_MANY = (
    "With this sign-in as many sessions are open on this replica of the server as one caller may have, and all are in "
    "use. End one, or use a client of the 2026-07-28 protocol, which needs none."
)


@dataclass(eq=False)
class _Session:
    """A session.

    Attributes:
        user: who opened it, as the SDK knows them.
        owner: the caller, whatever the program.
        under_way: its requests, an open stream of events among them.
        used_at: when the last of them ended.
    """

    user: AuthenticatedUser
    owner: Hashable
    under_way: int
    used_at: float


class SessionShares:
    """Gives each caller at most a quarter of the sessions, and at least one.

    Who opens one more loses the own one that has gone unused longest, and is refused when all are in use. Where nobody
    signs in there is one caller, and only the SDK's bound counts.

    Args:
        app: what serves the request.
        most: how many sessions there may be.
        idle: after how many seconds without a request the SDK ends one.
        clock: monotonic seconds.
    """

    def __init__(self, app: ASGIApp, most: int, idle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._share = max(1, most // _PART)
        self._idle = idle
        self._clock = clock
        self._open: dict[str, _Session] = {}
        self._opening: set[_Session] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 429."""
        headers = Headers(scope=scope)
        known, version, owner = headers.get(SESSION), headers.get("mcp-protocol-version"), _owner(scope)
        if known is not None:
            await self._go_on(known, scope, receive, send)
        elif owner is None or (version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS):
            await self._app(scope, receive, send)  # it opens no session, or nobody's
        else:
            await self._begin(_Session(scope["user"], owner, 1, self._clock()), scope, receive, send)

    async def _begin(self, session: _Session, scope: Scope, receive: Receive, send: Send) -> None:
        unused = self._unused(session.owner)
        ended = None if unused is None else self._open.pop(unused)
        if self._count(session.owner) >= self._share:
            await refuse(send, 429, _TOO_MANY, id=id_of(message_of(scope)), headers={"retry-after": "30"})
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                name = Headers(raw=message["headers"]).get(SESSION)
                self._open |= {} if name is None else {name: session}
            await send(message)

        self._opening.add(session)
        try:
            if unused is not None and ended is not None:
                await self._end(unused, {**scope, "user": ended.user})
            await self._app(scope, receive, watched)
        finally:
            self._opening.remove(session)
            self._used(session)

    async def _go_on(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "DELETE" and message["status"] == 200:
                self._open.pop(name, None)
            await send(message)

        with self._in_use(name, _owner(scope)):
            await self._app(scope, receive, watched)

    @contextmanager
    def _in_use(self, name: str, owner: Hashable) -> Iterator[None]:
        session = self._open.get(name)
        if session is None or session.owner != owner:
            yield
            return
        session.under_way += 1
        try:
            yield
        finally:
            self._used(session)

    def _used(self, session: _Session) -> None:
        session.under_way -= 1
        session.used_at = self._clock()

    def _count(self, owner: Hashable) -> int:
        theirs = {*self._open.values(), *self._opening}
        return sum(session.owner == owner for session in theirs)

    def _unused(self, owner: Hashable) -> str | None:
        """Return the session that a caller with a full share can best do without; None when there is none."""
        over = self._clock() - self._idle
        self._open = {name: one for name, one in self._open.items() if one.under_way or one.used_at > over}
        if self._count(owner) < self._share:
            return None
        unused = [name for name, one in self._open.items() if one.owner == owner and not one.under_way]
        return min(unused, key=lambda name: self._open[name].used_at, default=None)

    async def _end(self, name: str, scope: Scope) -> None:
        """End a session as its client would (MCP specification, Session Management)."""
        headers = [(key, value) for key, value in scope["headers"] if key not in (b"content-length", b"content-type")]
        request = {**scope, "method": "DELETE", "headers": [*headers, (SESSION.encode(), name.encode())]}

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def unheard(message: Message) -> None:
            pass

        await self._app(request, nothing, unheard)


def _owner(scope: Scope) -> Hashable | None:
    """Return who signed in, which is the same person through whatever program; None where nobody has to."""
    token = getattr(scope.get("user"), "access_token", None)
    return (token.caller.issuer, token.caller.subject) if isinstance(token, SignedIn) else None
