"""Every attempted write leaves a record, which is there before the request leaves and holds no secret."""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from server.domain.audit import AuditRecord
from server.errors import ConfigurationError
from server.sandbox.app import create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from server.signin.caller import Caller, signed_in
from server.store.store import Store
from tests.guards.scenarios import (
    CHANGE,
    CLOSE,
    CLOSED_NUMBER,
    DECLINED,
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    GuardedCall,
    agreeing,
    by_hand,
    once,
    rename,
    serving,
)
from tests.harness import ORG, Hook, Person, Sent, connected, open_pairs, text_of
from tests.store.samples import rows
from tests.tools.expected import NOON, frozen

pytestmark = pytest.mark.anyio

ANNA = Caller("Anna", "user-1", "client", "https://issuer.example", frozenset({"campaigns:write"}), None, 2**40)
EACH = pytest.mark.parametrize("call", [DELETE, CLOSE, OPEN_ISSUES], ids=str)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


async def kept(path: Path) -> list[AuditRecord]:
    store = Store.from_settings(Settings(store=path))
    try:
        return [record async for page in store.audit.records() for record in page]
    finally:
        await store.aclose()


async def the_one(path: Path) -> AuditRecord:
    [record] = await kept(path)
    return record


def confirmation_of(call: GuardedCall) -> str:
    return "typed" if call.tool == "delete_campaign" else "yes"


def failing(status: int) -> Hook:
    """Make GitHub answer writes with `status`, without doing anything."""

    async def answer(sent: Sent) -> httpx.Response | None:
        told = {"x-github-request-id": "AB12:3CD4:5"}
        return None if sent.method == "GET" else httpx.Response(status, json={"message": "no"}, headers=told)

    return answer


async def lose(sent: Sent) -> httpx.Response | None:
    """Lose the answer to a write that GitHub never saw."""
    if sent.method == "GET":
        return None
    raise httpx.ReadError("cut off")


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


@EACH
async def test_the_intent_is_on_the_disk_when_the_request_arrives(era: str, path: Path, call: GuardedCall) -> None:
    found: list[tuple[Any, ...]] = []

    async def look(sent: Sent) -> None:
        if sent.method != "GET":
            found.extend(rows(path, "SELECT tool, outcome, account, confirmation, ended_at FROM audit"))

    async with serving(era, person=agreeing(call), store=path) as case:
        case.recorder.hook = look
        await call.done(case)
    assert found == [(call.tool, "intended", "octo-bot", confirmation_of(call), None)]


async def test_a_no_is_recorded_as_refused(era: str, path: Path, guarded: GuardedCall) -> None:
    async with serving(era, guarded, person=Person(DECLINED), store=path) as case:
        await guarded.refused(case)
    record = await the_one(path)
    assert (record.outcome, record.tool, record.why) == ("refused", guarded.tool, "Not confirmed (declined).")
    assert (record.status, record.confirmation) == (None, None)
    assert record.campaign_number == guarded.arguments.get("campaign_number")


async def test_a_refusal_counts_the_alerts_it_was_about(path: Path) -> None:
    async with serving(person=Person(DECLINED), store=path) as case:
        await OPEN_ISSUES.refused(case)
        pairs = open_pairs(case.sandbox)
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


async def test_arguments_that_cannot_be_used_previews_and_reads_are_no_attempts(era: str, path: Path) -> None:
    async with connected(era, store=path) as case:
        await case.refused("delete_campaign", campaign_number=0)
        await case.refused("update_campaign", campaign_number=NUMBER)
        await case.refused("update_campaign", campaign_number=NUMBER, colour="red")
        await case.done("update_campaign", campaign_number=NUMBER, name="New", dry_run=True)
        await case.refused("update_campaign", campaign_number=99, name="New", dry_run=True)
        await case.done("list_campaigns")
        await case.refused("get_campaign", campaign_number=99)
    assert not path.exists() or await kept(path) == []


