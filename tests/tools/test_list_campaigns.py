"""list_campaigns: what is asked of GitHub, and a page that says honestly how far it reaches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.sandbox.app import Sandbox
from tests.harness import ORG, Sent, connected
from tests.tools.expected import NOON, PAGE, SORTED, assert_text_says_the_same, campaign_in, frozen, row

pytestmark = pytest.mark.anyio

LIST = f"/orgs/{ORG}/campaigns"


def numbers(page: dict[str, Any]) -> list[int]:
    return [campaign["number"] for campaign in page["campaigns"]]


def crowded(count: int) -> Sandbox:
    """A world with so many closed campaigns more, numbered on from 7."""
    sandbox = frozen(limits=False)
    campaigns = sandbox.state.organization(ORG).campaigns
    campaigns.update({number: replace(campaigns[1], number=number) for number in range(7, 7 + count)})
    return sandbox


async def test_the_first_page_is_asked_for_newest_first_and_answered_whole(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("list_campaigns")
    assert case.sent == [Sent("GET", LIST, SORTED)]
    assert result.structured_content == {
        "org": ORG,
        "campaigns": [row(sandbox, number) for number in (6, 5, 4, 3, 2, 1)],
        "seen": 6,
        "has_more": False,
        "url": PAGE,
        "note": "GitHub's API does not show drafts.",
    }
    assert_text_says_the_same(result)


async def test_an_open_campaign_is_shown_in_full_but_small() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        page = await case.done("list_campaigns", state="open")
    assert page["campaigns"][-1] == {
        "number": 4,
        "name": "Log injection",
        "state": "open",
        "description": "Strip line breaks from user input before it reaches a log. The logging guide has a helper for "
        "each language.",
        "managers": ["mona-lisa"],
        "team_managers": ["appsec"],
        "ends_at": "2026-05-26T12:00:00Z",
        "days_left": -6,
        "alert_stats": sandbox.state.organization(ORG).stats(campaign_in(sandbox, 4))._asdict(),
        "remediation_rate": 0.545,
    }


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({"state": "open"}, {"state": "open"}),
        ({"state": "closed"}, {"state": "closed"}),
        ({"sort": "created"}, {}),
        ({"sort": "updated"}, {"sort": "updated"}),
        ({"sort": "ends_at"}, {"sort": "ends_at"}),
        ({"sort": "published"}, {"sort": "published"}),
        ({"direction": "asc"}, {"direction": "asc"}),
        ({"direction": "desc"}, {}),
        ({"page": 2}, {"page": "2"}),
        ({"per_page": 1}, {"per_page": "1"}),
        ({"per_page": 100}, {"per_page": "100"}),
        (
            {"state": "open", "sort": "ends_at", "direction": "asc", "page": 2, "per_page": 2},
            {"state": "open", "sort": "ends_at", "direction": "asc", "page": "2", "per_page": "2"},
        ),
    ],
)
async def test_every_parameter_reaches_github_under_its_own_name(
    arguments: dict[str, Any], query: dict[str, str]
) -> None:
    async with connected() as case:
        await case.done("list_campaigns", **arguments)
    assert case.sent == [Sent("GET", LIST, SORTED | query)]


async def test_another_organization_is_asked_when_it_is_named() -> None:
    async with connected() as case:
        page = await case.done("list_campaigns", org="octo-labs")
    assert case.sent == [Sent("GET", "/orgs/octo-labs/campaigns", SORTED)]
    assert page == {
        "org": "octo-labs",
        "campaigns": [],
        "seen": 0,
        "has_more": False,
        "url": "https://github.com/orgs/octo-labs/security/campaigns",
        "note": "GitHub's API does not show drafts.",
    }


async def test_null_counts_as_left_out(era: str) -> None:
    async with connected(era) as case:
        await case.done("list_campaigns", org=None, state=None, sort=None, direction=None, page=None, per_page=None)
    assert case.sent == [Sent("GET", LIST, SORTED)]


async def test_filters_and_order_are_githubs() -> None:
    async with connected() as case:
        assert numbers(await case.done("list_campaigns", state="open", sort="ends_at", direction="asc")) == [4, 5, 6]
        assert numbers(await case.done("list_campaigns", state="closed", sort="updated")) == [3, 2, 1]


async def test_pages_can_be_followed_to_the_end_and_count_what_was_seen(era: str) -> None:
    sandbox = crowded(10)
    seen: list[int] = []
    async with connected(era, sandbox=sandbox) as case:
        page, pages = await case.done("list_campaigns", per_page=5), 1
        while True:
            seen += numbers(page)
            assert page["seen"] == len(seen)
            if not page["has_more"]:
                break
            page, pages = await case.done("list_campaigns", per_page=5, page=page["next_page"]), pages + 1
    assert sorted(seen) == list(range(1, 17))
    assert (pages, "next_page" in page) == (4, False)


async def test_past_the_last_page_nothing_is_claimed_to_have_been_seen() -> None:
    async with connected() as case:
        page = await case.done("list_campaigns", page=9)
    assert (page["campaigns"], page["has_more"]) == ([], False)
    assert "seen" not in page
    assert "next_page" not in page


async def test_a_last_page_that_is_exactly_full_has_no_next() -> None:
    async with connected() as case:
        first = await case.done("list_campaigns", per_page=3)
        last = await case.done("list_campaigns", per_page=3, page=2)
    assert (first["has_more"], first["next_page"], first["seen"]) == (True, 2, 3)
    assert (last["has_more"], last["seen"]) == (False, 6)


async def test_items_shaped_like_the_references_examples_are_listed_without_what_they_lack(era: str) -> None:
    sandbox = frozen(shape="examples")
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("list_campaigns")
    lacking = ("alert_stats", "remediation_rate")
    rows = [row(sandbox, number) for number in (6, 5, 4, 3, 2, 1)]
    expected = [{key: value for key, value in shown.items() if key not in lacking} for shown in rows]
    assert (result.structured_content or {})["campaigns"] == expected
    assert_text_says_the_same(result)


async def test_a_campaign_without_alerts_has_no_rate() -> None:
    sandbox = frozen()
    campaign_in(sandbox, 6).alerts = ()
    async with connected(sandbox=sandbox) as case:
        newest = (await case.done("list_campaigns"))["campaigns"][0]
    assert newest["alert_stats"] == {"open_count": 0, "in_progress_count": 0, "closed_count": 0}
    assert "remediation_rate" not in newest


async def test_texts_of_others_are_cleaned_and_cut() -> None:
    sandbox = frozen()
    campaign = campaign_in(sandbox, 6)
    campaign.name = "safe\u202e\u200btext"
    campaign.description = "line one\nline\x07 two" + "x" * 2000
    async with connected(sandbox=sandbox) as case:
        newest = (await case.done("list_campaigns"))["campaigns"][0]
    assert newest["name"] == "safetext"
    assert newest["description"].startswith("line one\nline twoxxx")
    assert len(newest["description"]) == 1000
    assert newest["ends_at"] > f"{NOON:%Y-%m-%d}"
