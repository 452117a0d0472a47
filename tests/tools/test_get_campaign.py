"""get_campaign: one campaign whole, with what follows from its numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import ORG, Sent, connected
from tests.tools.expected import NOON, assert_text_says_the_same, campaign_in, detail, frozen

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", [1, 4, 5, 6])
async def test_a_campaign_is_asked_for_by_number_and_described_whole(era: str, number: int) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("get_campaign", campaign_number=number)
    assert case.sent == [Sent("GET", f"/orgs/{ORG}/campaigns/{number}")]
    assert result.structured_content == detail(sandbox, number)
    assert_text_says_the_same(result)


async def test_the_organization_named_is_the_one_asked() -> None:
    async with connected(org=None) as case:
        found = await case.done("get_campaign", org="Octo-Org", campaign_number=5)
    assert case.sent == [Sent("GET", "/orgs/Octo-Org/campaigns/5")]
    assert found["url"] == "https://github.com/orgs/Octo-Org/security/campaigns/5"


async def test_null_for_org_means_the_default() -> None:
    async with connected() as case:
        await case.done("get_campaign", campaign_number=5, org=None)
    assert case.sent == [Sent("GET", f"/orgs/{ORG}/campaigns/5")]


async def test_a_closed_campaign_has_no_days_left_but_the_time_it_was_closed() -> None:
    async with connected(sandbox=frozen()) as case:
        closed = await case.done("get_campaign", campaign_number=3)
    assert "days_left" not in closed
    assert closed["closed_at"] == "2024-03-14T17:00:00Z"
    assert closed["remediation_rate"] == round(11 / 12, 3)


@pytest.mark.parametrize(
    ("ends_in", "expected"),
    [
        (timedelta(days=9), 9),
        (timedelta(hours=36), 2),  # at the end of the day after tomorrow's eve: dates count, not hours
        (timedelta(hours=6), 0),
        (timedelta(hours=-1), -1),  # earlier today, and overdue
        (timedelta(days=-3), -3),
    ],
)
async def test_days_left_are_counted_by_date_and_negative_once_the_end_has_passed(
    ends_in: timedelta, expected: int
) -> None:
    sandbox = frozen()
    campaign_in(sandbox, 6).ends_at = NOON + ends_in
    async with connected(sandbox=sandbox) as case:
        assert (await case.done("get_campaign", campaign_number=6))["days_left"] == expected


async def test_dismissed_alerts_count_as_closed_in_the_rate() -> None:
    sandbox = frozen()
    campaign = campaign_in(sandbox, 6)
    first, second = campaign.alerts[:2]
    sandbox.state.close_alert(*first, "fixed")
    sandbox.state.close_alert(*second, "dismissed")
    async with connected(sandbox=sandbox) as case:
        found = await case.done("get_campaign", campaign_number=6)
    assert found["alert_stats"]["closed_count"] == 2
    assert found["remediation_rate"] == round(2 / len(campaign.alerts), 3)


async def test_a_campaign_shaped_like_the_references_examples_lacks_its_contact_link() -> None:
    sandbox = frozen(shape="examples")
    async with connected(sandbox=sandbox) as case:
        found = await case.done("get_campaign", campaign_number=5)
    expected = detail(sandbox, 5)
    del expected["contact_link"]
    assert found == expected


async def test_an_enterprise_host_has_its_own_pages() -> None:
    async with connected(api_url="https://api.octo.ghe.com") as case:
        found = await case.done("get_campaign", campaign_number=5)
    assert found["url"] == "https://octo.ghe.com/orgs/octo-org/security/campaigns/5"


async def test_a_campaign_that_does_not_exist_is_not_found_and_nothing_is_said_about_changes() -> None:
    async with connected() as case:
        text = await case.refused("get_campaign", campaign_number=99)
    assert text.startswith("There is no campaign octo-org/99. list_campaigns shows those there are;")
    assert "was not" not in text
    assert [sent.path for sent in case.sent] == [f"/orgs/{ORG}/campaigns/99", f"/orgs/{ORG}/campaigns"]


async def test_an_organization_that_does_not_exist_is_named() -> None:
    async with connected() as case:
        text = await case.refused("get_campaign", org="no-such-org", campaign_number=5)
    assert text.startswith("There is no organization no-such-org, or this token may not know of it.")


async def test_without_a_default_the_organization_must_be_named() -> None:
    async with connected(org=None) as case:
        text = await case.refused("get_campaign", campaign_number=5)
    assert text == (
        "get_campaign: `org` is missing and the server has no default organization. Name the organization, or let the "
        "operator start the server with --org. Nothing was sent to GitHub."
    )
    assert case.sent == []


async def test_an_organization_that_the_operator_does_not_allow_is_refused() -> None:
    async with connected(allow_orgs=(ORG,)) as case:
        text = await case.refused("get_campaign", org="octo-labs", campaign_number=1)
        assert (await case.done("get_campaign", org="OCTO-ORG", campaign_number=5))["number"] == 5
    assert text == "The operator does not allow organization octo-labs here. Allowed: octo-org."
    assert len(case.sent) == 1
