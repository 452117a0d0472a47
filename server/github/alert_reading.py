"""What all lists of one reading share: turns, the rate limit, the first failure, and progress."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import anyio
import anyio.lowlevel
import httpx
from anyio.abc import TaskGroup

from server.errors import GitHubError, NotFound, PermissionMissing, Unauthenticated
from server.github.answers import Answer

ReadingProgress = Callable[[int, int | None], Awaitable[None]]
"""Told the number of pages read, and how many there are in all as far as that is known."""

RESERVE = 50
"""So many requests of the rate limit are left for everything else."""


class Left(NamedTuple):
    """What GitHub said is left of the rate limit; `reset` in seconds since 1970 where it told."""

    requests: int
    reset: int | None


class Planned(Protocol):
    """A list that knows how many pages it takes; None while it does not."""

    @property
    def planned(self) -> int | None:
        """The pages to be read, those read again counted each time."""
        ...


class Reading:
    """One reading, of one list or of several at the same time.

    Attributes:
        requests: how many were made.
        lists_to_come: how many lists there will be in all.
        pages: how many pages came, those read again counted each time.
        failure: what ended the reading early: a rate limit, or GitHub failing.
        low: set when so little of the rate limit is left that nothing more is started.
    """

    def __init__(self, limiter: anyio.CapacityLimiter, progress: ReadingProgress | None) -> None:
        self.requests = 0
        self.pages = 0
        self.failure: GitHubError | None = None
        self.low: Left | None = None
        self.lists_to_come = 0
        self._lists: list[Planned] = []
        self._limiter = limiter
        self._progress = progress
        self._told = 0
        self._telling = False

    @property
    def ended(self) -> bool:
        """Whether no further request is to be started."""
        return self.failure is not None or self.low is not None

    @property
    def at_once(self) -> int:
        """How many requests may be under way."""
        return int(self._limiter.total_tokens)

    def add(self, one: Planned) -> None:
        """Count a list in."""
        self._lists.append(one)

    def drop(self, refused: Collection[Planned], to_come: int) -> None:
        """Count lists out that cannot be read; `to_come` is how many there would have been."""
        self._lists = [one for one in self._lists if one not in refused]
        self.lists_to_come -= to_come

    async def ask(self, send: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """Send a request when it is its turn; None when the reading has ended early, by this request or before it.

        Raises:
            Unauthenticated, PermissionMissing, NotFound: what was asked for may not be read.
        """
        async with self._limiter:
            if self.ended:
                return None
            await anyio.lowlevel.checkpoint_if_cancelled()  # getting a turn is shielded from cancellation
            self.requests += 1
            try:
                answer = await send()
            except (Unauthenticated, PermissionMissing, NotFound):
                raise
            except GitHubError as failure:
                self.failure = self.failure or failure
                return None
            left = _left(answer.headers)
            if left is not None and left.requests <= RESERVE:
                self.low = left
            return answer

    async def count_page(self) -> None:
        """Count a page that came and tell the progress; in order, and never to somebody who has cancelled."""
        self.pages += 1
        if self._progress is None or self._telling:
            return  # who is telling will tell this too
        self._telling = True
        try:
            while self._told < self.pages:
                await anyio.lowlevel.checkpoint_if_cancelled()
                self._told += 1
                await self._progress(self._told, self._in_all())
        finally:
            self._telling = False

    def _in_all(self) -> int | None:
        if len(self._lists) < self.lists_to_come:
            return None
        in_all = 0
        for one in self._lists:
            if one.planned is None:
                return None
            in_all += one.planned
        return max(in_all, self._told)


@asynccontextmanager
async def together() -> AsyncIterator[TaskGroup]:
    """Open a task group that lets an error out as it is: the first, when there were several."""
    try:
        async with anyio.create_task_group() as group:
            yield group
    except ExceptionGroup as several:
        raise _first(several) from None


def _first(problem: Exception) -> Exception:
    while isinstance(problem, ExceptionGroup):
        problem = problem.exceptions[0]
    return problem


def _left(headers: httpx.Headers) -> Left | None:
    remaining = _count(headers.get("x-ratelimit-remaining", ""))
    return None if remaining is None else Left(remaining, _count(headers.get("x-ratelimit-reset", "")))


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
