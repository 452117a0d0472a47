"""Rate limits that are being waited out. Whoever goes on sending meanwhile is limited for longer.

Source: GitHub Docs, "Best practices for using the REST API".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from server.errors import RateLimited
from server.github.clock import Clock
from server.github.credentials import Token
from server.github.retries import Call


@dataclass(eq=False)
class _Wait:
    """A wait for the end of a limit.

    Attributes:
        token: whose limit it is; each has its own.
        seconds: how long it is in all.
        until: when it is over, in GitHub's time.
        refusal: makes the error of a call that cannot wait so long.
    """

    token: Token
    seconds: float
    until: datetime
    refusal: Callable[[], RateLimited]
    over: anyio.Event = field(default_factory=anyio.Event)


class LimitsUnderWay:
    """The waits of all calls of a client. Each call sleeps by itself; none with the same token sends meanwhile."""

    def __init__(self, clock: Clock, patience: float) -> None:
        self._clock = clock
        self._patience = patience
        self._waits: list[_Wait] = []

    @contextmanager
    def under_way(
        self, token: Token, seconds: float, until: datetime, refusal: Callable[[], RateLimited]
    ) -> Iterator[None]:
        """Hold back all others with this token inside; however it is left, those it held back go on."""
        wait = _Wait(token, seconds, until, refusal)
        self._waits.append(wait)
        try:
            yield
        finally:
            self._waits.remove(wait)
            wait.over.set()

    async def over(self, call: Call, token: Token) -> None:
        """Return when no limit of a token is waited out any more. What that takes is counted as spent by the call.

        Raises:
            RateLimited: that would take longer than the call can be kept waiting.
        """
        while waits := [wait for wait in self._waits if wait.token == token]:
            wait = max(waits, key=lambda one: one.until)
            left = self._left(wait)
            if call.spent + left > self._patience:
                raise wait.refusal()
            await wait.over.wait()
            call.spent += max(0.0, left - self._left(wait))

    def _left(self, wait: _Wait) -> float:
        """Return the seconds until a wait is over, whatever leaps the clock makes."""
        return min(wait.seconds, max(0.0, (wait.until - self._clock.now()).total_seconds()))
