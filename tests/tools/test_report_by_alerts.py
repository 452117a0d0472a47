"""report_progress on campaigns that this server published: what became of their alerts, as GitHub lists them now."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.domain.alerts import SEVERITIES
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.sandbox.world import Alert, AlertKey
from tests.harness import ORG, Case, Sent, connected, open_pairs
from tests.tools.expected import NOON, assert_text_says_the_same, shown

pytestmark = pytest.mark.anyio

ALERTS = f"/orgs/{ORG}/code-scanning/alerts"
FIELDS = {"description": "Encode what you print.", "ends_at": "2099-01-08"}
EVERYWHERE = {"severities": ["critical", "high"]}
PAYMENTS = {"template": "cross-site-scripting", "repositories": ["payments-*"]}
CLOSED_LATELY = {"state": "closed", "sort": "updated", "direction": "desc", "per_page": "100", "page": "1"}
STATES = ("open", "fixed", "dismissed")
BY_ALERTS = {"fixed", "dismissed", "reopened", "left_by_severity", "left_fixed_dismissed_by_repository"}
UNTOLD = "Fixed and dismissed alerts and repositories are not told apart. "


class World:
    """The sandbox at a moment that the test sets, and where the server's store is."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.folder = folder
        self.sandbox: Sandbox = create_sandbox(SandboxOptions(clock=lambda: self.now))

    @asynccontextmanager
    async def server(self, era: str = "2026-07-28", store: str = "store", **settings: Any) -> AsyncIterator[Case]:
        place = self.folder / f"{store}.sqlite3"
        async with connected(era, sandbox=self.sandbox, store=place, patience=0, **settings) as case:
            yield case

    def alerts(self, number: int) -> list[Alert]:
        state = self.sandbox.state
        return [state.alert(*key) for key in state.campaign(ORG, number).alerts]

    def close(self, number: int, *outcomes: str) -> list[AlertKey]:
        """Close as many of a campaign's open alerts, from one repository to the next, and return which."""
        found = [alert.key for alert in self.alerts(number) if alert.state == "open"][: len(outcomes)]
        for key, outcome in zip(found, outcomes, strict=True):
            self.sandbox.state.close_alert(*key, "fixed" if outcome == "fixed" else "dismissed")
        return found

    def called(self, repository_id: int) -> str:
        return self.sandbox.state.organization(ORG).repositories[repository_id].name


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def published(case: Case, wanted: dict[str, Any] | None = None, name: str = "Stop XSS", **given: Any) -> int:
    """Publish a campaign, of a filter's alerts or of those that are given, and return its number."""
    asked = {**FIELDS, **given, "name": name}
    if wanted is not None:
        asked = await shown(case, **asked, filter=wanted)
    done = await case.done("create_campaign", **asked)
    case.sent.clear()
    return int(done["campaign"]["number"])


async def one(case: Case, number: int, **asked: Any) -> dict[str, Any]:
    """Return the campaign from a report on it alone."""
    report = await case.done("report_progress", campaign_number=number, **asked)
    [campaign] = report["campaigns"]
    return dict(campaign)


def alert_requests(case: Case) -> list[Sent]:
    return [sent for sent in case.sent if sent.path == ALERTS]


def answering(respond: Callable[[Sent], httpx.Response]) -> Any:
    """Answer for the lists of alerts instead of the sandbox."""

    async def hook(sent: Sent) -> httpx.Response | None:
        return respond(sent) if sent.path == ALERTS else None

    return hook


