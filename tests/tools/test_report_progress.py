"""report_progress: what GitHub says now, and the trend that only this server remembers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.errors import StoreFailed
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SandboxOptions
from server.settings import Settings
from server.store.store import Store
from tests.harness import ORG, Sent, connected, text_of
from tests.tools.expected import NOON, PAGE, assert_text_says_the_same, compact

pytestmark = pytest.mark.anyio

CHARACTERS_A_TOKEN = 2.84  # of o200k, measured over texts like these
NUMBER = 6


class Calendar:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def sandbox(calendar: Calendar) -> Sandbox:
    return create_sandbox(SandboxOptions(clock=calendar))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


def open_ones(sandbox: Sandbox, number: int = NUMBER) -> Iterator[tuple[int, int]]:
    """The campaign's alerts that are still open, one after the other."""
    for key in sandbox.state.campaign(ORG, number).alerts:
        if sandbox.state.alert(*key).state == "open":
            yield key


def close(sandbox: Sandbox, count: int, number: int = NUMBER) -> None:
    for key in list(open_ones(sandbox, number))[:count]:
        sandbox.state.close_alert(*key)


async def test_without_history_the_counts_are_told_and_the_trend_is_said_to_be_unknown(
    era: str, sandbox: Sandbox
) -> None:
    counts = sandbox.state.organization(ORG).stats(sandbox.state.campaign(ORG, NUMBER))
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("report_progress", campaign_number=NUMBER)
    report = result.structured_content or {}
    (campaign,) = report["campaigns"]
    assert (campaign["open_count"], campaign["in_progress_count"], campaign["closed_count"]) == (
        counts.open_count,
        counts.in_progress_count,
        counts.closed_count,
    )
    assert campaign["status"] == "unknown"
    assert "there is no history yet" in campaign["reason"]
    assert campaign["url"] == f"{PAGE}/{NUMBER}"
    assert "forecast" not in campaign
    assert_text_says_the_same(result)
    assert {sent.method for sent in case.sent} == {"GET"}


async def test_weeks_of_readings_give_pace_and_forecast(
    era: str, sandbox: Sandbox, store: Path, calendar: Calendar
) -> None:
    report: dict[str, Any] = {}
    for _ in range(5):
        async with connected(era, sandbox=sandbox, store=store) as case:
            report = await case.done("report_progress", campaign_number=NUMBER)
        calendar.now += timedelta(days=7)
        close(sandbox, 1)
    (campaign,) = report["campaigns"]
    assert campaign["status"] in ("on_track", "at_risk")
    assert campaign["pace_28_days"] == pytest.approx(1 / 7, abs=0.01)
    assert campaign["pace_7_days"] == pytest.approx(1 / 7, abs=0.01)
    assert campaign["forecast"]["earliest"] <= campaign["forecast"]["expected"]
    assert campaign["burndown"][0][0] == 0
    assert campaign["burndown"][-1][1] == campaign["open_count"] + campaign["in_progress_count"]


async def test_reading_a_campaign_in_any_way_is_remembered(
    era: str, sandbox: Sandbox, store: Path, calendar: Calendar
) -> None:
    async with connected(era, sandbox=sandbox, store=store) as case:
        await case.done("get_campaign", campaign_number=NUMBER)
        calendar.now += timedelta(hours=2)
        await case.done("list_campaigns")
        calendar.now += timedelta(hours=2)
        await case.done("update_campaign", campaign_number=NUMBER, name="Other")
        calendar.now += timedelta(minutes=1)
        await case.done("get_campaign", campaign_number=NUMBER)
    kept = await history(sandbox, store)
    assert [reading.at for reading in kept] == [NOON, NOON + timedelta(hours=2), NOON + timedelta(hours=4)]


async def history(sandbox: Sandbox, store: Path) -> list[Any]:
    created_at = sandbox.state.campaign(ORG, NUMBER).created_at
    return list(await Store.from_settings(Settings(store=store)).history(ORG, NUMBER, created_at))


async def test_every_open_campaign_is_reported_worst_first_with_totals(era: str, sandbox: Sandbox) -> None:
    open_numbers = {campaign.number for campaign in sandbox.state.campaigns(ORG) if campaign.state == "open"}
    async with connected(era, sandbox=sandbox) as case:
        report = await case.done("report_progress")
    assert {campaign["campaign_number"] for campaign in report["campaigns"]} == open_numbers
    assert report["campaigns"][0]["status"] == "overdue"
    for count in ("open_count", "in_progress_count", "closed_count"):
        assert report[count] == sum(campaign[count] for campaign in report["campaigns"])
    assert len(compact(report)) <= (400 + 60 * len(open_numbers)) * CHARACTERS_A_TOKEN