@pytest.mark.parametrize("status", [403, 404, 422])
async def test_what_github_refuses_is_recorded_as_failed(
    era: str, path: Path, guarded: GuardedCall, status: int
) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path) as case:
        case.recorder.hook = failing(status)
        await guarded.call(case)
        assert len(case.writes) == 1
    record = await the_one(path)
    assert (record.outcome, record.status, record.request_id) == ("failed", status, "AB12:3CD4:5")
    assert record.why
    assert record.confirmation == confirmation_of(guarded)


async def test_what_github_does_not_answer_clearly_is_recorded_as_unknown(
    era: str, path: Path, guarded: GuardedCall
) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path, patience=0.0) as case:
        case.recorder.hook = failing(503)
        await guarded.call(case)
    record = await the_one(path)
    assert (record.outcome, record.status, record.request_id) == ("unknown", 503, "AB12:3CD4:5")
    assert "not known whether" in (record.why or "")


async def test_a_lost_answer_is_recorded_as_unknown(era: str, path: Path, guarded: GuardedCall) -> None:
    async with serving(era, guarded, person=agreeing(guarded), store=path, patience=0.0) as case:
        case.recorder.hook = lose
        await guarded.call(case)
    record = await the_one(path)
    assert (record.outcome, record.status, record.request_id) == ("unknown", None, None)


async def test_a_write_that_failed_before_it_was_sent_is_recorded_as_failed(era: str, path: Path) -> None:
    async def down(sent: Sent) -> httpx.Response:
        return httpx.Response(503)

    async with serving(era, person=(person := agreeing(CLOSE)), store=path, patience=0.0) as case:

        def go_down() -> None:
            case.recorder.hook = down

        person.meanwhile = go_down
        await CLOSE.refused(case)
    record = await the_one(path)
    assert (record.outcome, record.status) == ("failed", 503)


async def test_a_creation_whose_answer_was_lost_and_that_was_found_is_recorded_as_done(path: Path) -> None:
    async with connected(store=path, patience=0.0) as case:

        async def make_and_lose(sent: Sent) -> httpx.Response | None:
            if sent.method != "POST":
                return None
            case.recorder.hook = None
            inner = httpx.AsyncClient(transport=httpx.ASGITransport(case.sandbox), base_url="https://api.github.com")
            async with inner as client:
                await client.post(sent.path, json=sent.body, headers={"authorization": f"Bearer {ADMIN_TOKEN}"})
            return httpx.Response(502, headers={"x-github-request-id": "AB12:3CD4:5"})

        case.recorder.hook = make_and_lose
        given = {**OPEN_ISSUES.arguments_in(case.sandbox), "generate_issues": False}
        await case.done("create_campaign", **given)
    record = await the_one(path)
    assert (record.outcome, record.campaign_number) == ("done", 7)
    assert (record.status, record.request_id) == (502, "AB12:3CD4:5")
    assert "found by looking" in (record.why or "")


@EACH
async def test_a_call_given_up_while_the_write_is_under_way_is_recorded(
    era: str, path: Path, call: GuardedCall
) -> None:
    async with serving(era, person=agreeing(call), store=path) as case:
        arrived = anyio.Event()

        async def hold(sent: Sent) -> None:
            if sent.method != "GET":
                arrived.set()
                await anyio.wait_all_tasks_blocked()

        async def give_up() -> None:
            await arrived.wait()
            tasks.cancel_scope.cancel()

        case.recorder.hook = hold
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(give_up)
            await call.call(case)
        case.recorder.hook = None
        await case.done("list_campaigns")  # the store takes turns, so the ending is written when this is answered
        await anyio.wait_all_tasks_blocked()
    record = await the_one(path)
    assert record.outcome == "done"


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


# Settled by looking


class Later:
    """A world whose time the test moves on."""

    def __init__(self) -> None:
        self.now = NOON
        self.sandbox = create_sandbox(SandboxOptions(clock=lambda: self.now))

    def pass_time(self, **given: float) -> None:
        self.now += timedelta(**given)


