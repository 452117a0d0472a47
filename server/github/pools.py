"""Connections in several small pools. What one large pool does for a request grows with all that it holds: with 32
requests at once that was twice the work of everything else that is done for one (docs/benchmarks.md, the service).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import httpx


class Pools:
    """HTTP clients that are alike, each with connections of its own."""

    def __init__(self, clients: Sequence[httpx.AsyncClient]) -> None:
        self._busy = dict.fromkeys(clients, 0)

    @contextmanager
    def least_busy(self) -> Iterator[httpx.AsyncClient]:
        """Lend the first of the clients with the fewest requests under way, so that idle connections are used again."""
        client = min(self._busy, key=self._busy.__getitem__)
        self._busy[client] += 1
        try:
            yield client
        finally:
            self._busy[client] -= 1


@asynccontextmanager
async def open_pools(clients: Sequence[httpx.AsyncClient]) -> AsyncIterator[Pools]:
    """Open all of them, and close them in the end."""
    async with AsyncExitStack() as opened:
        yield Pools([await opened.enter_async_context(client) for client in clients])