async def test_what_changed_since_the_last_report_is_told(
    era: str, sandbox: Sandbox, store: Path, calendar: Calendar
) -> None:
    async with connected(era, sandbox=sandbox, store=store) as case:
        first = await case.done("report_progress", since="last_report")
        calendar.now += timedelta(days=7)
        close(sandbox, 3)
        second = await case.done("report_progress", since="last_report")
    assert "No earlier report is known" in " ".join(first["notes"])
    assert second["since"].startswith(f"{NOON:%Y-%m-%d}")
    assert second["closed_since"] == 3


async def test_a_report_about_one_campaign_does_not_count_as_the_last_report(
    sandbox: Sandbox, store: Path, calendar: Calendar
) -> None:
    async with connected(sandbox=sandbox, store=store) as case:
        await case.done("report_progress")
        calendar.now += timedelta(days=1)
        await case.done("report_progress", campaign_number=NUMBER)
        report = await case.done("report_progress", since="last_report")
    assert report["since"].startswith(f"{NOON:%Y-%m-%d}")


async def test_a_date_is_its_beginning(sandbox: Sandbox, store: Path) -> None:
    async with connected(sandbox=sandbox, store=store) as case:
        report = await case.done("report_progress", since="2026-05-25")
    assert report["since"] == "2026-05-25T00:00:00Z"


async def test_several_allowed_organizations_are_reported_together(era: str, sandbox: Sandbox) -> None:
    async with connected(era, sandbox=sandbox, org=None, allow_orgs=(ORG, "octo-labs")) as case:
        report = await case.done("report_progress")
    assert {campaign["org"] for campaign in report["campaigns"]} == {ORG}
    assert {sent.path for sent in case.sent} >= {f"/orgs/{ORG}/campaigns", "/orgs/octo-labs/campaigns"}


async def test_an_organization_that_cannot_be_read_makes_the_report_partial(sandbox: Sandbox) -> None:
    async with connected(sandbox=sandbox, org=None, allow_orgs=(ORG, "nobody-here")) as case:
        report = await case.done("report_progress")
    assert report["campaigns"]
    assert "nobody-here" in report["partial"][0]


async def test_a_campaign_that_cannot_be_read_is_named_and_the_others_are_told(era: str, sandbox: Sandbox) -> None:
    async def fail(sent: Sent) -> httpx.Response | None:
        return httpx.Response(500) if sent.path.endswith("/campaigns/5") else None

    async with connected(era, sandbox=sandbox, patience=0) as case:
        case.recorder.hook = fail
        report = await case.done("report_progress")
    assert {campaign["campaign_number"] for campaign in report["campaigns"]} == {4, 6}
    assert report["partial"][0].startswith("Campaign octo-org/5 could not be read: ")


