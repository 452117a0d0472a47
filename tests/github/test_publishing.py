"""What happens when the answer to publishing a campaign is not clear."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from server.errors import ConfigurationError, OutcomeUnknown, RateLimited, Rejected, Unavailable, UnexpectedAnswer
from server.github.campaigns import Campaigns
from server.github.clock import Clock
from server.github.credentials import FixedToken, Token
from server.settings import Settings
from tests.github.scripted import SECRET, Reply, Script, Waits, campaign, make_campaigns, make_client, told

pytestmark = pytest.mark.anyio

BODY = {
    "name": "Stop XSS",
    "description": "Fix them all",
    "ends_at": "2027-01-08T23:59:59Z",
    "managers": ["mona-lisa"],
    "code_scanning_alerts": [{"repository_id": 1, "alert_numbers": [1]}],
}
POST = "POST /orgs/octo-org/campaigns"
LOOK = "GET /orgs/octo-org/campaigns?sort=created&direction=desc&page=1&per_page=100&state=open"
GET = "GET /orgs/octo-org/campaigns/14"

UNCLEAR: list[Callable[[], Reply]] = [
    lambda: httpx.ReadTimeout("slow"),
    lambda: httpx.RemoteProtocolError("dropped"),
    lambda: told(500),
    lambda: told(502, {"message": "Server Error"}),
    lambda: told(503),
    lambda: httpx.Response(200, content=b'{"number": 14, "na'),
    lambda: httpx.Response(200, html="<html>"),
    lambda: told(200, {"number": 14}),
    lambda: told(200, None),
    lambda: told(303, location="/orgs/octo-org/campaigns/14"),
]


async def test_a_clear_answer_needs_no_look(waits: Waits) -> None:
    script = Script(told(200, campaign(14)))
    made = await make_campaigns(script, waits).create("octo-org", BODY, known=[3])
    assert (made.campaign.number, made.found) == (14, False)
    assert script.lines == [POST]
    assert script.body() == BODY


@pytest.mark.parametrize("unclear", UNCLEAR)
async def test_a_campaign_that_appeared_is_the_result(waits: Waits, unclear: Callable[[], Reply]) -> None:
    script = Script(unclear(), told(200, [campaign(14), campaign(3)]), told(200, campaign(14)))
    made = await make_campaigns(script, waits).create("octo-org", BODY, known={3})
    assert (made.campaign.number, made.found) == (14, True)
    assert script.lines == [POST, LOOK, GET]
    assert waits.seconds == [1.0]


async def test_a_campaign_that_appears_late_is_the_result(waits: Waits) -> None:
    script = Script(told(502), told(200, []), told(200, [campaign(14)]), told(200, campaign(14)))
    await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert script.lines == [POST, LOOK, LOOK, GET]
    assert waits.seconds == [1.0, 3.0]


async def test_a_campaign_that_never_appears_is_not_known(waits: Waits) -> None:
    script = Script(httpx.ReadTimeout("slow"), told(200, []), told(200, []))
    with pytest.raises(OutcomeUnknown) as caught:
        await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert str(caught.value) == (
        'api.github.com did not answer within 15 s. So it is not known whether campaign "Stop XSS" was published. '
        "None with this name and end date has appeared after two looks (last at 10:42:04 UTC). Do not create it again "
        "before looking at list_campaigns."
    )
    assert script.lines.count(POST) == 1


@pytest.mark.parametrize(
    "other",
    [
        campaign(3),
        campaign(14, name="Stop XS"),
        campaign(14, ends_at="2027-01-09T23:59:59Z"),
    ],
    ids=["known", "name", "end"],
)
async def test_another_campaign_is_never_taken_for_this_one(waits: Waits, other: dict[str, object]) -> None:
    script = Script(told(502), told(200, [other]), told(200, [other]))
    with pytest.raises(OutcomeUnknown, match="None with this name and end date"):
        await make_campaigns(script, waits).create("octo-org", BODY, known={3})
    assert script.lines == [POST, LOOK, LOOK]


@pytest.mark.parametrize(
    "other",
    [
        campaign(14, created_at="2026-11-20T10:41:50Z"),
        campaign(14, description="Fix some"),
        campaign(14, managers=[{"login": "octo-bot"}]),
        campaign(14, team_managers=[{"slug": "payments"}]),
        campaign(14, contact_link="https://example.com/other"),
    ],
    ids=["older", "description", "managers", "teams", "link"],
)
async def test_somebody_elses_campaign_of_that_name_and_end_is_named_and_not_taken(
    waits: Waits, other: dict[str, object]
) -> None:
    body = {**BODY, "team_managers": ["appsec"], "contact_link": "https://example.com/ours"}
    other = {"team_managers": [{"slug": "appsec"}], **other}
    script = Script(told(502), told(200, [other]), told(200, [other]))
    with pytest.raises(OutcomeUnknown, match="Campaign 14 has this name and end date, but not all of what was sent"):
        await make_campaigns(script, waits).create("octo-org", body, known={3})
    assert script.lines == [POST, LOOK, LOOK]


async def test_a_difference_of_seconds_between_githubs_clocks_does_not_hide_a_campaign(waits: Waits) -> None:
    found = campaign(14, created_at="2026-11-20T10:41:58Z")
    script = Script(told(502), told(200, [found]), told(200, found))
    assert (await make_campaigns(script, waits).create("octo-org", BODY, known=())).campaign.number == 14


async def test_an_answer_with_an_older_campaign_is_not_believed(waits: Waits) -> None:
    script = Script(told(200, campaign(3)), told(200, [campaign(14)]), told(200, campaign(14)))
    made = await make_campaigns(script, waits).create("octo-org", BODY, known={3})
    assert (made.campaign.number, made.found) == (14, True)


async def test_small_changes_that_github_makes_to_texts_do_not_hide_a_campaign(waits: Waits) -> None:
    body = {**BODY, "name": " Stop  XSS", "description": "Fix\r\nthem all\n", "ends_at": "2027-01-09T00:59:59.5+01:00"}
    found = campaign(14, description="Fix\nthem all")
    script = Script(told(502), told(200, [found]), told(200, found))
    assert (await make_campaigns(script, waits).create("octo-org", body, known=())).campaign.number == 14


async def test_a_body_without_a_readable_end_matches_nothing(waits: Waits) -> None:
    script = Script(told(502), told(200, [campaign(14)]), told(200, [campaign(14)]))
    with pytest.raises(OutcomeUnknown):
        await make_campaigns(script, waits).create("octo-org", {**BODY, "ends_at": "soon"}, known=())


async def test_two_that_match_are_both_named_and_neither_is_taken(waits: Waits) -> None:
    script = Script(told(502), told(200, [campaign(15), campaign(14)]))
    with pytest.raises(OutcomeUnknown, match="Campaigns 14 and 15 of octo-org have this name and end date"):
        await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert script.lines == [POST, LOOK]


async def test_a_look_that_fails_is_told(waits: Waits) -> None:
    script = Script(told(502, x_github_request_id="E:1"), told(422, {}), told(422, {}))
    with pytest.raises(OutcomeUnknown) as caught:
        await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert "Two looks failed (last at 10:42:04 UTC): GitHub did not accept" in caught.value.what
    assert (caught.value.status, caught.value.request_id) == (502, "E:1")


async def test_one_look_of_two_that_fails_is_told(waits: Waits) -> None:
    script = Script(told(502), told(200, []), told(422, {}))
    with pytest.raises(OutcomeUnknown) as caught:
        await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert "has appeared after one look (last at 10:42:01 UTC). One look failed" in caught.value.what
    assert "(last at 10:42:04 UTC): GitHub did not accept" in caught.value.what


async def test_looking_waits_no_longer_than_sending_left_of_the_patience(waits: Waits) -> None:
    """What hangs is given up after a try each, not after all that one request alone may take, three times over."""
    limited = told(429, {"message": "Too many requests"}, retry_after="20")
    script = Script(limited, told(502), limited, told(200, [campaign(14)]), limited)
    made = await make_campaigns(script, waits, settings=Settings(patience=30.0)).create("octo-org", BODY, known=())
    assert (made.campaign.number, made.found) == (14, True)
    assert script.lines == [POST, POST, LOOK, LOOK, GET]
    assert waits.seconds == [20.0, 1.0, 3.0]


async def test_without_looks_that_is_told(waits: Waits) -> None:
    campaigns = make_campaigns(Script(told(502)), waits, settings=Settings(look_again=()))
    with pytest.raises(OutcomeUnknown, match="It was not looked for"):
        await campaigns.create("octo-org", BODY, known=())


async def test_more_looks_are_counted(waits: Waits) -> None:
    replies = [told(200, []) for _ in range(4)]
    campaigns = make_campaigns(Script(told(502), *replies), waits, settings=Settings(look_again=(1, 1, 1, 1)))
    with pytest.raises(OutcomeUnknown, match="after 4 looks"):
        await campaigns.create("octo-org", BODY, known=())


async def test_a_campaign_that_was_found_is_returned_even_if_it_cannot_be_read_whole(waits: Waits) -> None:
    script = Script(told(502), told(200, [campaign(14)]), told(422, {}))
    assert (await make_campaigns(script, waits).create("octo-org", BODY, known=())).campaign.number == 14


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (told(422, {"message": "no"}), Rejected),
        (told(429, retry_after="900"), RateLimited),
        (httpx.Response(403, html="<html>"), UnexpectedAnswer),
        (told(307, location="https://evil.example/"), UnexpectedAnswer),
    ],
)
async def test_a_clear_refusal_needs_no_look(waits: Waits, reply: httpx.Response, kind: type[Exception]) -> None:
    script = Script(reply)
    with pytest.raises(kind):
        await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert script.lines == [POST]


async def test_a_connection_that_never_came_about_needs_no_look(waits: Waits) -> None:
    script = Script(*[httpx.ConnectError("refused") for _ in range(4)])
    with pytest.raises(Unavailable):
        await make_campaigns(script, waits).create("octo-org", BODY, known=())
    assert script.lines == [POST] * 4


async def test_time_is_githubs_and_not_this_machines(waits: Waits) -> None:
    """The machine is a day ahead; GitHub's Date header, read before, decides what is new."""
    ahead = told(200, [], date="Thu, 19 Nov 2026 10:42:00 GMT")
    new = campaign(14, created_at="2026-11-19T10:42:00Z")
    script = Script(ahead, told(502), told(200, [new]), told(200, new))
    campaigns = make_campaigns(script, waits)
    await campaigns.all_open("octo-org")
    assert (await campaigns.create("octo-org", BODY, known=())).campaign.number == 14


async def test_a_credential_that_fails_while_looking_does_not_make_it_unpublished(waits: Waits) -> None:
    """Whatever keeps the look from happening, the campaign may be there."""

    class Failing(FixedToken):
        async def token(self, org: str | None) -> Token:
            if script.sent:
                raise ConfigurationError("The app is not installed any more.")
            return await super().token(org)

    script = Script(told(502))
    client = make_client(script, waits, credentials=Failing(SECRET))
    campaigns = Campaigns(client, Clock(waits.now), Settings(), waits)
    with pytest.raises(OutcomeUnknown, match=r"Two looks failed .*: The app is not installed any more"):
        await campaigns.create("octo-org", BODY, known=())
    assert script.lines == [POST]