async def write_unknown(path: Path, world: Later, call: GuardedCall, *, done: bool) -> None:
    """Make a write whose answer is lost, and which GitHub carried out or not."""
    async with serving(call=call, person=agreeing(call), store=path, sandbox=world.sandbox, patience=0.0) as case:

        async def cut(sent: Sent) -> httpx.Response | None:
            if sent.method == "GET":
                return None
            if done:
                inner = httpx.AsyncClient(
                    transport=httpx.ASGITransport(world.sandbox), base_url="https://api.github.com"
                )
                async with inner as client:
                    headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
                    await client.request(sent.method, sent.path, json=sent.body, headers=headers)
            raise httpx.ReadError("cut off")

        case.recorder.hook = cut
        result = await call.call(case)
        assert result.is_error, text_of(result)
    assert (await the_one(path)).outcome == "unknown"


@pytest.mark.parametrize(
    ("call", "done", "outcome"),
    [(DELETE, True, "done"), (DELETE, False, "failed"), (CLOSE, True, "done"), (CLOSE, False, "unknown")],
    ids=str,
)
async def test_the_next_list_settles_what_nobody_knew(
    era: str, path: Path, call: GuardedCall, done: bool, outcome: str
) -> None:
    world = Later()
    await write_unknown(path, world, call, done=done)
    world.pass_time(minutes=3)
    async with connected(era, sandbox=world.sandbox, store=path) as case:
        listed = await case.done("list_campaigns")
    record = await the_one(path)
    assert record.outcome == outcome
    assert f"of campaign {ORG}/{NUMBER}, of which nobody knew what came: {outcome}." in listed["note"]
    async with connected(era, sandbox=world.sandbox, store=path) as case:
        again = await case.done("list_campaigns")
        assert [sent.path for sent in case.sent] == [f"/orgs/{ORG}/campaigns"]
    assert "of which nobody knew" not in again["note"]


async def test_the_next_write_settles_too(path: Path) -> None:
    world = Later()
    await write_unknown(path, world, DELETE, done=True)
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("update_campaign", campaign_number=CLOSED_NUMBER, name="New name")
    assert [(record.tool, record.outcome) for record in await kept(path)] == [
        ("delete_campaign", "done"),
        ("update_campaign", "done"),
    ]


async def test_what_may_still_be_under_way_is_left_alone(path: Path) -> None:
    world = Later()
    await write_unknown(path, world, DELETE, done=True)
    world.pass_time(minutes=1)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
    assert (await the_one(path)).outcome == "unknown"


@pytest.mark.parametrize("hidden", ["campaign", "everything"])
async def test_a_campaign_that_is_hidden_with_everything_else_does_not_count_as_gone(path: Path, hidden: str) -> None:
    world = Later()
    await write_unknown(path, world, DELETE, done=False)
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:

        async def hide(sent: Sent) -> httpx.Response | None:
            looked = len([each for each in case.sent if each.path == f"/orgs/{ORG}/campaigns"]) > 1
            if sent.path.endswith(f"/{NUMBER}") or (hidden == "everything" and looked):
                return httpx.Response(404, json={"message": "Not Found"})
            return None

        case.recorder.hook = hide
        await case.done("list_campaigns")
    assert (await the_one(path)).outcome == ("done" if hidden == "campaign" else "unknown")


# When the store fails


