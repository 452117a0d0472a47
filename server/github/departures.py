"""When a request leaves, and which of them is shared: everything that one call has to wait for because of others."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from functools import partial

import httpx
from opentelemetry import trace

from server.call_context import note_write
from server.github.answers import Exchange
from server.github.budget import Budget
from server.github.clock import Clock
from server.github.credentials import Token
from server.github.etags import EtagCache, Stored
from server.github.limits_under_way import LimitsUnderWay
from server.github.retries import Call
from server.github.shared_reads import SharedReads
from server.github.write_turns import WriteTurns
from server.settings import Settings

Send = Callable[[Call, Token, Stored | None], Awaitable[httpx.Response]]


class Departures:
    """Lets the requests of all calls leave in their turn.

    Args:
        settings: what the operator configured.
        clock: GitHub's time.
        send: sends a request, conditional on what was stored.
        limit: returns how long a request may take, in seconds.
        sleep: how to wait, in seconds.
        ticks: monotonic seconds.

    Attributes:
        limits: the rate limits that are being waited out.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        send: Send,
        limit: Callable[[Call], float],
        sleep: Callable[[float], Awaitable[None]],
        ticks: Callable[[], float],
    ) -> None:
        self.limits = LimitsUnderWay(clock, settings.patience)
        self._budget = Budget(clock, settings.write_reserve, settings.patience, sleep)
        self._turns = WriteTurns(clock, settings.spacing, settings.patience, sleep, ticks)
        self._shared = SharedReads[Exchange]()
        self._send = send
        self._limit = limit

    async def exchange(self, call: Call, token: Token, key: Hashable, cache: EtagCache) -> Exchange:
        """Send a request when it is its turn, or wait for the same one that is under way.

        Args:
            call: what is sent.
            token: what it is sent with.
            key: what identical reads have in common; with None nothing is shared and nothing conditional.
            cache: where what the request is conditional on is found under `key`.

        Raises:
            RateLimited: that would take longer than the call can be kept waiting; nothing was sent.
        """
        return await (self._read(call, token, key, cache) if call.reads else self._write(call, token))

    async def _write(self, call: Call, token: Token) -> Exchange:
        await self._turns.turn(call, token, self.limits.over)
        note_write()
        try:
            return await self._sent(call, token, None)
        finally:
            self._shared.end_joining()

    async def _read(self, call: Call, token: Token, key: Hashable, cache: EtagCache) -> Exchange:
        while True:
            await self.limits.over(call, token)
            stored = None if key is None else cache.get(key)
            shared = (key, stored and stored.etag)
            if key is not None and shared in self._shared:
                exchange = await self._joined(call, stored, shared)
                if exchange is not None:
                    return exchange
            elif not await self._budget.waited(call, token):
                # Nothing was waited for since the look above, so no other has begun meanwhile.
                send = partial(self._sent, call, token, stored)
                return await (send() if key is None else self._shared.lead(shared, send))

    async def _joined(self, call: Call, stored: Stored | None, shared: Hashable) -> Exchange | None:
        began = time.monotonic()
        trace.get_current_span().add_event("joined a request under way")  # the span of which belongs to another call
        try:
            return await self._shared.joined(shared, self._limit(call))
        except TimeoutError as late:
            return Exchange(stored, late)
        finally:
            call.spent += time.monotonic() - began

    async def _sent(self, call: Call, token: Token, stored: Stored | None) -> Exchange:
        with self._budget.under_way(token):
            try:
                response = await self._send(call, token, stored)
            except (httpx.RequestError, OSError) as problem:
                return Exchange(stored, problem)
            self._budget.note(token, response.headers)
        return Exchange(stored, response)
