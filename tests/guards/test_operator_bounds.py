"""What the operator decides: who is asked about what, which tools exist, which organizations can be named."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import MISSING

from server.errors import InvalidInput, Refused
from server.guards.policy import Effect, Policy
from server.settings import ConfirmPolicy, Settings
from tests.guards.scenarios import (
    ASKED_FOR_WRITES,
    CHANGE,
    CLOSE,
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    PUBLISH,
    REOPEN,
    GuardedCall,
    serving,
)
from tests.harness import ORG, accept, decline, text_of

WRITE_TOOLS = ("create_campaign", "update_campaign", "delete_campaign")
READ_TOOLS = ("list_campaigns", "get_campaign", "find_alerts", "report_progress")

TABLE: list[tuple[ConfirmPolicy, Effect, bool]] = [
    ("destructive", Effect.DELETE, True),
    ("destructive", Effect.CLOSE, True),
    ("destructive", Effect.OPEN_ISSUES, True),
    ("destructive", Effect.OTHER_WRITE, False),
    ("writes", Effect.DELETE, True),
    ("writes", Effect.CLOSE, True),
    ("writes", Effect.OPEN_ISSUES, True),
    ("writes", Effect.OTHER_WRITE, True),
    ("never", Effect.DELETE, False),
    ("never", Effect.CLOSE, False),
    ("never", Effect.OPEN_ISSUES, False),
    ("never", Effect.OTHER_WRITE, False),
]


@pytest.mark.parametrize(("confirm", "effect", "asks"), TABLE)
def test_what_is_asked_follows_from_the_effect_and_the_setting(
    confirm: ConfirmPolicy, effect: Effect, asks: bool
) -> None:
    assert Policy(None, (), confirm).asks(effect) is asks


def test_the_table_above_leaves_no_effect_out() -> None:
    assert {(confirm, effect) for confirm, effect, _ in TABLE} == {
        (confirm, effect) for confirm in ("destructive", "writes", "never") for effect in Effect
    }


def test_destructive_steps_are_asked_about_unless_the_operator_says_otherwise() -> None:
    policy = Policy.from_settings(Settings())
    assert policy == Policy(default_org=None, allow_orgs=(), confirm="destructive")


def test_the_policy_is_what_was_configured() -> None:
    settings = Settings(org="a", allow_orgs=("a", "b"), confirm="writes")
    assert Policy.from_settings(settings) == Policy("a", ("a", "b"), "writes")


def test_a_named_organization_wins_over_the_default() -> None:
    policy = Policy("octo-org", (), "destructive")
    assert policy.org("octo-labs") == "octo-labs"
    assert policy.org(MISSING) == "octo-org"


def test_one_call_is_about_twenty_organizations_at_most() -> None:
    many = tuple(f"octo-{number}" for number in range(21))
    assert Policy(None, many[:20], "destructive").orgs(MISSING) == list(many[:20])
    policy = Policy(None, many, "destructive")
    with pytest.raises(InvalidInput, match=r"21 organizations may be named, of which one call reads at most 20\. Name"):
        policy.orgs(MISSING)
    assert policy.orgs("octo-20") == ["octo-20"]
    with pytest.raises(Refused, match=r"Allowed: octo-0, .*octo-19, and 1 more\.$"):
        policy.org("elsewhere")


def test_no_organization_at_all_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(InvalidInput, match=r"`org` is missing and .* start the server with --org\."):
        Policy(None, ("octo-org",), "never").org(MISSING)


@pytest.mark.parametrize("org", ["octo-org", "OCTO-ORG", "Octo-Labs"])
def test_allowed_organizations_may_be_written_in_any_case(org: str) -> None:
    assert Policy(None, ("Octo-Org", "octo-labs"), "never").org(org) == org


@pytest.mark.parametrize("org", ["octo", "octo-org2", "octo-labs", ""])
def test_an_organization_that_is_not_allowed_is_refused_with_those_that_are(org: str) -> None:
    with pytest.raises(Refused, match=r"does not allow organization .* here\. Allowed: octo-org, hub-org\."):
        Policy(None, ("octo-org", "hub-org"), "never").org(org)


def test_the_default_is_bounded_too() -> None:
    with pytest.raises(Refused):
        Policy("octo-labs", ("octo-org",), "never").org(MISSING)


@pytest.mark.anyio
async def test_confirm_never_asks_nothing(era: str, guarded: GuardedCall) -> None:
    async with serving(era, guarded, person=decline(), confirm="never") as case:
        expected = guarded.write_in(case.sandbox)
        await guarded.done(case)
        assert case.writes == [expected]
        assert case.asked == []


@pytest.mark.anyio
@pytest.mark.parametrize("call", ASKED_FOR_WRITES, ids=str)
async def test_confirm_destructive_does_not_ask_for_other_writes(era: str, call: GuardedCall) -> None:
    async with serving(era, person=decline(), confirm="destructive") as case:
        expected = call.write_in(case.sandbox)
        await call.done(case)
        assert case.writes == [expected]
        assert case.asked == []


@pytest.mark.anyio
async def test_a_client_that_cannot_ask_can_make_every_write_that_is_not_asked_about(era: str) -> None:
    async with serving(era, confirm="never") as case:
        for call in (CHANGE, CLOSE, DELETE, OPEN_ISSUES):
            await call.done(case)
        assert [write.method for write in case.writes] == ["PATCH", "PATCH", "DELETE", "POST"]
    async with serving(era) as case:
        for call in (CHANGE, REOPEN, PUBLISH):
            await call.done(case)
        assert [write.method for write in case.writes] == ["PATCH", "PATCH", "POST"]


@pytest.mark.anyio
async def test_issues_set_to_false_are_not_asked_about(era: str) -> None:
    async with serving(era, person=decline()) as case:
        expected = PUBLISH.write_in(case.sandbox)
        await PUBLISH.done(case, generate_issues=False)
        assert case.writes == [expected]
        assert case.asked == []


@pytest.mark.anyio
@pytest.mark.parametrize("confirm", ["destructive", "writes", "never"])
async def test_reading_is_never_asked_about(era: str, confirm: str) -> None:
    async with serving(era, person=decline(), confirm=confirm) as case:
        await case.done("list_campaigns")
        await case.done("get_campaign", campaign_number=NUMBER)
        assert case.asked == []
        assert case.writes == []


@pytest.mark.anyio
async def test_read_only_lists_no_write_tool(era: str) -> None:
    async with serving(era, read_only=True) as case:
        listed = await case.client.list_tools()
        assert tuple(tool.name for tool in listed.tools) == READ_TOOLS


@pytest.mark.anyio
async def test_read_only_refuses_a_write_tool_as_one_that_does_not_exist(era: str, guarded: GuardedCall) -> None:
    async with serving(era, person=accept(**guarded.yes), read_only=True, confirm="never") as case:
        result = await guarded.call(case)
        unknown = await case.call("no_such_tool", **guarded.arguments_in(case.sandbox))
        assert text_of(result) == f"Unknown tool: {guarded.tool}"
        assert text_of(unknown) == "Unknown tool: no_such_tool"
        assert result.model_copy(update={"content": []}) == unknown.model_copy(update={"content": []})
        assert case.sent == []
        assert case.asked == []


@pytest.mark.anyio
async def test_read_only_tells_nothing_about_a_hidden_tools_arguments(era: str) -> None:
    attempts: list[dict[str, Any]] = [{}, {"nonsense": 1}, {"campaign_number": "x"}, {"dry_run": True}]
    async with serving(era, read_only=True) as case:
        for tool in WRITE_TOOLS:
            for arguments in attempts:
                assert await case.refused(tool, **arguments) == f"Unknown tool: {tool}"
        assert case.sent == []


@pytest.mark.anyio
async def test_read_only_still_reads(era: str) -> None:
    async with serving(era, read_only=True) as case:
        assert (await case.done("get_campaign", campaign_number=NUMBER))["number"] == NUMBER


@pytest.mark.anyio
async def test_without_read_only_every_tool_is_listed(era: str) -> None:
    async with serving(era) as case:
        listed = await case.client.list_tools()
        assert sorted(tool.name for tool in listed.tools) == sorted([*READ_TOOLS, *WRITE_TOOLS])


@pytest.mark.anyio
async def test_an_organization_that_is_not_allowed_is_refused_before_anything_is_sent(
    era: str, guarded: GuardedCall
) -> None:
    bounds = {"org": None, "allow_orgs": ("octo-labs", "octo-hub"), "person": accept(**guarded.yes)}
    async with serving(era, guarded, **bounds) as case:
        text = await guarded.refused(case, org=ORG)
        assert f"The operator does not allow organization {ORG} here. Allowed: octo-labs, octo-hub." in text
        assert case.sent == []
        assert case.asked == []


@pytest.mark.anyio
async def test_an_organization_that_is_not_allowed_cannot_be_read(era: str) -> None:
    async with serving(era, org=None, allow_orgs=("octo-labs",)) as case:
        for text in (
            await case.refused("list_campaigns", org=ORG),
            await case.refused("get_campaign", org=ORG, campaign_number=NUMBER),
        ):
            assert text == f"The operator does not allow organization {ORG} here. Allowed: octo-labs."
        assert case.sent == []


@pytest.mark.anyio
async def test_an_allowed_organization_works_in_any_case(era: str) -> None:
    async with serving(era, org=None, allow_orgs=("Octo-Org",), confirm="never") as case:
        await CLOSE.done(case, org=ORG)
        await DELETE.done(case, org="OCTO-ORG")
        assert [write.path for write in case.writes] == [CLOSE.path, f"/orgs/OCTO-ORG/campaigns/{NUMBER}"]


@pytest.mark.anyio
async def test_the_default_organization_is_only_a_default(era: str) -> None:
    async with serving(era, org="octo-labs") as case:
        assert (await case.done("list_campaigns"))["org"] == "octo-labs"
        assert (await case.done("list_campaigns", org=ORG))["org"] == ORG


@pytest.mark.anyio
async def test_without_an_organization_nothing_is_sent(era: str, guarded: GuardedCall) -> None:
    async with serving(era, guarded, org=None, person=accept(**guarded.yes)) as case:
        result = await guarded.call(case)
        assert result.is_error
        assert "`org` is missing" in text_of(result)
        assert text_of(result).endswith("Nothing was sent to GitHub.")
        assert case.sent == []


@pytest.mark.anyio
async def test_no_argument_lets_a_model_choose_who_is_asked(era: str) -> None:
    async with serving(era, person=decline()) as case:
        for tool in (await case.client.list_tools()).tools:
            properties = set(tool.input_schema["properties"])
            assert not {name for name in properties if "confirm" in name or "answer" in name or "ok" in name.split("_")}
        for argument in ("confirm", "confirmed", "force", "yes", "read_only", "allow_orgs"):
            result = await case.call("update_campaign", campaign_number=NUMBER, description="x", **{argument: True})
            assert "there is no such argument" in text_of(result)
        assert case.sent == []
