"""One answer is good for one execution.

The SDK seals the state of a question (2026-07-28 protocol) but accepts the same state and answer again until it
expires. So a state that comes back with an answer is spent: whoever brings it a second time, even at the same moment,
is told so. What is spent is the sealed text, which is unique and only counts after the SDK has verified it; hence two
middlewares, one on each side of the SDK's boundary.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

STATE_LIFETIME = 600.0
"""Seconds for which the SDK accepts a sealed state (its default)."""
_MARGIN = 120.0  # the SDK allows some clock skew on top of the lifetime

_sealed_state: ContextVar[str | None] = ContextVar("sealed_state", default=None)
_used_before: ContextVar[bool] = ContextVar("used_before", default=False)


class SpentAnswers:
    """Remembers, in this process, which sealed states were used, for as long as the SDK would accept them."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._spent: dict[bytes, float] = {}

    def spend(self, sealed: str) -> bool:
        """Use up a sealed state. Returns False when it was used before."""
        now = self._now()
        while self._spent and next(iter(self._spent.values())) < now:
            del self._spent[next(iter(self._spent))]  # insertion order is expiry order
        key = hashlib.sha256(sealed.encode("utf-8", "surrogatepass")).digest()
        if key in self._spent:
            return False
        self._spent[key] = now + STATE_LIFETIME + _MARGIN
        return True

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
    """Middleware inside the SDK's boundary, where the state is known to be genuine."""

    def __init__(self, spent: SpentAnswers) -> None:
        self._spent = spent

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Spend the state of a call that brings an answer; the guards read the verdict with `answer_was_used`."""
        sealed = _sealed_state.get()
        answered = sealed is not None and bool((ctx.params or {}).get("inputResponses"))
        token = _used_before.set(answered and sealed is not None and not self._spent.spend(sealed))
        try:
            return await call_next(ctx)
        finally:
            _used_before.reset(token)


def answer_was_used() -> bool:
    """Tell whether the call under way brings an answer that an earlier call already used."""
    return _used_before.get()
