"""Whether the process lives, and whether it should be sent calls. Asked by proxies, so without sign-in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.context import AppContext
from server.errors import StoreFailed
from server.http.shutdown import CallsUnderWay

_LOG = logging.getLogger(__name__)
_FRESH = 2.0  # seconds that a look at the store is good for, or strangers could keep the database busy
_NO_ORG = "-"  # which no organization can be called


class Health:
    """Answers /healthz and /readyz; nothing in the answers tells how the service is set up.

    Args:
        app: returns the server's parts, None until they are open.
        calls: those under way.
        clock: monotonic seconds.
    """

    def __init__(
        self, app: Callable[[], AppContext | None], calls: CallsUnderWay, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._calls = calls
        self._clock = clock
        self._looked_at: float | None = None
        self._usable = False
        self._looking = anyio.Lock()

    async def alive(self, _: Request) -> Response:
        """Answer 200 as long as the process answers at all."""
        return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})

    async def ready(self, _: Request) -> Response:
        """Answer 200 when calls can be served; 503 when the service is being stopped or its store cannot be used."""
        if self._calls.stopping:
            return _not_ready("it is being stopped")
        if not await self._store_usable():
            return _not_ready("its store cannot be used; the log says why")
        return JSONResponse({"status": "ready"}, headers={"cache-control": "no-store"})

    async def _store_usable(self) -> bool:
        async with self._looking:
            if self._looked_at is None or self._clock() - self._looked_at > _FRESH:
                self._usable = await self._look()
                self._looked_at = self._clock()
            return self._usable

    async def _look(self) -> bool:
        app = self._app()
        if app is None:
            return False
        try:
            await app.store.last_report(_NO_ORG)
        except StoreFailed as failure:
            _LOG.error("Not ready: %s", failure)
            return False
        return True


def _not_ready(why: str) -> Response:
    content = {"status": "not ready", "why": why}
    return JSONResponse(content, 503, headers={"cache-control": "no-store", "retry-after": "1"})
