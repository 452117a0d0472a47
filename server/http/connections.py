"""Bounds to connections, or strangers could hold so many that nobody else gets one."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 20.0
"""Seconds from a connection, or on one that is kept from a request's first byte, until its headers are all there."""


def most_connections() -> int:
    """Return how many connections are taken: three quarters of the files that the process may have open.

    The others are for GitHub and the store. And to be without any makes asyncio fill the log with nothing else.
    """
    if sys.platform == "win32":
        return 10_000
    import resource  # noqa: PLC0415 - only there on POSIX

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(1, soft * 3 // 4)


class PunctualProtocol(H11Protocol):
    """uvicorn's protocol with two limits that uvicorn does not have.

    A request's headers must be there in time, and a connection beyond `most_connections` is closed at once.
    """

    _until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take in a part of what the client sends."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:  # the headers are there, or never will be
            self._forget()
        elif self._until is None:
            self._until = self.loop.call_later(HEADERS_WITHIN, self._too_late)

    def _forget(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _too_late(self) -> None:
        self._until = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()
