"""Identical reads at the same moment are one request. What was answered is shared with those who wait, and kept for
nobody: that is for conditional requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


@dataclass(eq=False)
class _UnderWay(Generic[T]):
    """A request under way.

    Attributes:
        scope: what it runs in, as part of the call that sent it.
        waiting: how many other calls wait for the same answer.
        answer: what came of it; None while it has not ended, and when it was cancelled.
        over: set when it has ended.
    """

    scope: anyio.CancelScope
    waiting: int = 0
    answer: T | None = None
    over: anyio.Event = field(default_factory=anyio.Event)


class SharedReads(Generic[T]):
    """The reads under way that others may join.

    The request belongs to the call that sent it. When that call is cancelled while others wait, it goes on until the
    answer has come, and is cancelled then.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, _UnderWay[T]] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._under_way

    async def lead(self, key: Hashable, send: Callable[[], Awaitable[T]]) -> T:
        """Send a request that others may join until it has ended; no other with this key must be under way."""
        with anyio.CancelScope() as scope:
            mine = self._under_way[key] = _UnderWay[T](scope)
            try:
                answer = mine.answer = await send()
            finally:
                if self._under_way.get(key) is mine:
                    del self._under_way[key]
                mine.over.set()
        return answer

    async def joined(self, key: Hashable, limit: float) -> T | None:
        """Return the answer to the request under way; None when it was cancelled and somebody has to send another.

        Args:
            key: what the request is known by.
            limit: how long to wait, in seconds.

        Raises:
            TimeoutError: there was no answer within that time.
        """
        joined = self._under_way[key]
        joined.waiting += 1
        joined.scope.shield = True
        try:
            with anyio.fail_after(limit):
                await joined.over.wait()
        finally:
            joined.waiting -= 1
            if not joined.waiting and not joined.over.is_set():
                joined.scope.shield = False
        return joined.answer

    def end_joining(self) -> None:
        """Let nobody join what is under way now: something was written, and its answer may be as of before that."""
        self._under_way.clear()
