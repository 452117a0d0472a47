"""Connections on which nothing comes are closed, or strangers could hold so many that nobody else gets one."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 20.0
"""Seconds from a connection, or on one that is kept from a request's first byte, until its headers are all there."""


class PunctualProtocol(H11Protocol):
    """uvicorn's protocol with a limit to how long a request's headers may take, which uvicorn does not have."""

    _until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
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