async def test_fixed_dismissed_repositories_and_severities_are_those_of_the_world(era: str, world: World) -> None:
    async with world.server(era) as case:
        number = await published(case, EVERYWHERE)
        world.now += timedelta(days=2)
        world.close(number, *["fixed"] * 30, *["dismissed"] * 9)
        result = await case.call("report_progress", campaign_number=number)
    [campaign] = (result.structured_content or {})["campaigns"]
    alerts = world.alerts(number)
    assert (campaign["fixed"], campaign["dismissed"]) == (30, 9)
    severities = Counter(alert.rule.security_severity_level or "" for alert in alerts if alert.state == "open")
    assert campaign["left_by_severity"] == severities
    assert list(campaign["left_by_severity"]) == [name for name in SEVERITIES if name in severities]
    found = repositories(world, alerts)
    assert len(found) > 6
    others = [sum(each[place] for each in found[4:]) for place in (1, 2, 3)]
    assert campaign["left_fixed_dismissed_by_repository"] == [*found[:4], [f"{len(found) - 4} more", *others]]
    assert_text_says_the_same(result)


def repositories(world: World, alerts: list[Alert]) -> list[list[Any]]:
    """Count alerts by repository, left, fixed and dismissed, the most left first."""
    counts = Counter[tuple[str, str]]((world.called(alert.repository_id), alert.state) for alert in alerts)
    told = [[name, *(counts[name, state] for state in STATES)] for name in {name for name, _ in counts}]
    return sorted(told, key=lambda each: (-each[1], each[0]))


async def test_the_alerts_that_were_closed_are_asked_for_the_latest_first(era: str, world: World) -> None:
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.close(number, "fixed")
        await one(case, number)
    first, *others = alert_requests(case)
    assert first == Sent("GET", ALERTS, CLOSED_LATELY)
    assert all(sent.query == {**CLOSED_LATELY, "page": sent.query["page"]} for sent in others)


async def test_a_campaign_none_of_whose_alerts_is_closed_asks_for_no_alerts(era: str, world: World) -> None:
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.now += timedelta(days=2)
        campaign = await one(case, number)
    assert case.sent == [Sent("GET", f"/orgs/{ORG}/campaigns/{number}")]
    assert (campaign["fixed"], campaign["dismissed"]) == (0, 0)
    left = sum(left for _, left, _, _ in campaign["left_fixed_dismissed_by_repository"])
    assert left == campaign["open_count"] + campaign["in_progress_count"] == 11


async def test_alerts_that_came_back_are_counted(era: str, world: World) -> None:
    async with world.server(era) as case:
        number = await published(case, EVERYWHERE)
        world.now += timedelta(days=1)
        back = world.close(number, *["fixed"] * 8, *["dismissed"] * 6)[:10]
        before = await one(case, number)
        world.now += timedelta(days=1)
        for key in back:
            world.sandbox.state.reopen_alert(*key)
        after = await one(case, number)
    assert (before["fixed"], before["dismissed"], before["reopened"]) == (8, 6, 0)
    assert (after["fixed"], after["dismissed"], after["reopened"]) == (0, 4, 10)
    assert after["closed_count"] == 4


async def test_the_burndown_tells_the_day_on_which_each_alert_was_closed_though_nobody_looked(
    era: str, world: World
) -> None:
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        for days, outcomes in ((1, ["fixed"]), (2, ["fixed", "dismissed"])):
            world.now += timedelta(days=days)
            world.close(number, *outcomes)
        world.now += timedelta(days=2)
        campaign = await one(case, number)
    # 11 alerts: one was closed on the first day after, two on the third, and then none until the fifth.
    assert campaign["burndown"] == [[0, 11], [1, 10], [2, 10], [3, 8], [5, 8]]
    assert campaign["burndown_from"] == f"{NOON:%Y-%m-%d}"
    assert campaign["pace_7_days"] == 0.6
    assert "pace_28_days" not in campaign


async def test_what_was_closed_since_a_date_is_told_apart_in_words(world: World) -> None:
    async with world.server() as case:
        number = await published(case, PAYMENTS)
        world.now += timedelta(days=1)
        world.close(number, "fixed")
        world.now += timedelta(days=1)
        world.close(number, "fixed", "dismissed")
        report = await case.done("report_progress", campaign_number=number, since="2026-06-03")
    assert "2 alerts closed since 3 June (1 fixed, 1 dismissed)." in report["summary"]
    assert report["campaigns"][0]["closed_since"] == 2


