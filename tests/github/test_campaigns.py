from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from server.errors import (
    GitHubError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PermissionMissing,
    RateLimited,
    Rejected,
    UnexpectedAnswer,
)
from tests.github.scripted import Script, Waits, campaign, make_campaigns, told

pytestmark = pytest.mark.anyio
NEXT = '<https://api.github.com/organizations/1/campaigns?page=2>; rel="next"'


async def test_a_page_asks_for_exactly_what_was_wanted(waits: Waits) -> None:
    script = Script(told(200, [campaign(1), campaign(2)], link=NEXT))
    page = await make_campaigns(script, waits).page(
        "octo-org", state="closed", sort="ends_at", direction="asc", page=2, per_page=100
    )
    assert script.lines == ["GET /orgs/octo-org/campaigns?sort=ends_at&direction=asc&page=2&per_page=100&state=closed"]
    assert [one.number for one in page.campaigns] == [1, 2]
    assert page.next_page == 3


async def test_a_last_page_of_any_state_has_no_next(waits: Waits) -> None:
    script = Script(told(200, []))
    page = await make_campaigns(script, waits).page("octo-org")
    assert script.lines == ["GET /orgs/octo-org/campaigns?sort=created&direction=desc&page=1&per_page=30"]
    assert (page.campaigns, page.next_page) == ([], None)


async def test_one_campaign_is_read_with_people_as_logins(waits: Waits) -> None:
    script = Script(told(200, campaign(3, team_managers=[{"slug": "app-sec"}])))
    found = await make_campaigns(script, waits).get("octo-org", 3)
    assert script.lines == ["GET /orgs/octo-org/campaigns/3"]
    assert (found.managers, found.team_managers) == (["mona-lisa"], ["app-sec"])
    assert found.ends_at == datetime(2027, 1, 8, 23, 59, 59, tzinfo=UTC)


async def test_all_open_follows_the_pages(waits: Waits) -> None:
    script = Script(told(200, [campaign(9)], link=NEXT), told(200, [campaign(8)]))
    found = await make_campaigns(script, waits).all_open("octo-org")
    assert [one.number for one in found] == [9, 8]
    assert script.lines == [
        "GET /orgs/octo-org/campaigns?sort=created&direction=desc&state=open&per_page=100",
        "GET /organizations/1/campaigns?page=2",
    ]


async def test_pages_without_end_are_an_error(waits: Waits) -> None:
    script = Script(*[told(200, [campaign(9)], link=NEXT) for _ in range(50)])
    with pytest.raises(UnexpectedAnswer, match="keeps naming further pages"):
        await make_campaigns(script, waits).all_open("octo-org")
    assert len(script.sent) == 50


async def test_fifty_pages_are_read(waits: Waits) -> None:
    script = Script(*[told(200, [campaign(9)], link=NEXT) for _ in range(49)], told(200, []))
    assert len(await make_campaigns(script, waits).all_open("octo-org")) == 49


