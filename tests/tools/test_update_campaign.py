"""update_campaign: only what is named changes, and the answer shows it before and after."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from server.sandbox.options import SANDBOX_TOKEN
from tests.harness import ORG, Sent, accept, connected
from tests.tools.expected import NOON, assert_text_says_the_same, campaign_in, detail, frozen

pytestmark = pytest.mark.anyio

FIVE = f"/orgs/{ORG}/campaigns/5"
NAMED = 'campaign octo-org/5 "Cross-site scripting in payments"'
LINK = "https://github.com/orgs/octo-org/discussions/42"

ONE_FIELD: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        {"name": "XSS in payments"},
        {"name": "XSS in payments"},
        {"before": "Cross-site scripting in payments", "after": "XSS in payments"},
    ),
    (
        {"description": "Line one.\nLine two."},
        {"description": "Line one.\nLine two."},
        {
            "before": "Escape what users typed before it reaches the page. Start with the card form; pair with AppSec "
            "on the rest.",
            "after": "Line one.\nLine two.",
        },
    ),
    (
        {"ends_at": "2027-01-08"},
        {"ends_at": "2027-01-08T23:59:59Z"},
        {"before": "2026-06-10T12:00:00Z", "after": "2027-01-08T23:59:59Z"},
    ),
    (
        {"managers": ["sofia-lindqvist"]},
        {"managers": ["sofia-lindqvist"]},
        {"before": ["mona-lisa"], "after": ["sofia-lindqvist"]},
    ),
    ({"managers": []}, {"managers": []}, {"before": ["mona-lisa"], "after": []}),
    ({"team_managers": ["appsec"]}, {"team_managers": ["appsec"]}, {"before": [], "after": ["appsec"]}),
    (
        {"contact_link": "http://example.com/x"},
        {"contact_link": "http://example.com/x"},
        {"before": LINK, "after": "http://example.com/x"},
    ),
    ({"contact_link": None}, {"contact_link": None}, {"before": LINK}),
]


@pytest.mark.parametrize(("given", "body", "change"), ONE_FIELD)
async def test_a_field_alone_is_sent_alone_and_shown_before_and_after(
    era: str, given: dict[str, Any], body: dict[str, Any], change: dict[str, Any]
) -> None:
    sandbox = frozen()
    (field,) = given
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("update_campaign", campaign_number=5, **given)
    assert case.writes == [Sent("PATCH", FIVE, {}, body)]
    campaigns = [sent for sent in case.sent if "/campaigns" in sent.path]
    assert campaigns == [Sent("GET", FIVE), Sent("PATCH", FIVE, {}, body)]
    assert result.structured_content == {
        "summary": f"Changed {field} of {NAMED}.",
        "changes": {field: change},
        "campaign": detail(sandbox, 5),
    }
    assert_text_says_the_same(result)


async def test_closing_is_asked_about_and_keeps_the_campaign(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox, person=accept(go_ahead=True)) as case:
        result = await case.call("update_campaign", campaign_number=5, state="closed")
    assert case.writes == [Sent("PATCH", FIVE, {}, {"state": "closed"})]
    assert result.structured_content == {
        "summary": f"Closed {NAMED}.",
        "changes": {"state": {"before": "open", "after": "closed"}},
        "campaign": detail(sandbox, 5),
    }
    assert_text_says_the_same(result)
    assert case.asked == [
        'octo-bot will close campaign octo-org/5 "Cross-site scripting in payments" (open, created 2026-05-06 12:00:00 '
        "UTC, ends 2026-06-10 12:00 UTC). Its data is kept and it can be reopened. Go on?"
    ]


async def test_reopening_needs_no_question_and_can_move_the_end(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        done = await case.done("update_campaign", campaign_number=3, state="open", ends_at="2026-12-24T18:00:00+01:00")
    body = {"ends_at": "2026-12-24T17:00:00Z", "state": "open"}
    assert case.writes == [Sent("PATCH", f"/orgs/{ORG}/campaigns/3", {}, body)]
    assert done["summary"] == 'Reopened campaign octo-org/3 "Log4Shell clean-up" and changed ends_at.'
    assert done["changes"] == {
        "ends_at": {"before": "2024-03-14T17:00:00Z", "after": "2026-12-24T17:00:00Z"},
        "state": {"before": "closed", "after": "open"},
    }
    assert done["campaign"] == detail(sandbox, 3)


async def test_reopening_with_an_end_that_has_passed_is_noted() -> None:
    async with connected(sandbox=frozen()) as case:
        shown = await case.done("update_campaign", campaign_number=3, state="open", dry_run=True)
        done = await case.done("update_campaign", campaign_number=3, state="open")
    assert shown["notes"] == done["notes"] == ["Its end date has passed; move it with ends_at."]


async def test_a_preview_tells_that_this_client_could_not_confirm() -> None:
    async with connected(sandbox=frozen()) as case:
        shown = await case.done("update_campaign", campaign_number=5, state="closed", dry_run=True)
    assert shown["notes"] == ["This client cannot ask a person, so the change would be refused."]


async def test_several_fields_go_out_in_one_request() -> None:
    async with connected(sandbox=frozen()) as case:
        done = await case.done(
            "update_campaign",
            campaign_number=5,
            org="octo-org",
            name="New",
            description="Newer",
            managers=["mona-lisa"],
        )
    assert done["summary"] == f"Changed name, description, managers of {NAMED}."
    assert case.writes == [Sent("PATCH", FIVE, {}, {"name": "New", "description": "Newer", "managers": ["mona-lisa"]})]


async def test_after_is_what_github_says_and_a_difference_is_owned_up_to(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        inner = case.recorder._inner

        class Rewords(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                answer = await inner.handle_async_request(request)
                if request.method != "PATCH":
                    return answer
                return httpx.Response(200, json={**json.loads(await answer.aread()), "name": "Something else"})

        case.recorder._inner = Rewords()
        done = await case.done("update_campaign", campaign_number=5, name="Wanted", managers=["SOFIA-lindqvist"])
    assert done["summary"] == f"GitHub took the change of {NAMED}, but answers with another name."
    assert done["changes"] == {
        "name": {"before": "Cross-site scripting in payments", "after": "Something else"},
        "managers": {"before": ["mona-lisa"], "after": ["sofia-lindqvist"]},
    }


@pytest.mark.parametrize(
    "given",
    [
        {"name": "Cross-site scripting in payments"},
        {"managers": ["MONA-lisa"], "contact_link": LINK},
        {"ends_at": "2099-01-08T14:00:00+02:00"},
        {"team_managers": []},
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
async def test_values_that_hold_already_are_refused_and_nothing_is_sent(given: dict[str, Any], dry_run: bool) -> None:
    sandbox = frozen()
    if "ends_at" in given:
        campaign_in(sandbox, 5).ends_at = NOON.replace(year=2099, month=1, day=8)
    async with connected(sandbox=sandbox, confirm="writes", person=accept(go_ahead=True)) as case:
        text = await case.refused("update_campaign", campaign_number=5, dry_run=dry_run, **given)
    assert text == (
        'Campaign octo-org/5 "Cross-site scripting in payments" has these values already. Campaign 5 was not changed.'
    )
    assert (case.writes, case.asked) == ([], [])


async def test_a_contact_link_that_the_answer_leaves_out_can_be_cleared_all_the_same(era: str) -> None:
    sandbox = frozen(shape="examples")
    async with connected(era, sandbox=sandbox) as case:
        await case.done("update_campaign", campaign_number=5, contact_link=None)
    assert case.writes == [Sent("PATCH", FIVE, {}, {"contact_link": None})]
    assert campaign_in(sandbox, 5).contact_link is None


@pytest.mark.parametrize("given", [{"name": "Other"}, {"contact_link": None}, {"state": "closed"}])
async def test_a_dry_run_changes_nothing_and_shows_the_exact_request(era: str, given: dict[str, Any]) -> None:
    sandbox = frozen()
    (field,) = given
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("update_campaign", campaign_number=5, dry_run=True, **given)
    structure = result.structured_content or {}
    would = f"close {NAMED}" if field == "state" else f"change {field} of {NAMED}"
    assert structure["summary"] == f"Would {would}. Nothing was changed."
    assert structure["request"] == {"method": "PATCH", "path": FIVE, "body": given}
    assert list(structure["changes"]) == [field]
    assert structure["changes"][field].get("after") == given[field]
    assert ("would_ask" in structure) == (field == "state")
    assert len(structure["preview"]) == 16
    assert case.writes == []
    assert_text_says_the_same(result)


async def test_what_the_preview_showed_is_what_is_sent(era: str) -> None:
    async with connected(era, sandbox=frozen(), person=accept(go_ahead=True)) as case:
        shown = await case.done("update_campaign", campaign_number=5, state="closed", name="Done", dry_run=True)
        done = await case.done(
            "update_campaign", campaign_number=5, state="closed", name="Done", preview=shown["preview"]
        )
    assert done["summary"] == f"Closed {NAMED} and changed name."
    assert [(sent.method, sent.path, sent.body) for sent in case.writes] == [tuple(shown["request"].values())]
    assert case.asked == [shown["would_ask"]]


async def test_a_preview_is_refused_once_the_campaign_reads_differently() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        shown = await case.done("update_campaign", campaign_number=5, name="Done", dry_run=True)
        campaign_in(sandbox, 5).name = "Renamed by someone"
        text = await case.refused("update_campaign", campaign_number=5, name="Done", preview=shown["preview"])
    assert text.startswith("The preview does not fit this call:")
    assert text.endswith("Campaign 5 was not changed.")
    assert case.writes == []


@pytest.mark.parametrize(
    "field",
    ["name", "description", "ends_at", "managers", "team_managers", "state", "org", "dry_run", "preview"],
)
async def test_null_for_anything_but_the_contact_link_is_refused_by_name(era: str, field: str) -> None:
    async with connected(era) as case:
        text = await case.refused("update_campaign", campaign_number=5, contact_link=None, **{field: None})
    assert text == (f"update_campaign: `{field}`: cannot be null; leave it out instead. Nothing was sent to GitHub.")
    assert case.sent == []


async def test_null_for_the_campaign_number_is_refused() -> None:
    async with connected() as case:
        text = await case.refused("update_campaign", campaign_number=None, name="x")
    assert text == "update_campaign: `campaign_number`: is required. Nothing was sent to GitHub."
    assert case.sent == []


@pytest.mark.parametrize("text", ["null", "Null", " null ", "none", ""])
async def test_a_word_for_nothing_is_no_address_and_clears_nothing(era: str, text: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        refusal = await case.refused("update_campaign", campaign_number=5, contact_link=text)
    assert "`contact_link`: must be" in refusal
    assert case.sent == []
    assert campaign_in(sandbox, 5).contact_link == LINK


@pytest.mark.parametrize("field", ["managers", "team_managers"])
async def test_the_word_null_for_a_list_clears_nothing(field: str) -> None:
    async with connected() as case:
        text = await case.refused("update_campaign", campaign_number=5, **{field: "null"})
    assert text.startswith(f"update_campaign: `{field}`: cannot be null")
    assert case.sent == []


@pytest.mark.parametrize("text", ["[1]", '{"a":1}', "null", "true", "12", '"quoted"', "1e5"])
@pytest.mark.parametrize("field", ["name", "description"])
async def test_text_that_happens_to_be_json_stays_text(era: str, field: str, text: str) -> None:
    async with connected(era, sandbox=frozen()) as case:
        done = await case.done("update_campaign", campaign_number=5, **{field: text})
    assert case.writes == [Sent("PATCH", FIVE, {}, {field: text})]
    assert done["campaign"][field] == text


async def test_an_update_with_nothing_in_it_is_refused(era: str) -> None:
    async with connected(era) as case:
        text = await case.refused("update_campaign", campaign_number=5, dry_run=True)
    assert text == (
        "update_campaign: nothing to change was given. Name at least one field with its new value. Nothing was sent to "
        "GitHub."
    )
    assert case.sent == []


@pytest.mark.parametrize(("number", "state"), [(5, "open"), (3, "closed")])
async def test_a_state_that_holds_already_is_refused_and_nothing_is_asked(era: str, number: int, state: str) -> None:
    async with connected(era, person=accept(go_ahead=True)) as case:
        text = await case.refused("update_campaign", campaign_number=number, state=state, name="Other")
    assert f"is already {state}. Campaign {number} was not changed." in text
    assert (case.writes, case.asked) == ([], [])


async def test_people_who_cannot_manage_a_campaign_are_refused_by_name() -> None:
    async with connected() as case:
        text = await case.refused("update_campaign", campaign_number=5, managers=["hubot"], team_managers=["payments"])
    assert text == (
        "Cannot manage a campaign: hubot is neither owner nor security manager; payments is no security manager team. "
        "Name those who are, or leave them out. Campaign 5 was not changed."
    )
    assert case.writes == []


async def test_a_token_that_cannot_see_roles_gets_a_note() -> None:
    async with connected(token=SANDBOX_TOKEN) as case:
        asked = {"campaign_number": 5, "team_managers": ["appsec"]}
        shown = await case.done("update_campaign", **asked, dry_run=True)
        done = await case.done("update_campaign", **asked)
    assert shown["notes"] == done["notes"]
    assert shown["notes"][0].startswith("Not checked whether these may manage it: appsec (")


async def test_when_every_write_is_asked_about_the_question_tells_every_change(era: str) -> None:
    async with connected(era, sandbox=frozen(), person=accept(go_ahead=True), confirm="writes") as case:
        await case.done(
            "update_campaign",
            campaign_number=5,
            name="New",
            contact_link=None,
            managers=[],
            team_managers=["appsec"],
        )
        await case.done("update_campaign", campaign_number=3, state="open", ends_at="2027-01-08")
    changed, reopened = case.asked
    assert changed.startswith(f"octo-bot will update {NAMED} (open, created 2026-05-06 12:00:00 UTC, ends 2026-06-10 ")
    for change in (
        'name from "Cross-site scripting in payments" to "New"',
        'managers from "mona-lisa" to nobody',
        'team_managers from nobody to "appsec"',
        f'contact_link from "{LINK}" to nothing',
    ):
        assert change in changed
    assert reopened.startswith(
        'octo-bot will reopen campaign octo-org/3 "Log4Shell clean-up" (closed, created 2024-01-15'
    )
    assert 'to "2027-01-08T23:59:59Z"' in reopened


async def test_with_confirmation_off_closing_is_not_asked_about() -> None:
    async with connected(confirm="never") as case:
        done = await case.done("update_campaign", campaign_number=5, state="closed")
    assert done["summary"] == f"Closed {NAMED}."


async def test_an_end_that_passes_while_a_person_thinks_is_refused(era: str) -> None:
    moment = [NOON.replace(year=2099)]
    sandbox = frozen()
    sandbox.state._clock = lambda: moment[0]
    person = accept(go_ahead=True)

    def wait() -> None:
        moment[0] += timedelta(days=2)

    person.meanwhile = wait
    async with connected(era, sandbox=sandbox, person=person, confirm="writes") as case:
        text = await case.refused("update_campaign", campaign_number=5, ends_at="2099-06-02")
    assert text == (
        "`ends_at` 2099-06-02T23:59:59Z is in the past; give a date from 2099-06-03 on. Campaign 5 was not changed."
    )
    assert case.writes == []


async def test_a_campaign_that_does_not_exist_cannot_be_changed() -> None:
    async with connected() as case:
        text = await case.refused("update_campaign", campaign_number=99, name="x")
    assert text.startswith("There is no campaign octo-org/99. list_campaigns shows those there are;")
    assert text.endswith("Campaign 99 was not changed.")
    assert case.writes == []


@pytest.mark.parametrize("description", ["Two\nlines", "Two  lines"])
async def test_another_white_space_is_another_text(description: str) -> None:
    sandbox = frozen()
    campaign_in(sandbox, 5).description = "Two lines"
    async with connected(sandbox=sandbox) as case:
        await case.done("update_campaign", campaign_number=5, description=description)
    assert campaign_in(sandbox, 5).description == description


async def test_a_hidden_character_can_be_taken_out_of_a_stored_text() -> None:
    sandbox = frozen()
    campaign_in(sandbox, 5).name = "Clean\u202e me"
    async with connected(sandbox=sandbox) as case:
        await case.done("update_campaign", campaign_number=5, name="Clean me")
    assert campaign_in(sandbox, 5).name == "Clean me"


async def test_what_github_does_not_show_is_not_called_nothing() -> None:
    sandbox = frozen(shape="examples")
    person = accept(go_ahead=True)
    async with connected(sandbox=sandbox, person=person, confirm="writes") as case:
        done = await case.done("update_campaign", campaign_number=5, contact_link="https://example.com/new")
    assert 'changing contact_link from what GitHub does not show to "https://example.com/new"' in person.asked[0]
    assert done["notes"] == ["GitHub does not show contact_link, so what it was is not known."]