@pytest.mark.parametrize("status", [403, 500])
async def test_alerts_that_cannot_be_listed_cost_only_what_they_would_tell(era: str, world: World, status: int) -> None:
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.now += timedelta(days=4)
        world.close(number, "fixed", "dismissed")
        case.recorder.hook = answering(lambda _: httpx.Response(status, json={"message": "No."}))
        result = await case.call("report_progress", campaign_number=number)
    report = result.structured_content or {}
    [campaign] = report["campaigns"]
    [note] = report["notes"]
    assert note.startswith(UNTOLD)
    assert_text_says_the_same(result)
    assert "partial" not in report
    assert (campaign["closed_count"], campaign["pace_7_days"], campaign["burndown"]) == (2, 0.5, [[0, 11], [4, 9]])
    assert not BY_ALERTS & set(campaign)


async def test_campaigns_of_one_organization_are_told_from_one_reading(era: str, world: World) -> None:
    async with world.server(era) as case:
        first = await published(case, PAYMENTS)
        second = await published(case, {"template": "sql-injection"}, name="Stop SQL injection")
        world.now += timedelta(days=1)
        world.close(first, "fixed", "dismissed")
        world.close(second, "dismissed")
        case.sent.clear()
        report = await case.done("report_progress", since="2026-06-01")
        both = {each["campaign_number"]: each for each in report["campaigns"]}
        pages = [sent.query["page"] for sent in alert_requests(case)]
        one_by_one = [(each["fixed"], each["dismissed"]) for each in [await one(case, first), await one(case, second)]]
    assert {first, second} <= set(both)
    assert (both[first]["closed_since"], both[second]["closed_since"]) == (2, 1)
    assert pages[0] == "1"
    assert set(Counter(pages).values()) == {2}  # the second time to see whether they moved
    assert one_by_one == [(1, 1), (0, 1)]


async def test_what_has_not_changed_costs_only_304s(era: str, world: World) -> None:
    statuses: list[int] = []

    class Noting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await inner.handle_async_request(request)
            statuses.append(response.status_code)
            return response

    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.close(number, "fixed")
        before = await one(case, number)
        inner, case.recorder._inner = case.recorder._inner, Noting()
        assert await one(case, number) == before
        assert statuses == [304]  # the campaign's
        statuses.clear()
        world.now += timedelta(hours=1)  # as one alert may have come back while another was closed
        assert await one(case, number)
        assert set(statuses) == {304}
        assert len(statuses) > 1
        statuses.clear()
        world.close(number, "dismissed")
        assert (await one(case, number))["dismissed"] == 1
        assert 200 in statuses


async def test_repositories_of_alerts_given_by_number_get_their_name_once_something_in_them_is_closed(
    era: str, world: World
) -> None:
    alerts = world.sandbox.state.organization(ORG).alerts
    for key in [key for key, alert in alerts.items() if alert.state != "open"]:
        del alerts[key]  # each of them would tell its repository's name
    pairs = open_pairs(world.sandbox)
    ids = [pair["repository_id"] for pair in pairs]
    async with world.server(era) as case:
        number = await published(case, alerts=pairs)
        untouched = await one(case, number)
        world.now += timedelta(days=1)
        world.close(number, "fixed", "dismissed")
        touched = await one(case, number)
    before, after = (
        {name: numbers for name, *numbers in campaign["left_fixed_dismissed_by_repository"]}
        for campaign in (untouched, touched)
    )
    assert set(before) == {f"repository {each}" for each in ids}
    assert set(after) == {world.called(ids[0]), f"repository {ids[1]}"}
    assert after[world.called(ids[0])][1:] == [1, 1]
    assert "left_by_severity" not in touched


