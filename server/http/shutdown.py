"""Stopping without cutting off what is under way.

On SIGTERM no new call is taken on, those under way are finished and answered, and then the process ends with status 0.
When the grace is over, calls are given up and answered with an error, but not those of which a write has left for
GitHub: what comes of it is recorded and answered. A call whose client has gone is not waited for unless it has written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import anyio
import uvicorn
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from starlette.types import ASGIApp, Receive, Scope, Send

from server.call_context import HttpRequest, current_http_request
from server.http.answers import id_of, refuse
from server.http.bounds import message_of

_GOING = "This replica of the server is being stopped and takes no new calls; send it again in a moment."
_GAVE_UP = (
    "This replica of the server was stopped before the call was done. If it was to write, look first whether it did."
)


class CallsUnderWay:
    """Counts calls, and refuses new ones when the service is being stopped.

    A call counts twice: as a request, until its answer has left, and as work, which goes on when a client has gone.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._requests = 0
        self._work: dict[anyio.CancelScope, HttpRequest | None] = {}

    @property
    def any(self) -> bool:
        """Whether a call is under way."""
        return bool(self._requests or self._work)

    def give_up(self, *, only_unasked: bool = False) -> None:
        """Cancel what is under way and has not written; the clients get an error that says so.

        Args:
            only_unasked: only that whose request has ended, so that nobody would get the answer. Before 2026-07-28
                such work may wait for a person's answer to a question.
        """
        for scope, request in self._work.items():
            if request is None or not (request.write_sent or (only_unasked and request.unanswered)):
                scope.cancel()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request as long as the block runs."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def work(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Middleware of the SDK, the outermost, that counts the work on a call."""
        with anyio.CancelScope() as scope:
            self._work[scope] = current_http_request()
            try:
                return await call_next(ctx)
            finally:
                del self._work[scope]
        raise MCPError(INTERNAL_ERROR, _GAVE_UP)


class NoNewCalls:
    """Refuses calls with 503 when the service is being stopped. Answers to what it asked still come in."""

    def __init__(self, app: ASGIApp, calls: CallsUnderWay) -> None:
        self._app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 503."""
        message = message_of(scope)
        if not isinstance(message, dict) or "method" not in message or "id" not in message:
            await self._app(scope, receive, send)
        elif self._calls.stopping:
            await refuse(send, 503, _GOING, id=id_of(message), headers={"retry-after": "1", "connection": "close"})
        else:
            with self._calls.request():
                await self._app(scope, receive, send)


class PatientServer(uvicorn.Server):
    """A server that ends when it is told to and the calls under way are done.

    Args:
        config: uvicorn's.
        calls: those under way.
        grace: how many seconds they get.
        longest_write: how many seconds more a call gets of which a write has left for GitHub.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        calls: CallsUnderWay,
        grace: float,
        longest_write: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(config)
        self._calls = calls
        self._grace = grace
        self._longest_write = longest_write
        self._clock = clock
        self._give_up_at = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to stop; a second signal ends the grace. The signal is not raised again, so the exit status is 0."""
        now = self._clock()
        self._give_up_at = min(now, self._give_up_at) if self._calls.stopping else now + self._grace
        self._calls.stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to end."""
        if self._calls.stopping and not self.should_exit:
            late = self._clock() - self._give_up_at
            self._calls.give_up(only_unasked=late < 0)
            self.should_exit = not self._calls.any or late >= self._longest_write
        return await super().on_tick(counter)
