"""What is left of the rate limit, and for whom: all callers share the limit of one token.

Reads stop while something is left, so that writes, with the reads they are decided by, go on. The many pages of a
reading stop earlier, so that one large reading leaves something to everybody else's small ones.

Source: GitHub Docs, "Rate limits for the REST API".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
import httpx

from server.errors import RateLimited
from server.github.clock import Clock
from server.github.credentials import Token
from server.github.retries import Call

_LARGEST_SHARE = 5  # the reserve is never more than a fifth of a limit, or nothing could be read with a small one
_READINGS_LEAVE = 2  # times the reserve
_LONGEST_LIMIT = timedelta(hours=2)
_UNTOLD = timedelta(minutes=1)  # how long what is left is believed where GitHub did not tell until when it counts
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_TOKENS = 64
_FREE = "/rate_limit"  # asking how much is left costs nothing

_for_a_write: ContextVar[bool] = ContextVar("for_a_write", default=False)


@contextmanager
def for_a_write(applies: bool = True) -> Iterator[None]:
    """Let what is read inside draw on what is kept for writes, since a write is decided by it."""
    mark = _for_a_write.set(applies)
    try:
        yield
    finally:
        _for_a_write.reset(mark)


class Spared(RateLimited):
    """A read that was not sent, because what is left of the rate limit is kept.

    Attributes:
        left: how much that is and until when, in words.
    """

    def __init__(self, call: Call, left: str, until: datetime) -> None:
        kept_for = "writes and smaller reads" if call.bulk else "writes"
        super().__init__(
            f"The request for {call.about} was not sent, to spare the rate limit: {left}. "
            f"They are kept for {kept_for}.",
            "Try again then.",
            until=until,
        )
        self.left = left


@dataclass(eq=False)
class _Account:
    """What is known of one token's limit.

    Attributes:
        left: requests, as GitHub last told; None while it has not.
        limit: of how many.
        until: when the count starts again, in GitHub's time.
        told: whether GitHub told that moment.
        under_way: requests whose answers are still to come.
        moved: set at the next answer.
    """

    left: int | None = None
    limit: int | None = None
    until: datetime = _LONG_AGO
    told: bool = False
    under_way: int = 0
    moved: anyio.Event = field(default_factory=anyio.Event)


class Budget:
    """Counts what is left for each token, and holds reads back when it gets little.

    Args:
        clock: GitHub's time.
        reserve: how many requests of an hour's limit are kept for writes.
        patience: the longest that one call waits, in seconds.
        sleep: how to wait, in seconds.
    """

    def __init__(self, clock: Clock, reserve: int, patience: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._clock = clock
        self._reserve = reserve
        self._patience = patience
        self._sleep = sleep
        self._accounts: OrderedDict[Token, _Account] = OrderedDict()

    async def waited(self, call: Call, token: Token) -> bool:
        """Wait if a read may not be sent now. True when that took time, after which everything is to be looked at anew.

        A wait for the limit's end is counted as spent by the call.

        Raises:
            Spared: it would take longer than the call can be kept waiting.
        """
        account = self._account(token)
        if call.url.path.endswith(_FREE) or account.left is None:
            return False
        seconds = (account.until - self._clock.now()).total_seconds()
        floor = self._floor(call, account)
        if seconds <= 0 or account.left - account.under_way > floor:
            return False
        if account.left > floor:
            await account.moved.wait()  # those under way may use up what is left above the floor
            return True
        if call.spent + seconds > self._patience:
            raise self._spared(call, account)
        call.spent += seconds
        await self._sleep(seconds)
        return True

    @contextmanager
    def under_way(self, token: Token) -> Iterator[None]:
        """Count a request as under way inside."""
        account = self._account(token)
        account.under_way += 1
        try:
            yield
        finally:
            account.under_way -= 1
            moved, account.moved = account.moved, anyio.Event()
            moved.set()

    def note(self, token: Token, headers: httpx.Headers) -> None:
        """Take over what an answer tells."""
        left = _count(headers.get("x-ratelimit-remaining", ""))
        if left is None or headers.get("x-ratelimit-resource", "core").strip() != "core":
            return
        account, now = self._account(token), self._clock.now()
        reset = _count(headers.get("x-ratelimit-reset", "")) or 0
        account.told = 0 <= reset - now.timestamp() <= _LONGEST_LIMIT.total_seconds()
        account.until = datetime.fromtimestamp(reset, UTC) if account.told else now + _UNTOLD
        account.left = left
        account.limit = _count(headers.get("x-ratelimit-limit", ""))

    def _floor(self, call: Call, account: _Account) -> int:
        """Return how many requests a call must leave."""
        reserve = self._reserve if account.limit is None else min(self._reserve, account.limit // _LARGEST_SHARE)
        if call.bulk:
            return reserve * _READINGS_LEAVE
        return 0 if _for_a_write.get() else reserve

    def _spared(self, call: Call, account: _Account) -> RateLimited:
        until = f"{account.until:%Y-%m-%d %H:%M:%S} UTC"
        if not account.left and not call.bulk:
            return RateLimited(
                f"GitHub's rate limit is reached. Requests are accepted again at {until}.",
                "Try again then, with fewer requests at a time.",
                until=account.until,
            )
        left = f"{account.left} requests are left"
        return Spared(call, f"{left} until it is reset at {until}" if account.told else left, account.until)

    def _account(self, token: Token) -> _Account:
        account = self._accounts.get(token)
        if account is None:
            account = self._accounts[token] = _Account()
            if len(self._accounts) > _MOST_TOKENS:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(token)
        return account


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