def nowhere(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("no folder")
    return tmp_path / "file" / "store.sqlite3"


@EACH
async def test_a_store_that_fails_costs_the_record_and_a_note_but_not_the_write(
    era: str, tmp_path: Path, call: GuardedCall
) -> None:
    async with serving(era, person=agreeing(call), store=nowhere(tmp_path)) as case:
        done = await call.done(case)
        assert len(case.writes) == 1
    assert "The audit record of this call could not be kept: The store" in json.dumps(done)


async def test_where_the_audit_is_required_a_store_that_fails_costs_the_write(
    era: str, tmp_path: Path, guarded: GuardedCall
) -> None:
    path = tmp_path / "kept" / "store.sqlite3"
    async with serving(era, guarded, person=(person := agreeing(guarded)), store=path, audit="required") as case:

        def break_the_store() -> None:
            path.parent.rename(tmp_path / "moved")
            path.parent.write_text("no folder")

        path.parent.mkdir()
        person.meanwhile = once(break_the_store)
        text = await guarded.refused(case)
    assert ", so nothing was " in text
    assert "The store" in text


async def test_where_the_audit_is_required_and_cannot_be_written_nothing_is_sent(era: str, tmp_path: Path) -> None:
    async with connected(era, store=nowhere(tmp_path), audit="required") as case:
        text = await case.refused("update_campaign", campaign_number=NUMBER, name="New")
        assert case.writes == []
    assert text.startswith("The audit record could not be written, so nothing was sent. The store ")
    assert text.endswith(f"Campaign {NUMBER} was not changed.")


@pytest.mark.parametrize("given", [{"no_store": True}, {"sandbox": True}])
def test_a_required_audit_needs_a_store(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="a service makes no write without its record"):
        Settings(audit="required", **given)


async def test_without_a_store_there_is_no_record_and_no_note(era: str) -> None:
    async with serving(era, person=agreeing(DELETE)) as case:
        done = await DELETE.done(case)
    assert done["summary"].endswith('"Path traversal".')


# No secret


async def test_no_token_is_in_the_store_or_the_log(era: str, path: Path, tmp_path: Path, guarded: GuardedCall) -> None:
    canary = "ghp_" + "c4N4ry" * 6
    log = tmp_path / "audit.jsonl"
    sandbox = frozen()
    sandbox.state.campaign(ORG, NUMBER).description = f"written by somebody: {canary}"
    settings: dict[str, Any] = {"store": path, "audit_log": log, "sandbox": sandbox}
    async with serving(era, guarded, person=agreeing(guarded), **settings) as case:
        await guarded.call(case)
        case.recorder.hook = failing(422)
        await guarded.call(case)
        await case.call("update_campaign", campaign_number=NUMBER, name=canary)
        await case.call("delete_campaign", campaign_number=NUMBER, org=canary)
    assert len(await kept(path)) >= 2
    files = [each for each in (*path.parent.iterdir(), log) if each.is_file()]
    for secret in (canary, ADMIN_TOKEN):
        assert all(secret.encode() not in each.read_bytes() for each in files)


# Lines of JSON


async def test_a_line_is_appended_for_every_attempt_that_ended(era: str, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_text("")
    log.chmod(0o644)
    async with serving(era, person=agreeing(DELETE), audit_log=log, allow_orgs=(ORG,)) as case:
        await case.refused("delete_campaign", org="other", campaign_number=NUMBER)
        await DELETE.done(case)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["outcome"], line["campaign_number"]) for line in lines] == [("refused", NUMBER), ("done", NUMBER)]
    assert lines[1]["status"] == 204
    assert lines[1]["account"] == "octo-bot"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_new_log_can_only_be_read_by_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with serving(person=agreeing(DELETE), audit_log=tmp_path / "new") as case:
            await DELETE.done(case)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


async def test_lines_can_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(person=agreeing(DELETE), audit_log="-") as case:
        await DELETE.done(case)
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert json.loads(line)["outcome"] == "done"


async def test_a_log_that_cannot_be_written_costs_the_line_and_not_the_write(tmp_path: Path) -> None:
    async with serving(person=agreeing(DELETE), audit_log=tmp_path / "none" / "log") as case:
        await DELETE.done(case)
        assert len(case.writes) == 1


def moments(records: list[AuditRecord]) -> list[datetime]:
    return [record.at for record in records]


async def test_records_of_one_moment_keep_the_order_of_the_calls(path: Path) -> None:
    async with connected(store=path, sandbox=frozen()) as case:
        for number in range(1, 6):
            await case.done("update_campaign", campaign_number=NUMBER, name=f"Name {number}")
    records = await kept(path)
    assert [record.change["name"] for record in records] == [f"Name {number}" for number in range(1, 6)]
    assert len(set(moments(records))) == 5