async def test_a_store_that_fails_costs_the_trend_and_the_answer_says_so(
    era: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    async with connected(era, sandbox=sandbox, store=tmp_path / "file" / "store.sqlite3") as case:
        report = await case.done("report_progress", campaign_number=NUMBER)
        read = await case.done("get_campaign", campaign_number=NUMBER)
        listed = await case.done("list_campaigns")
        changed = await case.done("update_campaign", campaign_number=NUMBER, name="Other")
    kept = "This reading could not be kept for the trend: "
    assert any(note.startswith(kept) for note in report["notes"])
    assert read["note"].startswith(kept)
    assert kept in listed["note"]
    assert any(note.startswith(kept) for note in changed["notes"])


async def test_a_campaign_that_does_not_exist_is_not_reported(era: str, sandbox: Sandbox) -> None:
    async with connected(era, sandbox=sandbox) as case:
        text = await case.refused("report_progress", campaign_number=99)
    assert text.startswith("There is no campaign octo-org/99.")


async def test_an_unchanged_campaign_costs_a_304(sandbox: Sandbox) -> None:
    statuses: list[int] = []

    async with connected(sandbox=sandbox) as case:
        await case.done("report_progress")
        inner = case.recorder._inner

        class Noting(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                response = await inner.handle_async_request(request)
                statuses.append(response.status_code)
                return response

        case.recorder._inner = Noting()
        await case.done("report_progress")
    assert set(statuses) == {304}


async def test_one_campaign_is_told_in_four_hundred_tokens(sandbox: Sandbox, store: Path, calendar: Calendar) -> None:
    async with connected(sandbox=sandbox, store=store) as case:
        for _ in range(20):
            await case.done("get_campaign", campaign_number=NUMBER)
            calendar.now += timedelta(days=2)
            close(sandbox, 1)
        result = await case.call("report_progress", campaign_number=NUMBER)
    assert len(text_of(result)) <= 400 * CHARACTERS_A_TOKEN


async def test_a_moment_in_the_future_is_refused(era: str, sandbox: Sandbox, store: Path) -> None:
    async with connected(era, sandbox=sandbox, store=store) as case:
        text = await case.refused("report_progress", since="2030-01-01")
        report = await case.done("report_progress", since="last_report")
    assert text == ("`since` 2030-01-01T00:00:00Z lies in the future: by GitHub's clock it is 2026-06-01T12:00:00Z.")
    assert "No earlier report is known" in report["notes"][0]


async def test_a_report_in_which_nothing_could_be_read_is_an_error(era: str, sandbox: Sandbox, store: Path) -> None:
    async def fail(sent: Sent) -> httpx.Response | None:
        return httpx.Response(500) if "/campaigns/" in sent.path else None

    async with connected(era, sandbox=sandbox, store=store, patience=0) as case:
        case.recorder.hook = fail
        text = await case.refused("report_progress")
        case.recorder.hook = None
        report = await case.done("report_progress", since="last_report")
    assert text.startswith(f"No open campaign of {ORG} could be read. Campaign {ORG}/")
    assert "No earlier report is known" in report["notes"][0]


async def test_what_a_partial_report_left_out_is_told_by_the_next(
    sandbox: Sandbox, store: Path, calendar: Calendar
) -> None:
    async def fail(sent: Sent) -> httpx.Response | None:
        return httpx.Response(500) if sent.path.endswith(f"/campaigns/{NUMBER}") else None

    async with connected(sandbox=sandbox, store=store, patience=0) as case:
        await case.done("report_progress")
        calendar.now += timedelta(days=7)
        close(sandbox, 3)
        case.recorder.hook = fail
        partial = await case.done("report_progress", since="last_report")
        case.recorder.hook = None
        calendar.now += timedelta(days=1)
        whole = await case.done("report_progress", since="last_report")
    assert partial["partial"]
    assert whole["since"] == "2026-06-01T12:00:00Z"
    assert whole["closed_since"] == 3


async def test_that_a_report_could_not_be_noted_is_said(
    era: str, sandbox: Sandbox, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise StoreFailed("The store is full.")

    monkeypatch.setattr(Store, "note_report", full)
    async with connected(era, sandbox=sandbox, store=store) as case:
        report = await case.done("report_progress")
        one = await case.done("report_progress", campaign_number=NUMBER)
    assert report["notes"] == [
        "That this was reported could not be kept, so the next report may tell it again: The store is full."
    ]
    assert "notes" not in one


async def test_a_wrong_clock_of_long_ago_does_not_end_what_is_told_since(
    sandbox: Sandbox, store: Path, calendar: Calendar
) -> None:
    await Store.from_settings(Settings(store=store)).note_report(ORG, NOON + timedelta(days=4000))
    async with connected(sandbox=sandbox, store=store) as case:
        first = await case.done("report_progress", since="last_report")
        calendar.now += timedelta(days=1)
        second = await case.done("report_progress", since="last_report")
    assert "No earlier report is known" in first["notes"][0]
    assert second["since"] == "2026-06-01T12:00:00Z"


async def test_the_default_organization_is_meant_when_none_is_named(sandbox: Sandbox) -> None:
    async with connected(sandbox=sandbox, org=ORG, allow_orgs=(ORG, "octo-labs")) as case:
        report = await case.done("report_progress")
        only = [sent.path for sent in case.sent if sent.path.endswith("/campaigns")]
    assert report["campaigns"]
    assert only == [f"/orgs/{ORG}/campaigns"]


async def test_the_only_organization_that_is_allowed_is_meant_when_none_is_named(sandbox: Sandbox) -> None:
    async with connected(sandbox=sandbox, org=None, allow_orgs=(ORG,)) as case:
        assert (await case.done("report_progress"))["campaigns"]
