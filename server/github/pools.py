"""Connections in several small pools. What one large pool does for a request grows with all that it holds: with 32
requests at once that was twice the work of everything else that is done for one (docs/benchmarks.md, the service).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

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

    async def aclose(self) -> None:
        """Close all of them, also when one of them cannot be closed."""
        async with AsyncExitStack() as closing:
            for client in self._busy:
                closing.push_async_callback(client.aclose)
