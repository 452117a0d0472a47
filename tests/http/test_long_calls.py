"""Calls that take long: their progress arrives, and giving one up ends its reads."""

from __future__ import annotations

import threading

import anyio
import anyio.to_thread
import httpx
import pytest

from tests.harness import Sent, text_of
from tests.http.service import PATIENCE, client_of, replica

pytestmark = pytest.mark.anyio


async def test_progress_reaches_the_client(era: str) -> None:
    told: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    with replica() as running:
        async with client_of(running.url, era) as client:
            answer = await client.call_tool("find_alerts", {}, progress_callback=note)
    assert not answer.is_error, text_of(answer)
    assert len(told) > 1
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)


async def test_a_call_that_is_given_up_stops_reading(era: str) -> None:
    reached, stopped = threading.Event(), threading.Event()

    async def never_answer(sent: Sent) -> httpx.Response | None:
        reached.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()
        return None

    with replica() as running, anyio.fail_after(PATIENCE):
        running.recorder.hook = never_answer
        async with client_of(running.url, era) as client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "list_campaigns", {})
            assert await anyio.to_thread.run_sync(reached.wait, PATIENCE)
            group.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(stopped.wait, PATIENCE)
        assert len(running.sent) == 1
