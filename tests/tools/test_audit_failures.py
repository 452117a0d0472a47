"""What GitHub refuses, does not answer clearly, or answers to nobody, is recorded as that."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import httpx
import pytest

from server.sandbox.options import ADMIN_TOKEN
from tests.guards.scenarios import (
    CLOSE,
    OPEN_ISSUES,
    GuardedCall,
    agreeing,
    serving,
)
from tests.harness import Sent, connected
from tests.tools.audited import confirmation_of, failing, lose, the_one

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


@pytest.mark.parametrize("status", [403, 404, 422])
async def test_what_github_refuses_is_recorded_as_failed(
    era: str, path: Path, guarded: GuardedCall, status: int
) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path) as case:
        case.recorder.hook = failing(status)
        await guarded.call(case)
        assert len(case.writes) == 1
    record = await the_one(path)
    assert (record.outcome, record.status, record.request_id) == ("failed", status, "AB12:3CD4:5")
    assert record.why
    assert record.confirmation == confirmation_of(guarded)


async def test_what_github_does_not_answer_clearly_is_recorded_as_unknown(
    era: str, path: Path, guarded: GuardedCall
) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path, patience=0.0) as case:
        case.recorder.hook = failing(503)
        await guarded.call(case)
    record = await the_one(path)
    assert (record.outcome, record.status, record.request_id) == ("unknown", 503, "AB12:3CD4:5")
    assert "not known whether" in (record.why or "")


async def test_a_lost_answer_is_recorded_as_unknown(era: str, path: Path, guarded: GuardedCall) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path, patience=0.0) as case:
        case.recorder.hook = lose
        await guarded.call(case)
    record = await the_one(path)
    assert (record.outcome, record.status, record.request_id) == ("unknown", None, None)


async def test_a_write_that_failed_before_it_was_sent_is_recorded_as_failed(era: str, path: Path) -> None:
    async def down(sent: Sent) -> httpx.Response:
        return httpx.Response(503)

    async with serving(era, person=(person := agreeing(CLOSE)), store=path, patience=0.0) as case:

        def go_down() -> None:
            case.recorder.hook = down

        person.meanwhile = go_down
        await CLOSE.refused(case)
    record = await the_one(path)
    assert (record.outcome, record.status) == ("failed", 503)


async def test_a_creation_whose_answer_was_lost_and_that_was_found_is_recorded_as_done(path: Path) -> None:
    async with connected(store=path, patience=0.0) as case:

        async def make_and_lose(sent: Sent) -> httpx.Response | None:
            if sent.method != "POST":
                return None
            case.recorder.hook = None
            inner = httpx.AsyncClient(transport=httpx.ASGITransport(case.sandbox), base_url="https://api.github.com")
            async with inner as client:
                await client.post(sent.path, json=sent.body, headers={"authorization": f"Bearer {ADMIN_TOKEN}"})
            return httpx.Response(502, headers={"x-github-request-id": "AB12:3CD4:5"})

        case.recorder.hook = make_and_lose
        given = {**OPEN_ISSUES.arguments_in(case.sandbox), "generate_issues": False}
        await case.done("create_campaign", **given)
    record = await the_one(path)
    assert (record.outcome, record.campaign_number) == ("done", 7)
    assert (record.status, record.request_id) == (502, "AB12:3CD4:5")
    assert "found by looking" in (record.why or "")


async def test_a_call_given_up_while_the_write_is_under_way_is_recorded(
    era: str, path: Path, tmp_path: Path, guarded: GuardedCall
) -> None:
    async with serving(era, person=agreeing(guarded), store=path, audit_log=tmp_path / "log") as case:
        arrived = anyio.Event()

        async def hold(sent: Sent) -> None:
            if sent.method != "GET":
                arrived.set()
                await anyio.wait_all_tasks_blocked()

        async def give_up() -> None:
            await arrived.wait()
            tasks.cancel_scope.cancel()

        case.recorder.hook = hold
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(give_up)
            await guarded.call(case)
        case.recorder.hook = None
        await case.done("list_campaigns")  # the store takes turns, so the ending is written when this is answered
        await anyio.wait_all_tasks_blocked()
    record = await the_one(path)
    assert record.outcome == "done"
    assert json.loads((tmp_path / "log").read_text())["outcome"] == "done"


async def test_a_call_given_up_between_two_tries_is_recorded_as_unknown(era: str, path: Path) -> None:
    async with connected(era, confirm="never", store=path) as case:
        tried = anyio.Event()

        async def put_off(sent: Sent) -> httpx.Response | None:
            if sent.method == "GET":
                return None
            tried.set()
            return httpx.Response(503, headers={"retry-after": "20"})

        async def give_up() -> None:
            await tried.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()

        case.recorder.hook = put_off
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(give_up)
            await case.call("update_campaign", campaign_number=5, name="Renamed")
        await case.done("list_campaigns")  # the store takes turns, so the ending is written when this is answered
        await anyio.wait_all_tasks_blocked()
    record = await the_one(path)
    assert record.outcome == "unknown"
    assert (record.why or "").startswith("The call ended before it was known what came of it")
