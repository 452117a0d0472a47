"""Two calls that would publish the same campaign at the same moment."""

from __future__ import annotations

import anyio
import httpx
import pytest
from mcp_types import CallToolResult

from tests.harness import Sent, connected, open_pairs, text_of

pytestmark = pytest.mark.anyio

CAMPAIGN = {"name": "Twice", "description": "Only once", "ends_at": "2099-01-08"}


async def test_two_identical_calls_at_once_publish_one_campaign(era: str) -> None:
    results: list[CallToolResult] = []
    async with connected(era) as case:
        alerts = open_pairs(case.sandbox)

        async def hold_the_first(sent: Sent) -> httpx.Response | None:
            if sent.method == "POST":  # long enough for the other call to come as far as it can
                await anyio.wait_all_tasks_blocked()
            return None

        async def create() -> None:
            results.append(await case.call("create_campaign", **CAMPAIGN, alerts=alerts))

        case.recorder.hook = hold_the_first
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(create)
                tasks.start_soon(create)
    assert len(case.writes) == 1
    assert sorted(bool(result.is_error) for result in results) == [False, True]
    refusal = next(text_of(result) for result in results if result.is_error)
    assert "with this name and end date is open already" in refusal


async def test_a_call_given_up_while_publishing_neither_repeats_nor_blocks_the_next(era: str) -> None:
    async with connected(era) as case:
        alerts = open_pairs(case.sandbox)
        posted = anyio.Event()

        async def tell(sent: Sent) -> httpx.Response | None:
            if sent.method == "POST":
                posted.set()
                await anyio.lowlevel.checkpoint()
            return None

        async def give_up_when_posted() -> None:
            await posted.wait()
            tasks.cancel_scope.cancel()

        case.recorder.hook = tell
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(give_up_when_posted)
                await case.call("create_campaign", **CAMPAIGN, alerts=alerts)
            case.recorder.hook = None
            refusal = await case.refused("create_campaign", **CAMPAIGN, alerts=alerts)
    assert len(case.writes) == 1
    assert "with this name and end date is open already" in refusal
