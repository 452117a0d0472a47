"""dry_run shows exactly what would be sent, and its digest holds the write to that."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import MISSING

from server.errors import Refused
from server.guards.preview import check_preview, digest
from server.sandbox.app import Sandbox
from server.sandbox.options import SandboxOptions
from tests.guards.scenarios import (
    CHANGE,
    CLOSE,
    MODERN,
    NEW_CAMPAIGN,
    NUMBER,
    PUBLISH,
    GuardedCall,
    agreeing,
    by_hand,
    campaign_in,
    move_end,
    once,
    recreate,
    rename,
    serving,
)
from tests.harness import ORG, Sent, decline

CHANGED = (
    "The preview does not fit this call: an argument, the campaign or its alerts have changed since, or it was for "
    "another call."
)


def names_no_digest(refusal: str) -> bool:
    """A refusal must not hand out the digest of what nobody was shown."""
    return not re.search(r"\b[0-9a-f]{16}\b", refusal)


@pytest.mark.anyio
async def test_what_a_preview_shows_is_what_is_sent(era: str, yes_or_no: GuardedCall) -> None:
    async with serving(era, yes_or_no, person=agreeing(yes_or_no)) as case:
        shown = await yes_or_no.done(case, dry_run=True)
        assert case.writes == []
        assert case.asked == []
        expected = yes_or_no.write_in(case.sandbox)
        request = shown["request"]
        assert (request["method"], request["path"], request["body"]) == (expected.method, expected.path, expected.body)
        await yes_or_no.done(case, preview=shown["preview"])
        assert case.writes == [expected]
        assert case.asked == [shown["would_ask"]]


@pytest.mark.anyio
async def test_every_argument_of_a_creation_is_in_the_previewed_request(era: str) -> None:
    arguments = {
        **NEW_CAMPAIGN,
        "ends_at": "2099-01-08T18:30:00+01:00",
        "managers": ["mona-lisa"],
        "team_managers": ["appsec"],
        "contact_link": "https://example.com/security",
        "generate_issues": False,
    }
    async with serving(era) as case:
        arguments["alerts"] = PUBLISH.arguments_in(case.sandbox)["alerts"]
        shown = await case.done("create_campaign", **arguments, dry_run=True)
        await case.done("create_campaign", **arguments, preview=shown["preview"])
        body = {key: value for key, value in arguments.items() if key not in ("alerts", "generate_issues")}
        body |= {"ends_at": "2099-01-08T17:30:00Z", "code_scanning_alerts": arguments["alerts"]}
        assert case.writes == [Sent("POST", f"/orgs/{ORG}/campaigns", {}, body)]
        assert shown["request"] == {"method": "POST", "path": f"/orgs/{ORG}/campaigns", "body": body}
        assert "would_ask" not in shown


@pytest.mark.anyio
async def test_every_argument_of_a_change_is_in_the_previewed_request(era: str) -> None:
    arguments: dict[str, Any] = {
        "name": 'A "new" name',
        "description": "Two\nlines",
        "ends_at": "2099-01-08",
        "managers": [],
        "team_managers": ["appsec"],
        "contact_link": None,
        "state": "open",
    }
    async with serving(era) as case:
        shown = await case.done("update_campaign", campaign_number=3, **arguments, dry_run=True)
        assert case.writes == []
        await case.done("update_campaign", campaign_number=3, **arguments, preview=shown["preview"])
        body = {**arguments, "ends_at": "2099-01-08T23:59:59Z"}
        assert case.writes == [Sent("PATCH", f"/orgs/{ORG}/campaigns/3", {}, body)]
        assert shown["request"] == {"method": "PATCH", "path": f"/orgs/{ORG}/campaigns/3", "body": body}


@pytest.mark.anyio
async def test_a_preview_needs_no_client_that_can_ask(era: str, yes_or_no: GuardedCall) -> None:
    async with serving(era, yes_or_no) as case:
        shown = await yes_or_no.done(case, dry_run=True)
        assert shown["would_ask"].endswith("Go on?")
        assert case.writes == []
        assert "cannot ask" in await yes_or_no.refused(case, preview=shown["preview"])


@pytest.mark.anyio
async def test_a_preview_confirms_nothing(era: str, yes_or_no: GuardedCall) -> None:
    async with serving(era, yes_or_no, person=decline()) as case:
        shown = await yes_or_no.done(case, dry_run=True)
        await yes_or_no.refused(case, preview=shown["preview"])
        assert len(case.asked) == 1


@pytest.mark.anyio
async def test_previewing_twice_gives_the_same_digest(era: str, yes_or_no: GuardedCall) -> None:
    async with serving(era, yes_or_no) as case:
        first = await yes_or_no.done(case, dry_run=True)
        assert await yes_or_no.done(case, dry_run=True, preview="not looked at") == first


@pytest.mark.anyio
async def test_an_unknown_digest_is_refused_before_anyone_is_asked(era: str, yes_or_no: GuardedCall) -> None:
    async with serving(era, yes_or_no, person=agreeing(yes_or_no)) as case:
        await yes_or_no.done(case, dry_run=True)
        for wrong in ("", "0" * 16, "null", "latest"):
            text = await yes_or_no.refused(case, preview=wrong)
            assert CHANGED in text
            assert names_no_digest(text)
        assert case.asked == []


_OTHER_ARGUMENTS: list[tuple[GuardedCall, dict[str, Any]]] = [
    (PUBLISH, {"name": "Another name"}),
    (PUBLISH, {"description": "Another description"}),
    (PUBLISH, {"ends_at": "2099-01-09"}),
    (PUBLISH, {"managers": ["mona-lisa"]}),
    (PUBLISH, {"managers": []}),
    (PUBLISH, {"team_managers": ["appsec"]}),
    (PUBLISH, {"contact_link": "https://example.com/"}),
    (PUBLISH, {"generate_issues": True}),
    (PUBLISH, {"alerts": [{"repository_id": 41001, "alert_numbers": [1]}]}),
    (PUBLISH, {"org": "octo-labs"}),
    (CHANGE, {"description": "Another description"}),
    (CHANGE, {"contact_link": "https://example.com/"}),
    (CHANGE, {"name": "Path traversal"}),
    (CHANGE, {"managers": ["mona-lisa"]}),
    (CHANGE, {"state": "closed"}),
    (CHANGE, {"campaign_number": 5}),
    (CLOSE, {"ends_at": "2099-01-08"}),
    (CLOSE, {"campaign_number": 5}),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("call", "other"), _OTHER_ARGUMENTS, ids=str)
async def test_a_preview_does_not_fit_other_arguments(call: GuardedCall, other: dict[str, Any]) -> None:
    async with serving(confirm="never") as case:
        arguments = call.arguments_in(case.sandbox)
        shown = await case.done(call.tool, **arguments, dry_run=True)
        changed = {**arguments, **other}
        text = await case.refused(call.tool, **changed, preview=shown["preview"])
        assert CHANGED in text
        assert text.endswith(call.not_done.replace(str(NUMBER), str(changed.get("campaign_number", NUMBER))))
        assert case.writes == []
        assert names_no_digest(text)


@pytest.mark.anyio
async def test_a_preview_of_one_tool_does_not_fit_another(era: str) -> None:
    async with serving(era, confirm="never") as case:
        created = (await PUBLISH.done(case, dry_run=True))["preview"]
        changed = (await CHANGE.done(case, dry_run=True))["preview"]
        assert CHANGED in await CHANGE.refused(case, preview=created)
        assert CHANGED in await PUBLISH.refused(case, preview=changed)


@pytest.mark.anyio
async def test_a_preview_of_a_campaign_does_not_fit_one_that_took_its_place(era: str) -> None:
    async with serving(era, confirm="never") as case:
        shown = await CHANGE.done(case, dry_run=True)
        recreate(case.sandbox)
        assert CHANGED in await CHANGE.refused(case, preview=shown["preview"])


def _describe(sandbox: Sandbox) -> None:
    campaign_in(sandbox).description = "Somebody else's words."


def _link(sandbox: Sandbox) -> None:
    campaign_in(sandbox).contact_link = "https://example.com/"


@pytest.mark.anyio
@pytest.mark.parametrize("move", [_describe, _link])
async def test_a_preview_does_not_fit_a_campaign_whose_changing_fields_moved(
    era: str, move: Callable[[Sandbox], None]
) -> None:
    async with serving(era, confirm="never") as case:
        shown = await CHANGE.done(case, dry_run=True)
        move(case.sandbox)
        text = await CHANGE.refused(case, preview=shown["preview"])
        assert CHANGED in text
        again = await CHANGE.done(case, dry_run=True)
        assert names_no_digest(text)
        await CHANGE.done(case, preview=again["preview"])
        assert case.writes == [CHANGE.write_in(case.sandbox)]


@pytest.mark.anyio
@pytest.mark.parametrize("move", [rename, move_end, recreate])
async def test_a_preview_does_not_fit_when_the_question_would_differ(era: str, move: Callable[[Sandbox], None]) -> None:
    async with serving(era, person=agreeing(CLOSE)) as case:
        shown = await CLOSE.done(case, dry_run=True)
        move(case.sandbox)
        assert CHANGED in await CLOSE.refused(case, preview=shown["preview"])
        assert case.asked == []


@pytest.mark.anyio
async def test_counts_and_updated_at_do_not_spoil_a_preview(era: str, yes_or_no: GuardedCall) -> None:
    options = SandboxOptions(touch_updated_at=True)
    async with serving(era, yes_or_no, person=agreeing(yes_or_no), options=options) as case:
        shown = await yes_or_no.done(case, dry_run=True)
        expected = yes_or_no.write_in(case.sandbox)
        used = {
            (pair["repository_id"], number)
            for pair in (expected.body or {}).get("code_scanning_alerts", [])
            for number in pair["alert_numbers"]
        }
        key = next(key for key in campaign_in(case.sandbox).alerts if key not in used)
        case.sandbox.state.close_alert(*key)
        await yes_or_no.done(case, preview=shown["preview"])
        assert case.writes == [expected]


@pytest.mark.anyio
async def test_a_campaign_that_changes_between_question_and_answer_spoils_the_preview_too(era: str) -> None:
    async with serving(era, person=agreeing(CLOSE)) as case:
        assert case.person is not None
        shown = await CLOSE.done(case, dry_run=True)
        case.person.meanwhile = once(lambda: rename(case.sandbox))
        text = await CLOSE.refused(case, preview=shown["preview"])
        assert CHANGED in text if era == MODERN else "changed while it was being confirmed (name)" in text
        assert len(case.asked) == 1


@pytest.mark.anyio
async def test_a_preview_says_nothing_of_deleting() -> None:
    async with serving() as case:
        for argument in ({"dry_run": True}, {"preview": "0" * 16}):
            assert "there is no such argument" in await case.refused(
                "delete_campaign", campaign_number=NUMBER, **argument
            )
        assert case.sent == []


@pytest.mark.anyio
@pytest.mark.parametrize("value", ["true", 1, None, "yes"])
async def test_only_true_itself_asks_for_a_preview(value: object) -> None:
    async with by_hand(CLOSE) as client:
        result = await client.case.call("update_campaign", **client.arguments, dry_run=value)
        assert result.is_error
        assert client.case.writes == []


def test_a_digest_does_not_depend_on_the_order_of_facts() -> None:
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})


def test_different_facts_have_different_digests() -> None:
    facts: list[dict[str, object]] = [{}, {"a": 1}, {"a": "1"}, {"a": None}, {"a": [1]}, {"a": "é"}, {"a": "\ud800"}]
    digests = {digest(fact) for fact in facts}
    assert len(digests) == len(facts)
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in digests)


def test_without_a_preview_nothing_is_held_to_it() -> None:
    check_preview(MISSING, "0123456789abcdef")


def test_spaces_around_a_digest_do_not_matter() -> None:
    check_preview(" 0123456789abcdef\n", "0123456789abcdef")


@pytest.mark.parametrize("given", ["", "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0"])
def test_any_other_digest_is_refused_without_handing_out_the_current_one(given: str) -> None:
    with pytest.raises(Refused) as caught:
        check_preview(given, "0123456789abcdef")
    assert names_no_digest(str(caught.value))
