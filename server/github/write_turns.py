"""Writes go one after the other, with a pause between: whoever sends many at once is limited.

Source: GitHub Docs, "Best practices for using the REST API", which asks for a second between two of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import anyio

from server.errors import RateLimited
from server.github.clock import Clock
from server.github.credentials import Token
from server.github.retries import Call

_MOST_TOKENS = 64


@dataclass(eq=False)
class _Line:
    """Those who want to write with one token, in order of arrival; `free_at` is when the first may, in seconds."""

    free_at: float = 0.0
    first: anyio.Lock = field(default_factory=anyio.Lock)


class WriteTurns:
    """Gives each write its turn.

    Args:
        clock: GitHub's time, for sentences.
        spacing: seconds from one write to the next with the same token; 0 for no order at all.
        patience: the longest that a call waits for its turns in all, in seconds. That is apart from what it may spend
            on rate limits and repeats.
        sleep: how to wait, in seconds.
        ticks: monotonic seconds.
    """

    def __init__(
        self,
        clock: Clock,
        spacing: float,
        patience: float,
        sleep: Callable[[float], Awaitable[None]],
        ticks: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._spacing = spacing
        self._patience = patience
        self._sleep = sleep
        self._ticks = ticks
        self._lines: OrderedDict[Token, _Line] = OrderedDict()

    async def turn(self, call: Call, token: Token, limits_over: Callable[[Call, Token], Awaitable[None]]) -> None:
        """Return when it is a write's turn and no rate limit is waited out. Whoever is cancelled here has sent nothing.

        Args:
            call: the write.
            token: what it is sent with.
            limits_over: returns when no limit of a token is waited out any more.

        Raises:
            RateLimited: its turn would come too late, or `limits_over` raised that.
        """
        if not self._spacing:
            await limits_over(call, token)
            return
        line = self._line(token)
        await self._become_first(call, line)
        try:
            await limits_over(call, token)
            if (wait := line.free_at - self._ticks()) > 0:
                await self._sleep(wait)
                call.queued += wait
                await limits_over(call, token)
            line.free_at = self._ticks() + self._spacing
        finally:
            line.first.release()

    async def _become_first(self, call: Call, line: _Line) -> None:
        began = self._ticks()
        before = line.first.statistics().tasks_waiting + line.first.locked()
        expected = max(0.0, line.free_at - began) + before * self._spacing
        left = self._patience - call.queued
        if expected > left:
            raise self._too_late(call, expected)
        # Those before may wait for a rate limit too, so what was expected can turn out to be too little.
        with anyio.move_on_after(left) as waiting:
            await line.first.acquire()
        if waiting.cancelled_caught:
            raise self._too_late(call, expected)
        call.queued += self._ticks() - began

    def _too_late(self, call: Call, wait: float) -> RateLimited:
        until = self._clock.now() + timedelta(seconds=wait)
        again = " again" if call.sent else ""
        return RateLimited(
            f"The request for {call.about} was not sent{again}: writes leave {self._spacing:g} s apart "
            f"(--write-spacing), and its turn would come at {until:%Y-%m-%d %H:%M:%S} UTC.",
            "Try again then.",
            until=until,
        )

    def _line(self, token: Token) -> _Line:
        line = self._lines.setdefault(token, _Line(self._ticks()))
        self._lines.move_to_end(token)
        if len(self._lines) > _MOST_TOKENS:
            self._lines.popitem(last=False)
        return line
