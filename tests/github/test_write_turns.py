"""Writes leave one after the other, a second apart, in the order in which they came."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import anyio
import httpx
import pytest

from server.errors import RateLimited
from server.github.answers import Receipt
from server.settings import Settings
from tests.github.held import Calling, HeldGitHub
from tests.github.scripted import NOW, ByOrg, Script, Waits, make_client, told

pytestmark = pytest.mark.anyio
blocked = anyio.wait_all_tasks_blocked
CAMPAIGNS = "/orgs/octo-org/campaigns"


class Timed(httpx.AsyncBaseTransport):
    """Answers at once and notes when what came."""

    def __init__(self, waits: Waits, *replies: httpx.Response) -> None:
        self._waits = waits
        self._replies = list(replies)
        self.came: list[tuple[str, float]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.came.append((f"{request.method} {request.url.path}", (self._waits.time - NOW).total_seconds()))
        return self._replies.pop(0) if self._replies else told(200, {})


class StepByStep(Waits):
    """Nobody's sleep ends before the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[anyio.Event] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.ends.append(anyio.Event())
        await self.ends[-1].wait()
        self.time += timedelta(seconds=seconds)


@pytest.mark.parametrize("spacing", [1.0, 0.25])
async def test_writes_are_spaced_in_order_of_arrival(waits: Waits, spacing: float) -> None:
    github = Timed(waits)
    client = make_client(github, waits, write_spacing=spacing)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for number, method in enumerate(("DELETE", "POST", "PATCH", "DELETE")):
                Calling(group, client, method, f"/{number}")
    assert github.came == [
        ("DELETE /0", 0.0),
        ("POST /1", spacing),
        ("PATCH /2", 2 * spacing),
        ("DELETE /3", 3 * spacing),
    ]


async def test_the_first_write_and_one_long_after_wait_for_nothing(waits: Waits) -> None:
    client = make_client(Script(told(200, {}), told(200, {})), waits, write_spacing=1.0)
    await client.request("PATCH", CAMPAIGNS)
    waits.time += timedelta(seconds=1)
    await client.request("PATCH", CAMPAIGNS)
    assert waits.seconds == []


async def test_only_what_is_missing_is_waited(waits: Waits) -> None:
    client = make_client(Script(told(200, {}), told(200, {})), waits, write_spacing=1.0)
    await client.request("PATCH", CAMPAIGNS)
    waits.time += timedelta(seconds=0.75)
    await client.request("PATCH", CAMPAIGNS)
    assert waits.seconds == [0.25]


async def test_a_write_that_is_repeated_keeps_the_pause_too(waits: Waits) -> None:
    github = Timed(waits, told(502))
    await make_client(github, waits, write_spacing=1.0).request("DELETE", CAMPAIGNS)
    assert github.came == [(f"DELETE {CAMPAIGNS}", 0.0), (f"DELETE {CAMPAIGNS}", 1.0)]


