"""Every attempted write leaves a record, which is there before the request leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from server.domain.audit import AuditRecord
from server.signin.caller import Caller, signed_in
from tests.guards.scenarios import (
    CHANGE,
    CLOSE,
    DECLINED,
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    GuardedCall,
    agreeing,
    by_hand,
    rename,
    serving,
)
from tests.harness import ORG, Person, Sent, connected, open_pairs
from tests.store.samples import rows
from tests.tools.audited import confirmation_of, kept, the_one
from tests.tools.expected import frozen

pytestmark = pytest.mark.anyio

ANNA = Caller("Anna", "user-1", "client", "https://issuer.example", frozenset({"campaigns:write"}), None, 2**40)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


async def test_a_write_that_was_done_is_recorded_with_what_github_answered(
    era: str, path: Path, guarded: GuardedCall
) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path) as case:
        await guarded.done(case)
    record = await the_one(path)
    assert (record.outcome, record.tool, record.org) == ("done", guarded.tool, ORG)
    assert (record.confirmation, record.account, record.caller) == (confirmation_of(guarded), "octo-bot", None)
    assert record.status in (200, 201, 204)
    assert record.request_id
    assert record.ended_at is not None
    assert record.at <= record.ended_at


async def test_the_record_of_a_deletion_holds_the_whole_campaign(path: Path) -> None:
    sandbox = frozen()
    before = sandbox.state.campaign(ORG, NUMBER)
    async with serving(person=agreeing(DELETE), store=path, sandbox=sandbox) as case:
        await DELETE.done(case)
    record = await the_one(path)
    assert record.campaign_number == NUMBER
    assert record.before is not None
    assert record.after is None
    assert record.before["name"] == before.name
    assert record.before["description"] == before.description
    assert record.before["ends_at"] == f"{before.ends_at:%Y-%m-%dT%H:%M:%SZ}"
    assert record.before["alert_stats"] == sandbox.state.organization(ORG).stats(before)._asdict()


async def test_the_record_of_a_change_holds_the_changed_fields_before_and_after(path: Path) -> None:
    sandbox = frozen()
    before = sandbox.state.campaign(ORG, NUMBER).description
    async with serving(call=CHANGE, person=agreeing(CHANGE), store=path, sandbox=sandbox) as case:
        await CHANGE.done(case)
    record = await the_one(path)
    assert record.change == {"description": "Check every path.", "contact_link": None}
    assert record.before is not None
    assert record.after is not None
    assert record.before["description"] == before
    assert record.after == record.change


async def test_the_record_of_a_creation_counts_its_alerts_by_repository(era: str, path: Path) -> None:
    async with serving(era, person=agreeing(OPEN_ISSUES), store=path) as case:
        pairs = open_pairs(case.sandbox)
        await OPEN_ISSUES.done(case)
    record = await the_one(path)
    assert record.campaign_number == 7
    assert record.change["code_scanning_alerts"] == {
        str(pair["repository_id"]): len(pair["alert_numbers"]) for pair in pairs
    }
    assert record.change["name"] == OPEN_ISSUES.arguments["name"]
    assert record.after is not None
    assert record.after["name"] == OPEN_ISSUES.arguments["name"]


async def test_the_record_of_a_creation_from_a_filter_names_filter_and_repositories(path: Path) -> None:
    wanted = {"template": "cross-site-scripting", "repositories": ["payments-*"]}
    given = {"name": "XSS", "description": "Encode.", "ends_at": "2099-01-08", "filter": wanted}
    async with connected(sandbox=frozen(), store=path) as case:
        preview = await case.done("create_campaign", **given, dry_run=True)
        await case.done("create_campaign", **given, preview=preview["preview"])
    record = await the_one(path)
    assert record.change["filter"] == wanted
    assert set(record.change["code_scanning_alerts"]) == {"payments-web", "payments-admin", "payments-api"}
    assert sum(record.change["code_scanning_alerts"].values()) == 11
    assert record.confirmation == "not required"


async def test_the_intent_is_on_the_disk_when_the_request_arrives(era: str, path: Path, guarded: GuardedCall) -> None:
    found: list[tuple[Any, ...]] = []

    async def look(sent: Sent) -> None:
        if sent.method != "GET":
            found.extend(rows(path, "SELECT tool, outcome, account, confirmation, ended_at FROM audit"))

    async with serving(era, person=agreeing(guarded), store=path) as case:
        case.recorder.hook = look
        await guarded.done(case)
    assert found == [(guarded.tool, "intended", "octo-bot", confirmation_of(guarded), None)]


async def test_a_no_is_recorded_as_refused(era: str, path: Path, guarded: GuardedCall) -> None:
    async with serving(era, guarded, person=Person(DECLINED), store=path) as case:
        await guarded.refused(case)
    record = await the_one(path)
    assert (record.outcome, record.tool, record.why) == ("refused", guarded.tool, "Not confirmed (declined).")
    assert (record.status, record.confirmation) == (None, None)
    assert record.campaign_number == guarded.arguments.get("campaign_number")


@pytest.mark.parametrize("sent", [list, json.dumps], ids=["as a list", "as text"])
async def test_a_refusal_counts_the_alerts_it_was_about(path: Path, sent: Callable[[Any], Any]) -> None:
    async with serving(person=Person(DECLINED), store=path) as case:
        pairs = open_pairs(case.sandbox)
        await OPEN_ISSUES.refused(case, alerts=sent(pairs))
    record = await the_one(path)
    assert record.change["alerts"] == {str(pair["repository_id"]): len(pair["alert_numbers"]) for pair in pairs}


async def test_a_campaign_that_changed_meanwhile_is_recorded_as_refused(path: Path) -> None:
    async with serving("2025-11-25", person=(person := agreeing(DELETE)), store=path) as case:
        person.meanwhile = lambda: rename(case.sandbox)
        await DELETE.refused(case)
    record = await the_one(path)
    assert record.outcome == "refused"
    assert "changed while it was being confirmed (name)" in (record.why or "")


async def test_an_answer_that_was_used_already_is_recorded_as_refused(path: Path) -> None:
    async with by_hand(CLOSE, store=path) as client:
        question = await client.ask()
        await client.accept(question)
        await client.accept(question)
    assert [record.outcome for record in await kept(path)] == ["done", "refused"]


async def test_an_organization_that_may_not_be_named_is_recorded_as_refused(era: str, path: Path) -> None:
    async with connected(era, store=path, allow_orgs=(ORG,)) as case:
        await case.refused("delete_campaign", org="Other-Org", campaign_number=NUMBER)
        assert case.sent == []
    record = await the_one(path)
    assert (record.outcome, record.org, record.campaign_number) == ("refused", "other-org", NUMBER)
    assert "does not allow organization Other-Org" in (record.why or "")


async def test_a_write_where_nobody_may_write_is_recorded_as_refused_without_its_arguments(path: Path) -> None:
    async with connected(store=path, read_only=True) as case:
        await case.refused("update_campaign", campaign_number="no number", org="no/org", name="anything")
    record = await the_one(path)
    assert (record.outcome, record.why, record.org) == ("refused", "This server only reads.", ORG)
    assert (record.campaign_number, record.change) == (None, {})


@pytest.mark.parametrize(("given", "kept_as"), [(6, 6), (6.0, 6), (True, None), (6.5, None), (-1, None), ([6], None)])
async def test_the_number_of_a_refused_call_is_recorded_where_it_is_one(
    path: Path, given: object, kept_as: int | None
) -> None:
    async with connected(store=path, read_only=True) as case:
        await case.refused("delete_campaign", campaign_number=given)
    assert (await the_one(path)).campaign_number == kept_as


async def test_previews_and_reads_are_no_attempts(era: str, path: Path) -> None:
    async with connected(era, store=path) as case:
        await case.refused("update_campaign", campaign_number=NUMBER, colour="red", dry_run=True)
        await case.refused("get_campaign", campaign_number=0)
        await case.done("update_campaign", campaign_number=NUMBER, name="New", dry_run=True)
        await case.refused("update_campaign", campaign_number=99, name="New", dry_run=True)
        await case.done("list_campaigns")
        await case.refused("get_campaign", campaign_number=99)
    assert not path.exists() or await kept(path) == []


async def test_who_signed_in_is_recorded(path: Path) -> None:
    async with connected(store=path, confirm="never") as case:
        token = auth_context_var.set(AuthenticatedUser(signed_in(ANNA)))
        try:
            server = case.client
            await server.call_tool("delete_campaign", {"campaign_number": NUMBER})
        finally:
            auth_context_var.reset(token)
    record = await the_one(path)
    assert (record.caller, record.caller_subject, record.caller_issuer) == ("Anna", "user-1", "https://issuer.example")
    assert (record.confirmation, record.account) == ("not required", "octo-bot")


def moments(records: list[AuditRecord]) -> list[datetime]:
    return [record.at for record in records]


async def test_records_of_one_moment_keep_the_order_of_the_calls(path: Path) -> None:
    async with connected(store=path, sandbox=frozen()) as case:
        for number in range(1, 6):
            await case.done("update_campaign", campaign_number=NUMBER, name=f"Name {number}")
    records = await kept(path)
    assert [record.change["name"] for record in records] == [f"Name {number}" for number in range(1, 6)]
    assert len(set(moments(records))) == 5