async def test_a_campaign_of_another_day_that_had_the_number_is_not_mixed_up_with_it(era: str, world: World) -> None:
    organization = world.sandbox.state.organization(ORG)
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.close(number, "fixed")
        del organization.campaigns[number]
        organization.last_campaign_number -= 1
        world.now += timedelta(days=1)
        async with world.server(store="elsewhere") as other:
            assert await published(other, EVERYWHERE, name="Another") == number
        world.close(number, "fixed", "fixed")
        campaign = await one(case, number)
    assert campaign["name"] == "Another"
    assert campaign["closed_count"] == 2
    assert not BY_ALERTS & set(campaign)
    assert alert_requests(case) == []


async def test_a_campaign_that_was_published_from_elsewhere_asks_for_no_alerts(era: str, world: World) -> None:
    async with world.server(store="elsewhere") as other:
        number = await published(other, PAYMENTS)
    world.close(number, "fixed", "fixed")
    async with world.server(era) as case:
        campaign = await one(case, number)
    assert campaign["closed_count"] == 2
    assert not BY_ALERTS & set(campaign)
    assert alert_requests(case) == []


async def test_when_the_list_hides_what_github_counts_nothing_is_told_of_the_alerts(era: str, world: World) -> None:
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.now += timedelta(days=4)
        world.close(number, *["fixed"] * 6)
        case.recorder.hook = answering(lambda _: httpx.Response(200, json=[]))
        report = await case.done("report_progress", campaign_number=number)
    [campaign] = report["campaigns"]
    assert_doubted(report, number, counted=6, seen=0)
    assert (campaign["closed_count"], campaign["pace_7_days"], campaign["burndown"]) == (6, 1.5, [[0, 11], [4, 5]])
    assert not BY_ALERTS & set(campaign)


def assert_doubted(report: dict[str, Any], number: int, *, counted: int, seen: int) -> None:
    """The report says how many of 11 alerts GitHub counts as closed, how many are seen to be, and why that may be."""
    [note] = report["notes"]
    assert note.startswith(f"Campaign {number}: GitHub counts {counted} of 11 alerts closed, ")
    assert f" {seen} " in note
    assert note.endswith(" so nothing is told of them: this token may not see every repository.")


async def test_a_repository_that_the_token_cannot_see_makes_the_alerts_doubtful(era: str, world: World) -> None:
    async with world.server(era) as case:
        number = await published(case, PAYMENTS)
        world.now += timedelta(days=4)
        keys = world.close(number, *["fixed"] * 11)
        hidden = keys[0].repository_id
        seen = sum(key.repository_id != hidden for key in keys)
        case.recorder.hook = without(world, hidden)
        report = await case.done("report_progress", campaign_number=number)
    assert 0 < seen < 10
    assert_doubted(report, number, counted=11, seen=seen)
    assert report["campaigns"][0]["status"] == "done"
    assert not BY_ALERTS & set(report["campaigns"][0])


def without(world: World, repository_id: int) -> Any:
    """Answer as the sandbox does, without the alerts of a repository."""

    async def hook(sent: Sent) -> httpx.Response | None:
        if sent.path != ALERTS:
            return None
        inner = httpx.ASGITransport(app=world.sandbox)
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with httpx.AsyncClient(transport=inner, base_url="https://api.github.com", headers=headers) as client:
            alerts = (await client.get(sent.path, params=dict(sent.query))).json()
        return httpx.Response(200, json=[alert for alert in alerts if alert["repository"]["id"] != repository_id])

    return hook


async def test_an_alert_that_is_closed_between_two_readings_is_no_reason_for_doubt(world: World) -> None:
    async with world.server() as case:
        number = await published(case, PAYMENTS)
        world.now += timedelta(days=1)
        world.close(number, "fixed")

        async def meanwhile(sent: Sent) -> None:
            if sent.path == ALERTS and len(alert_requests(case)) == 1:
                world.close(number, "dismissed")

        case.recorder.hook = meanwhile
        report = await case.done("report_progress", campaign_number=number)
    [campaign] = report["campaigns"]
    assert (campaign["closed_count"], campaign["fixed"], campaign["dismissed"]) == (1, 1, 1)
    assert "notes" not in report
