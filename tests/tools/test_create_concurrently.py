"""Two calls that would publish the same campaign at the same moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest
from mcp_types import CallToolResult

from server.settings import Settings
from server.store.store import Store
from tests.harness import ORG, Sent, connected, open_pairs, text_of
from tests.tools.audited import kept as audited

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


async def test_of_two_replicas_asked_for_the_same_campaign_one_publishes_it(era: str, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite3"
    async with (
        connected(era, store=store, audit="required") as first,
        connected(era, sandbox=first.sandbox, store=store, audit="required") as second,
    ):
        call = {**CAMPAIGN, "alerts": open_pairs(first.sandbox)}
        reached, go_on = anyio.Event(), anyio.Event()

        async def hold(sent: Sent) -> httpx.Response | None:
            if sent.method == "POST":
                reached.set()
                await go_on.wait()
            return None

        first.recorder.hook = hold
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(first.done, "create_campaign", **call))
                await reached.wait()
                refusal = await second.refused("create_campaign", **call)
                go_on.set()
    assert (len(first.writes), len(second.writes)) == (1, 0)
    assert "Another call began to publish a campaign with this name and end date at " in refusal
    assert "This call published nothing. Look with list_campaigns" in refusal
    assert sorted(record.outcome for record in await audited(store)) == ["done", "refused"]


async def test_a_call_given_up_before_it_sent_anything_does_not_block_the_next(era: str, tmp_path: Path) -> None:
    async with connected(era, store=tmp_path / "store.sqlite3", write_spacing=5.0) as case:
        alerts = open_pairs(case.sandbox)
        await case.done("update_campaign", campaign_number=6, name="New name")
        # The next write has to wait for its turn.
        store = Store.from_settings(Settings(store=tmp_path / "store.sqlite3"))
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(case.call, "create_campaign", **CAMPAIGN, alerts=alerts))
                while not await store.unsettled(ORG, datetime.now(UTC) + timedelta(minutes=3)):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
        await store.aclose()
        assert len(case.writes) == 1
    async with connected(era, sandbox=case.sandbox, store=tmp_path / "store.sqlite3") as case:
        await case.done("create_campaign", **CAMPAIGN, alerts=alerts)
