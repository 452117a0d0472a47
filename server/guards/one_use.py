"""One answer is good for one execution.

The SDK seals the state of a question (2026-07-28 protocol) but accepts the same state and answer again until it
expires. So a state that comes back with an answer is spent: whoever brings it a second time, even at the same moment,
is told so. What is spent is the sealed text, which is unique and only counts after the SDK has verified it; hence two
middlewares, one on each side of the SDK's boundary. Replicas that share a store spend it there too: its unique key
decides who was first.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from server.errors import StoreFailed

SpendEverywhere = Callable[[Any, str, float], Awaitable[bool]]
"""Spends an answer for all replicas: given the server's parts, the answer's sha256 and for how many seconds it matters.
Returns False when it was used before; raises StoreFailed when that cannot be told."""

STATE_LIFETIME = 600.0
"""Seconds for which the SDK accepts a sealed state (its default)."""
_MARGIN = 120.0  # the SDK allows some clock skew on top of the lifetime

_sealed_state: ContextVar[str | None] = ContextVar("sealed_state", default=None)
_used_before: ContextVar[bool | StoreFailed] = ContextVar("used_before", default=False)


class SpentAnswers:
    """Remembers, in this process, which sealed states were used, for as long as the SDK would accept them."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._spent: dict[str, float] = {}

    def spend(self, sealed: str) -> bool:
        """Use up a sealed state. Returns False when it was used before."""
        now = self._now()
        while self._spent and next(iter(self._spent.values())) < now:
            del self._spent[next(iter(self._spent))]  # insertion order is expiry order
        key = _digest(sealed)
        if key in self._spent:
            return False
        self._spent[key] = now + STATE_LIFETIME + _MARGIN
        return True

    def take_back(self, sealed: str) -> None:
        """Let a sealed state be used after all: nothing came of the call that brought it."""
        self._spent.pop(_digest(sealed), None)

    def __len__(self) -> int:
        return len(self._spent)


async def remember_sealed_state(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware outside the SDK's boundary: keep the state as the client sent it."""
    sealed = (ctx.params or {}).get("requestState")
    token = _sealed_state.set(sealed if isinstance(sealed, str) else None)
    try:
        return await call_next(ctx)
    finally:
        _sealed_state.reset(token)


class SpendAnswers:
    """Middleware inside the SDK's boundary, where the state is known to be genuine.

    Args:
        spent: what was used in this process.
        everywhere: spends it for all replicas; None where there is only this one.
    """

    def __init__(self, spent: SpentAnswers, everywhere: SpendEverywhere | None = None) -> None:
        self._spent = spent
        self._everywhere = everywhere

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Spend the state of a call that brings an answer; the guards read the verdict with `answer_was_used`."""
        # The boundary looks at no other method's state, and only tools ask: elsewhere it may be anybody's invention.
        sealed = _sealed_state.get() if ctx.method == "tools/call" else None
        answered = sealed is not None and bool((ctx.params or {}).get("inputResponses"))
        token = _used_before.set(await self._verdict(ctx, sealed) if answered and sealed is not None else False)
        try:
            return await call_next(ctx)
        finally:
            _used_before.reset(token)

    async def _verdict(self, ctx: ServerRequestContext[Any, Any], sealed: str) -> bool | StoreFailed:
        if not self._spent.spend(sealed):
            return True
        if self._everywhere is None:
            return False
        try:
            return not await self._everywhere(ctx.lifespan_context, _digest(sealed), STATE_LIFETIME + _MARGIN)
        except StoreFailed as failure:
            # The call then does nothing and says "try again". A no is not to be made a yes that way, so it stays used.
            # Should the store have taken it before the connection broke, the next try is told that it was used.
            if _all_agree((ctx.params or {})["inputResponses"]):
                self._spent.take_back(sealed)
            return failure


def _all_agree(responses: Any) -> bool:
    return isinstance(responses, Mapping) and all(
        isinstance(response, Mapping) and response.get("action") == "accept" for response in responses.values()
    )


def answer_was_used() -> bool:
    """Tell whether the call under way brings an answer that an earlier call already used.

    Raises:
        StoreFailed: that could not be told.
    """
    verdict = _used_before.get()
    if isinstance(verdict, StoreFailed):
        raise StoreFailed(
            f"Whether that answer was used already could not be looked up, so nothing was done. {verdict.what}",
            verdict.remedy,
        )
    return verdict


def _digest(sealed: str) -> str:
    return hashlib.sha256(sealed.encode("utf-8", "surrogatepass")).hexdigest()
