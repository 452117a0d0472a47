"""Reading the alerts that were closed since a moment: the ones that changed last first, until nothing changed later."""

from __future__ import annotations

from typing import Any, Literal

import httpx
import pytest

from server.domain.alerts import ClosedAlert
from server.errors import GitHubError, PermissionMissing, UnexpectedAnswer
from server.github.closed_alerts import MOST_PAGES, ClosedQuery
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import FINE_GRAINED_TOKEN, NO_SCOPE_TOKEN, SandboxOptions
from tests.github.paged import (
    CODE,
    SECRET_ALERTS,
    Asked,
    Item,
    Paged,
    born,
    code_item,
    make_alerts,
    seconds,
    secret_item,
)
from tests.github.scripted import Waits, told
from tests.github.test_with_sandbox import opened

pytestmark = pytest.mark.anyio
ASKED = {"state": "closed", "sort": "updated", "direction": "desc", "per_page": "100"}


def fixed(number: int, **changes: Any) -> Item:
    """A fixed alert: the higher its number, the later it was closed."""
    return code_item(number, state="fixed", fixed_at=born(number), updated_at=born(number), **changes)


def fixed_ones(count: int) -> list[Item]:
    return [fixed(number) for number in range(1, count + 1)]


def since(number: int, **changes: Any) -> ClosedQuery:
    return ClosedQuery("octo-org", "code", seconds(number), **changes)


async def read(transport: Paged, waits: Waits, query: ClosedQuery, at_once: int = 4) -> set[tuple[int, int]]:
    return set((await make_alerts(transport, waits, at_once=at_once).closed_since(query)).alerts)


async def test_fixed_and_dismissed_alerts_come_with_their_time(waits: Waits) -> None:
    dismissed = code_item(2, repository=8, state="dismissed", dismissed_at=born(5), updated_at=born(6))
    transport = Paged([fixed(1), dismissed])
    found = (await make_alerts(transport, waits).closed_since(since(0))).alerts
    assert found == {
        (7, 1): ClosedAlert(7, 1, "repo-7", "fixed", seconds(1), seconds(1)),
        (8, 2): ClosedAlert(8, 2, "repo-8", "dismissed", seconds(5), seconds(6)),
    }
    assert [(asked.path, asked.query) for asked in transport.asked] == [(CODE, {**ASKED, "page": "1"})]


async def test_an_alert_that_is_open_after_all_or_names_no_repository_is_left_out(waits: Waits) -> None:
    nowhere = {name: value for name, value in fixed(3).items() if name != "repository"}
    transport = Paged([fixed(1), fixed(2) | {"state": "open"}, nowhere, fixed(4) | {"number": None}])
    assert await read(transport, waits, since(0)) == {(7, 1)}


async def test_pages_are_read_until_one_on_which_nothing_changed_since(waits: Waits) -> None:
    transport = Paged(fixed_ones(1_000))
    reading = await make_alerts(transport, waits, at_once=2).closed_since(since(750))
    assert {number for _, number in reading.alerts} >= set(range(750, 1_001))
    assert reading.since == seconds(750)
    # The fourth is the first without any, and two are read at once; the second time is to see whether they moved.
    assert sorted(transport.pages) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert transport.statuses == [200] * 5 + [304] * 5


async def test_all_pages_are_read_where_everything_changed_since(waits: Waits) -> None:
    transport = Paged(fixed_ones(650))
    assert len(await read(transport, waits, since(0))) == 650
    assert sorted(set(transport.pages)) == [1, 2, 3, 4, 5, 6, 7]
    assert transport.most_under_way <= 4


async def test_an_alert_without_the_time_of_its_last_change_ends_no_reading(waits: Waits) -> None:
    listed = fixed_ones(450)
    listed[349]["updated_at"] = None  # served among the oldest, with what is around it
    transport = Paged(listed)
    transport.lists[CODE] = listed
    for item in listed:
        item["created_at"] = born(item["number"])

    async def by_creation(asked: Asked) -> httpx.Response | None:
        asked.query["sort"] = "created"
        return None

    transport.before = by_creation
    assert (7, 250) in await read(transport, waits, since(440), at_once=1)
    assert transport.pages == [1, 2, 3] * 2


async def test_a_second_reading_costs_nothing(waits: Waits) -> None:
    transport = Paged(fixed_ones(250))
    alerts = make_alerts(transport, waits)
    first = await alerts.closed_since(since(0))
    transport.forget()
    assert await alerts.closed_since(since(0)) == first
    assert transport.statuses == [304] * 6


@pytest.mark.parametrize(
    "happens", ["one of the first page opens again", "one of the second page opens again", "one is touched"]
)
async def test_an_alert_that_moves_to_a_page_that_was_read_is_found(waits: Waits, happens: str) -> None:
    transport = Paged(fixed_ones(450))

    async def move(asked: Asked) -> httpx.Response | None:
        if asked.page == 3 and len(transport.asked) == 3:
            if happens == "one is touched":
                transport.lists[CODE][99]["updated_at"] = born(1_000)
            else:
                transport.close(440 if "first" in happens else 320)
        return None

    transport.before = move
    found = {number for _, number in await read(transport, waits, since(0), at_once=1)}
    gone = {"one of the first page opens again": {440}, "one of the second page opens again": {320}}.get(happens, set())
    assert found == set(range(1, 451)) - gone


