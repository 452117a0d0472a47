"""What a look at earlier writes costs, and what is in its way and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.domain.audit import AuditRecord
from tests.guards.scenarios import CLOSED_NUMBER, NUMBER
from tests.harness import ORG, Hook, Sent, connected
from tests.tools.audited import Later, kept, lost
from tests.tools.expected import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


@pytest.mark.parametrize("status", [403, 422, 500])
async def test_a_campaign_that_cannot_be_read_is_not_in_the_way_of_others(era: str, path: Path, status: int) -> None:
    world = Later()
    ill, well = (
        AuditRecord(ORG, "delete_campaign", NOON, campaign_number=number) for number in (NUMBER, CLOSED_NUMBER)
    )
    await lost(path, ill, well)
    world.pass_time(minutes=3)
    async with connected(era, sandbox=world.sandbox, store=path, patience=0.0) as case:
        case.recorder.hook = answering_about(NUMBER, status)
        await case.done("list_campaigns")
    assert {record.campaign_number: record.outcome for record in await kept(path)} == {
        NUMBER: "intended",
        CLOSED_NUMBER: "failed",
    }


async def test_a_rate_limit_ends_the_look(path: Path) -> None:
    world = Later()
    await lost(path, *(AuditRecord(ORG, "delete_campaign", NOON, campaign_number=number) for number in range(1, 7)))
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path, patience=0.0) as case:
        case.recorder.hook = answering_about(None, 429)
        await case.done("list_campaigns")
        assert len([sent for sent in case.sent if sent.path != f"/orgs/{ORG}/campaigns"]) == 1


async def test_github_that_does_not_answer_is_asked_about_two_campaigns_at_most(path: Path) -> None:
    world = Later()
    await lost(path, *(AuditRecord(ORG, "delete_campaign", NOON, campaign_number=number) for number in range(1, 7)))
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path, patience=0.0) as case:
        case.recorder.hook = answering_about(None, 502)
        await case.done("list_campaigns")
        assert len({sent.path for sent in case.sent if sent.path != f"/orgs/{ORG}/campaigns"}) == 2


def answering_about(number: int | None, status: int) -> Hook:
    """Make GitHub answer with `status` when asked for a campaign, or for any."""

    async def answer(sent: Sent) -> httpx.Response | None:
        about = sent.path.removeprefix(f"/orgs/{ORG}/campaigns")
        asked = about == f"/{number}" or (number is None and about != "")
        return httpx.Response(status, json={"message": "no"}) if asked else None

    return answer


async def test_one_list_settles_a_few_and_says_so_in_a_sentence(era: str, path: Path) -> None:
    world = Later()
    many = [AuditRecord(ORG, "delete_campaign", NOON, campaign_number=100 + number) for number in range(60)]
    await lost(path, *many)
    world.pass_time(minutes=3)
    async with connected(era, sandbox=world.sandbox, store=path) as case:
        listed = await case.done("list_campaigns")
        assert [sent.path for sent in case.sent] == [f"/orgs/{ORG}/campaigns"] * 2
    assert "What became of 8 earlier calls was looked up; `security-campaigns-mcp audit` tells." in listed["note"]
    assert "of which nobody knew" not in listed["note"]
    assert [record.outcome for record in await kept(path)].count("done") == 8


async def test_where_a_list_is_too_long_each_campaign_is_asked_for_and_few_at_once(path: Path) -> None:
    world = Later()
    for number in range(200, 302):
        world.sandbox.state.organization(ORG).campaigns[number] = replace(
            world.sandbox.state.campaign(ORG, NUMBER), number=number, created_at=NOON - timedelta(days=1)
        )
    await lost(path, *(AuditRecord(ORG, "delete_campaign", NOON, campaign_number=number) for number in range(60, 90)))
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
        asked = {sent.path for sent in case.sent} - {f"/orgs/{ORG}/campaigns"}
        assert len(asked) == 8
    assert [record.outcome for record in await kept(path)].count("done") == 8


async def test_several_writes_to_one_campaign_are_settled_by_one_look(path: Path) -> None:
    world = Later()
    changes: list[dict[str, Any]] = [{"name": "New"}, {"description": "New."}, {"managers": ["mona-lisa"]}]
    await lost(
        path,
        *(AuditRecord(ORG, "update_campaign", NOON, campaign_number=NUMBER, change=change) for change in changes),
    )
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
        listed = f"/orgs/{ORG}/campaigns"
        assert [sent.path for sent in case.sent] == [listed, listed, f"{listed}/{NUMBER}"]
    assert {record.outcome for record in await kept(path)} <= {"done", "failed", "unknown"}
