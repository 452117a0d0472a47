"""Many callers share one rate limit: what that means to those who call tools."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest

from server.sandbox.options import SandboxOptions
from tests.harness import ORG, Case, Sent, connected, text_of
from tests.tools.audited import kept
from tests.tools.expected import frozen

pytestmark = pytest.mark.anyio
blocked = anyio.wait_all_tasks_blocked


class Gate:
    """Holds requests with one method until it is opened."""

    def __init__(self, method: str = "GET") -> None:
        self.method = method
        self.open = anyio.Event()

    async def __call__(self, sent: Sent) -> httpx.Response | None:
        if sent.method == self.method:
            await self.open.wait()
        return None


async def use_up(case: Case) -> str:
    """Read until that is refused; return the refusal."""
    for page in range(1, 100):  # what is asked again and is unchanged costs nothing
        result = await case.call("list_campaigns", page=page)
        if result.is_error:
            return text_of(result)
    raise AssertionError("no end")


async def test_callers_who_ask_the_same_at_the_same_moment_cost_one_request(era: str) -> None:
    gate = Gate()
    answers: list[str] = []

    async with connected(era, sandbox=frozen()) as case:
        case.recorder.hook = gate

        async def ask() -> None:
            answers.append(text_of(await case.call("list_campaigns")))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(ask)
                await blocked()
                gate.open.set()
    assert len(case.sent) == 1
    assert len(answers) == 5
    assert len(set(answers)) == 1


async def test_when_reads_have_used_their_part_a_write_still_goes_through(era: str) -> None:
    async with connected(era, sandbox=frozen(rate_limit=40), confirm="never") as case:
        refusal = await use_up(case)
        spent = len(case.sent)
        await case.done("update_campaign", campaign_number=5, name="Renamed")
    assert spent == 40 - 8
    assert refusal == (
        "The request for the campaigns of octo-org was not sent, to spare the rate limit: 8 requests are left until it "
        "is reset at 2026-06-01 13:00:00 UTC. They are kept for writes. Try again then."
    )
    assert [sent.method for sent in case.sent[spent:]][-1] == "PATCH"
    assert case.sandbox.state.campaign(ORG, 5).name == "Renamed"


async def test_a_tool_that_only_reads_never_uses_what_is_kept(era: str) -> None:
    async with connected(era, sandbox=frozen(rate_limit=40)) as case:
        await use_up(case)
        spent = len(case.sent)
        for tool, arguments in (
            ("list_campaigns", {"state": "closed"}),
            ("get_campaign", {"campaign_number": 5}),
            ("find_alerts", {}),
            ("report_progress", {}),
        ):
            assert "to spare the rate limit" in await case.refused(tool, **arguments)
    assert len(case.sent) == spent


async def test_a_caller_sees_their_own_write_though_an_older_read_is_under_way(era: str) -> None:
    gate = Gate()
    async with connected(era, confirm="never", options=SandboxOptions()) as case:

        async def hold_lists(sent: Sent) -> httpx.Response | None:
            inner = case.recorder._inner
            if sent.method != "GET" or sent.path != f"/orgs/{ORG}/campaigns" or gate.open.is_set():
                return None
            request = httpx.Request("GET", f"https://api.github.com{sent.path}", params=dict(sent.query))
            request.headers["authorization"] = f"Bearer {'sandbox-token-admin'}"
            answer = await inner.handle_async_request(request)
            content = await answer.aread()
            await gate.open.wait()
            return httpx.Response(answer.status_code, content=content, headers={"content-type": "application/json"})

        case.recorder.hook = hold_lists
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(case.call, "list_campaigns")
                await blocked()
                case.recorder.hook = None
                await case.done("update_campaign", campaign_number=5, name="Renamed")
                mine = await case.done("list_campaigns")
                gate.open.set()
    assert "Renamed" in [campaign["name"] for campaign in mine["campaigns"]]


async def test_a_call_given_up_while_it_waits_for_its_turn_to_write_is_recorded_as_not_sent(
    era: str, tmp_path: Path
) -> None:
    path = tmp_path / "store.sqlite3"
    async with connected(era, confirm="never", store=path, write_spacing=60.0, patience=90.0) as case:
        await case.done("update_campaign", campaign_number=5, name="Renamed")
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: case.call("update_campaign", campaign_number=4, name="Never"))
                while len(await kept(path)) < 2:  # its record is there before it waits
                    await anyio.lowlevel.checkpoint()
                await blocked()
                group.cancel_scope.cancel()
        await case.done("list_campaigns")  # the store takes turns, so the ending is written when this is answered
        await blocked()
        assert [sent.method for sent in case.writes] == ["PATCH"]
    second = next(record for record in await kept(path) if record.campaign_number == 4)
    assert (second.outcome, second.status) == ("failed", None)
    assert (second.why or "").startswith("The call ended before anything was sent")


async def test_a_write_whose_turn_comes_too_late_is_told_so_and_was_not_made(era: str) -> None:
    async with connected(era, confirm="never", write_spacing=60.0) as case:
        await case.done("update_campaign", campaign_number=5, name="Renamed")
        text = await case.refused("update_campaign", campaign_number=4, name="Never")
    assert text.startswith(
        "The request for campaign octo-org/4 was not sent: writes leave 60 s apart (--write-spacing), and its turn "
        "would come at "
    )
    assert text.endswith("Campaign 4 was not changed.")
    assert [sent.path for sent in case.writes] == [f"/orgs/{ORG}/campaigns/5"]