async def test_an_alert_closed_behind_a_full_last_page_is_found_though_a_304_tells_no_link(waits: Waits) -> None:
    transport = Paged(fixed_ones(200))
    alerts = make_alerts(transport, waits)
    await alerts.closed_since(since(0))
    transport.lists[CODE].append(fixed(300, repository=9) | {"updated_at": born(0)})  # on a page that was not there
    assert (9, 300) in (await alerts.closed_since(since(-1))).alerts


async def test_cursors_are_followed(waits: Waits) -> None:
    transport = Paged(fixed_ones(350))
    transport.cursors = True
    assert {number for _, number in await read(transport, waits, since(201))} == set(range(51, 351))
    assert [asked.query.get("after") for asked in transport.asked] == [None, "100", "200"] * 2


@pytest.mark.parametrize("cursors", [False, True])
async def test_of_too_many_the_latest_are_read_and_it_is_told_how_far_they_reach(waits: Waits, cursors: bool) -> None:
    transport = Paged(fixed_ones(MOST_PAGES * 100 + 50))
    transport.cursors = cursors
    reading = await make_alerts(transport, waits).closed_since(since(0))
    assert len(reading.alerts) == MOST_PAGES * 100
    assert reading.since == seconds(51)
    assert len(transport.asked) == MOST_PAGES


async def test_a_page_that_fails_leaves_nothing_half_read(waits: Waits) -> None:
    async def deny(asked: Asked) -> httpx.Response | None:
        return told(403, {"message": "Resource not accessible by personal access token"}) if asked.page == 3 else None

    transport = Paged(fixed_ones(500))
    transport.before = deny
    with pytest.raises(PermissionMissing):
        await make_alerts(transport, waits).closed_since(since(0))


async def test_a_low_rate_limit_is_spared(waits: Waits) -> None:
    transport = Paged(fixed_ones(500))
    transport.headers = {"x-ratelimit-remaining": "200"}
    with pytest.raises(GitHubError, match="to spare the rate limit"):
        await make_alerts(transport, waits).closed_since(since(0))
    assert transport.pages == [1]


async def test_something_else_than_a_list_is_an_error(waits: Waits) -> None:
    transport = Paged()
    transport.others[CODE] = told(200, {"message": "hello"})
    with pytest.raises(UnexpectedAnswer, match="something other than a list"):
        await make_alerts(transport, waits).closed_since(since(0))


@pytest.mark.parametrize(
    ("resolution", "outcome"),
    [("revoked", "fixed"), ("false_positive", "dismissed"), ("wont_fix", "dismissed"), ("used_in_tests", "dismissed")],
)
async def test_a_revoked_secret_is_fixed_and_every_other_resolution_dismissed(
    waits: Waits, resolution: str, outcome: Literal["fixed", "dismissed"]
) -> None:
    transport = Paged()
    item = secret_item(4, state="resolved", resolution=resolution, resolved_at=born(9), updated_at=born(9))
    transport.lists[SECRET_ALERTS] = [item]
    query = ClosedQuery("octo-org", "secret", seconds(0), {"password", "adafruit_io_key"})
    found = (await make_alerts(transport, waits).closed_since(query)).alerts
    assert found == {(7, 4): ClosedAlert(7, 4, "repo-7", outcome, seconds(9), seconds(9))}
    (asked,) = transport.asked
    assert asked.query == {
        **ASKED,
        "state": "resolved",
        "hide_secret": "true",
        "secret_type": "adafruit_io_key,password",
        "page": "1",
    }


@pytest.mark.parametrize("links", ["numbered", "cursors"])
async def test_the_embedded_github_tells_what_was_closed_since(waits: Waits, links: Any) -> None:
    sandbox = create_sandbox(SandboxOptions(alerts=1_250, alert_links=links))
    moment = sandbox.state.now().timestamp()
    chosen = [alert.key for alert in sandbox.state.alerts("octo-org") if alert.state == "open"][::3]
    for number, key in enumerate(chosen):
        sandbox.state.close_alert(*key, "fixed" if number % 2 else "dismissed")
    async with opened(sandbox, waits) as github:
        found = (await github.alerts.closed_since(ClosedQuery("octo-org", "code", moment))).alerts
    late = {key: alert.outcome for key, alert in found.items() if alert.closed_at and alert.closed_at >= moment - 1}
    assert late == {tuple(key): "fixed" if number % 2 else "dismissed" for number, key in enumerate(chosen)}


@pytest.mark.parametrize("token", [NO_SCOPE_TOKEN, FINE_GRAINED_TOKEN])
async def test_a_token_without_the_permission_is_told_so_or_reads(waits: Waits, token: str) -> None:
    sandbox: Sandbox = create_sandbox()
    async with opened(sandbox, waits, token=token) as github:
        query = ClosedQuery("octo-org", "code", 0)
        if token == NO_SCOPE_TOKEN:
            with pytest.raises(GitHubError):
                await github.alerts.closed_since(query)
        else:
            assert (await github.alerts.closed_since(query)).alerts
