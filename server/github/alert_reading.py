"""What all lists of one reading share: turns, the rate limit, the first failure, and progress."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from server.errors import GitHubError, NotFound, PermissionMissing, Unauthenticated
from server.github.answers import Answer
from server.github.budget import Spared

ReadingProgress = Callable[[int, int | None], Awaitable[None]]
"""Told the number of pages read, and how many there are in all as far as that is known."""


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
        failure: what ended the reading early: a rate limit, met or spared, or GitHub failing.
    """

    def __init__(self, limiter: anyio.CapacityLimiter, progress: ReadingProgress | None) -> None:
        self.requests = 0
        self.pages = 0
        self.failure: GitHubError | None = None
        self.lists_to_come = 0
        self._lists: list[Planned] = []
        self._limiter = limiter
        # Turns are given in order of arrival. So that a short reading has its turn soon, a long one never queues for
        # more of them than it can use.
        self._own = anyio.CapacityLimiter(limiter.total_tokens)
        self._progress = progress
        self._told = 0
        self._telling = False

    @property
    def ended(self) -> bool:
        """Whether no further request is to be started."""
        return self.failure is not None

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
        async with self._own, self._limiter:
            if self.ended:
                return None
            await anyio.lowlevel.checkpoint_if_cancelled()  # getting a turn is shielded from cancellation
            self.requests += 1
            try:
                answer = await send()
            except (Unauthenticated, PermissionMissing, NotFound):
                raise
            except GitHubError as failure:
                self.requests -= isinstance(failure, Spared)
                self.failure = self.failure or failure
                return None
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