async def test_without_spacing_writes_go_at_once(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, write_spacing=0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for number in range(5):
                Calling(group, client, "POST", f"/{number}")
            await blocked()
            assert len(github.under_way) == 5
            for asked in github.under_way:
                asked.end()
    assert waits.seconds == []


async def test_a_slow_write_holds_up_no_other(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, write_spacing=1.0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for number in range(2):
                Calling(group, client, "POST", f"/{number}")
            await blocked()
            assert github.lines == ["POST /0", "POST /1"]
            for asked in github.under_way:
                asked.end()


async def test_reads_and_what_changes_nothing_wait_for_no_write() -> None:
    waits = StepByStep()
    github = Timed(waits)
    client = make_client(github, waits, write_spacing=1.0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for number in range(2):
                Calling(group, client, "PATCH", f"/{number}")
            await blocked()
            await client.request("GET", "/user")
            await client.request("POST", "/app/installations/1/access_tokens", changes_nothing=True)
            assert [line for line, _ in github.came] == [
                "PATCH /0",
                "GET /user",
                "POST /app/installations/1/access_tokens",
            ]
            waits.ends[0].set()


async def test_each_token_has_its_own_turns(waits: Waits) -> None:
    client = make_client(Script(told(200, {}), told(200, {})), waits, credentials=ByOrg(), write_spacing=1.0)
    await client.request("PATCH", CAMPAIGNS, org="octo-org")
    await client.request("PATCH", CAMPAIGNS, org="octo-labs")
    assert waits.seconds == []


async def test_who_gives_up_waiting_has_sent_nothing_and_takes_nobodys_turn() -> None:
    waits = StepByStep()
    github = Timed(waits)
    client = make_client(github, waits, write_spacing=1.0)
    receipts = [Receipt() for _ in range(3)]
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [
                Calling(group, client, "POST", f"/{number}", receipt=receipt) for number, receipt in enumerate(receipts)
            ]
            await blocked()
            calls[1].scope.cancel()
            await blocked()
            assert calls[1].cancelled
            waits.ends[-1].set()
    assert github.came == [("POST /0", 0.0), ("POST /2", 1.0)]
    assert [receipt.sent for receipt in receipts] == [True, False, True]


async def test_a_turn_that_would_come_too_late_is_told_with_its_time() -> None:
    waits = StepByStep()
    github = Timed(waits)
    client = make_client(github, waits, write_spacing=10.0, settings=Settings(patience=25))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            patient = [Calling(group, client, "POST", f"/{number}") for number in range(3)]
            await blocked()
            late = Calling(group, client, "POST", "/late", about='campaign "Stop XSS" of octo-org')
            await blocked()
            assert isinstance(late.error, RateLimited)
            error: RateLimited = late.error
            for _ in range(2):
                waits.ends[-1].set()
                await blocked()
    assert str(error) == (
        'The request for campaign "Stop XSS" of octo-org was not sent: writes leave 10 s apart (--write-spacing), and '
        "its turn would come at 2026-11-20 10:42:30 UTC. Try again then."
    )
    assert (error.until, error.may_have_happened) == (NOW + timedelta(seconds=30), False)
    assert all(call.answered for call in patient)
    assert [line for line, _ in github.came] == ["POST /0", "POST /1", "POST /2"]


async def test_who_stands_behind_one_that_does_not_get_on_is_told_in_the_end() -> None:
    waits = StepByStep()
    github = Timed(waits)
    client = make_client(github, waits, write_spacing=0.01, settings=Settings(patience=0.05))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client, "POST", f"/{number}") for number in range(3)]
            while not calls[2].over:
                await blocked()
            waits.ends[0].set()
    assert isinstance(calls[2].error, RateLimited)
    assert [line for line, _ in github.came] == ["POST /0", "POST /1"]


async def test_a_call_that_is_repeated_waits_no_longer_for_its_turns_in_all(waits: Waits) -> None:
    github = Timed(waits, told(200, {}), told(502))
    client = make_client(github, waits, write_spacing=20.0, settings=Settings(patience=30))
    await client.request("PATCH", CAMPAIGNS)
    with pytest.raises(RateLimited, match="was not sent again: writes leave 20 s apart") as caught:
        await client.request("PATCH", CAMPAIGNS)
    assert caught.value.may_have_happened is True
    assert len(github.came) == 2


async def test_waiting_for_a_turn_costs_no_patience(waits: Waits) -> None:
    github = Timed(waits, told(200, {}), told(429, {}, retry_after="28"))
    client = make_client(github, waits, write_spacing=20.0, settings=Settings(patience=30))
    await client.request("PATCH", CAMPAIGNS)
    await client.request("PATCH", CAMPAIGNS)
    assert [moment for _, moment in github.came] == [0.0, 20.0, 48.0]


async def test_a_limit_that_comes_up_meanwhile_is_waited_out_first() -> None:
    waits = StepByStep()
    github = Timed(waits, told(200, {}), told(429, {}, retry_after="20"))
    client = make_client(github, waits, write_spacing=1.0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for number in range(3):
                Calling(group, client, "POST", f"/{number}")
            await blocked()
            Calling(group, client, "GET", "/limited")
            await blocked()
            assert waits.seconds == [1.0, 20.0]
            waits.ends[0].set()
            await blocked()
            assert [line for line, _ in github.came] == ["POST /0", "GET /limited"]
            waits.ends[1].set()
            await blocked()
            waits.ends[2].set()
    writes = [(line, moment) for line, moment in github.came if line.startswith("POST")]
    assert [line for line, _ in writes] == ["POST /0", "POST /1", "POST /2"]
    assert all(later - earlier >= 1.0 for (_, earlier), (_, later) in pairwise(writes))
