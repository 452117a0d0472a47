"""delete_campaign: one campaign, typed right, gone for good."""

from __future__ import annotations

import pytest

from tests.harness import ORG, Sent, accept, connected
from tests.tools.expected import assert_text_says_the_same, frozen

pytestmark = pytest.mark.anyio

THREE = f"/orgs/{ORG}/campaigns/3"


async def test_a_campaign_is_deleted_once_it_was_typed_right(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox, person=accept(campaign="octo-org/3")) as case:
        result = await case.call("delete_campaign", campaign_number=3)
    assert case.writes == [Sent("DELETE", THREE)]
    assert case.sent[-2:] == [Sent("GET", THREE), Sent("DELETE", THREE)]
    assert result.structured_content == {
        "summary": 'Deleted octo-org/3 "Log4Shell clean-up".',
        "org": ORG,
        "campaign_number": 3,
        "name": "Log4Shell clean-up",
    }
    assert_text_says_the_same(result)
    assert case.asked == [
        'octo-bot will delete campaign octo-org/3 "Log4Shell clean-up" (closed, created 2024-01-15 09:00:00 UTC, ends '
        "2024-03-14 17:00 UTC). Its progress data is lost for good; its alerts stay. Type octo-org/3 to confirm."
    ]
    assert 3 not in sandbox.state.organization(ORG).campaigns


async def test_with_confirmation_off_it_is_read_and_deleted(era: str) -> None:
    async with connected(era, confirm="never") as case:
        await case.done("delete_campaign", campaign_number=3)
    assert case.sent == [Sent("GET", THREE), Sent("DELETE", THREE)]


async def test_null_for_org_means_the_default(era: str) -> None:
    async with connected(era, confirm="never") as case:
        done = await case.done("delete_campaign", campaign_number=3, org=None)
    assert done["org"] == ORG


async def test_a_campaign_that_does_not_exist_cannot_be_deleted_and_nobody_is_asked() -> None:
    async with connected(person=accept(campaign="octo-org/99")) as case:
        text = await case.refused("delete_campaign", campaign_number=99)
    assert text.startswith("There is no campaign octo-org/99. list_campaigns shows those there are;")
    assert text.endswith("Campaign 99 was not deleted.")
    assert (case.writes, case.asked) == ([], [])


async def test_deleted_twice_is_not_found_the_second_time() -> None:
    async with connected(confirm="never") as case:
        await case.done("delete_campaign", campaign_number=3)
        text = await case.refused("delete_campaign", campaign_number=3)
    assert text.endswith("Campaign 3 was not deleted.")
    assert len(case.writes) == 1