async def test_a_next_page_on_another_host_is_not_followed(waits: Waits) -> None:
    script = Script(told(200, [campaign(9)], link='<https://evil.example/campaigns?page=2>; rel="next"'))
    with pytest.raises(UnexpectedAnswer, match=r'another host \("evil\.example"\)'):
        await make_campaigns(script, waits).all_open("octo-org")
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "it is no JSON object"),
        ("campaign", "it is no JSON object"),
        ({}, "number, state, created_at, updated_at, ends_at missing or unreadable"),
        (campaign(state="paused"), "state missing or unreadable"),
        (campaign(ends_at="2027-01-08T23:59:59"), "ends_at missing or unreadable"),
        (campaign(created_at="a while ago"), "created_at missing or unreadable"),
        (campaign(4), "it has the number 4"),
    ],
)
async def test_something_that_is_no_campaign_is_unexpected(waits: Waits, content: object, said: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        await make_campaigns(Script(told(200, content)), waits).get("octo-org", 3)
    assert caught.value.what == (
        f"GitHub's answer for campaign octo-org/3 is not what its reference describes: {said}."
    )


@pytest.mark.parametrize("content", [{}, ["campaign"], None])
async def test_something_that_is_no_list_of_campaigns_is_unexpected(waits: Waits, content: object) -> None:
    reply = told(200, content) if content is not None else httpx.Response(200, content=b"null")
    with pytest.raises(UnexpectedAnswer, match="something other than a list"):
        await make_campaigns(Script(reply), waits).page("octo-org")


async def test_names_that_could_escape_are_not_sent(waits: Waits) -> None:
    campaigns = make_campaigns(Script(), waits)
    for org, number in (("octo-org/../x", 3), ("octo-org", 0)):
        with pytest.raises(InvalidInput):
            await campaigns.delete(org, number)


async def test_an_update_sends_only_the_changes(waits: Waits) -> None:
    script = Script(told(200, campaign(3, name="New")))
    changed = await make_campaigns(script, waits).update("octo-org", 3, {"name": "New", "contact_link": None})
    assert script.lines == ["PATCH /orgs/octo-org/campaigns/3"]
    assert script.body() == {"name": "New", "contact_link": None}
    assert changed.name == "New"


async def test_an_update_that_was_refused_changed_nothing(waits: Waits) -> None:
    with pytest.raises(Rejected):
        await make_campaigns(Script(told(422, {"message": "no"})), waits).update("octo-org", 3, {})


@pytest.mark.parametrize(
    "replies",
    [
        [told(502), told(502), told(502), told(502)],
        [httpx.ReadTimeout("slow"), told(422, {"message": "no"})],
        [httpx.ReadTimeout("slow"), told(429, retry_after="900")],
        [told(200, {"number": 3})],
        [httpx.Response(200, content=b'{"number": 3')],
    ],
)
async def test_an_update_without_a_clear_answer_may_have_been_made(
    waits: Waits, replies: list[httpx.Response | Exception]
) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        await make_campaigns(Script(*replies), waits).update("octo-org", 3, {"name": "New"})
    assert "So it is not known whether campaign octo-org/3 was changed." in caught.value.what
    assert caught.value.remedy == "Look with get_campaign before trying again."


async def test_a_repeated_update_that_succeeds_is_a_success(waits: Waits) -> None:
    script = Script(httpx.ReadTimeout("slow"), told(200, campaign(3)))
    assert (await make_campaigns(script, waits).update("octo-org", 3, {"name": "New"})).number == 3


async def test_deleting_sends_one_request(waits: Waits) -> None:
    script = Script(told(204))
    await make_campaigns(script, waits).delete("octo-org", 3)
    assert script.lines == ["DELETE /orgs/octo-org/campaigns/3"]


async def test_not_found_on_the_first_try_is_not_found(waits: Waits) -> None:
    with pytest.raises(NotFound):
        await make_campaigns(Script(told(404, {}), told(404, {}), told(200, [])), waits).delete("octo-org", 3)


@pytest.mark.parametrize("first", [httpx.ReadTimeout("slow"), httpx.ReadError("reset"), told(502)])
async def test_not_found_after_a_try_that_left_doubt_is_deleted(
    waits: Waits, first: httpx.Response | Exception
) -> None:
    script = Script(first, told(404, {}))
    await make_campaigns(script, waits).delete("octo-org", 3)
    assert len(script.sent) == 2


@pytest.mark.parametrize("first", [httpx.ConnectError("refused"), told(429, retry_after="1")])
async def test_not_found_after_a_try_that_did_nothing_is_not_found(
    waits: Waits, first: httpx.Response | Exception
) -> None:
    with pytest.raises(NotFound):
        await make_campaigns(Script(first, told(404, {}), told(404, {}), told(200, [])), waits).delete("octo-org", 3)


@pytest.mark.parametrize(
    "replies",
    [
        [told(502), told(502), told(502), told(502)],
        [told(502), told(403, {})],
        [httpx.Response(200, html="<")],
        [told(200, {"message": "a proxy says yes"})],
    ],
)
async def test_a_delete_without_a_clear_answer_may_have_been_made(waits: Waits, replies: list[httpx.Response]) -> None:
    with pytest.raises(OutcomeUnknown, match="not known whether campaign octo-org/3 was deleted"):
        await make_campaigns(Script(*replies), waits).delete("octo-org", 3)


@pytest.mark.parametrize(
    ("reply", "kind"), [(told(403, {}), PermissionMissing), (told(429, retry_after="900"), RateLimited)]
)
async def test_a_refused_delete_did_nothing(waits: Waits, reply: httpx.Response, kind: type[GitHubError]) -> None:
    with pytest.raises(kind):
        await make_campaigns(Script(reply), waits).delete("octo-org", 3)
