"""What nobody knew the outcome of is settled by looking, when a list or a write comes next."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from server.domain.audit import AuditRecord, json_line
from server.sandbox.options import ADMIN_TOKEN
from server.settings import Settings
from server.store.audit_trail import AuditTrail
from server.store.records import KeptAlert, Publication
from server.store.store import Store
from tests.guards.scenarios import (
    CLOSE,
    CLOSED_NUMBER,
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    GuardedCall,
    agreeing,
    delete,
    serving,
)
from tests.harness import ORG, Sent, connected, open_pairs, text_of
from tests.tools.audited import Later, kept, lost, the_one
from tests.tools.expected import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


async def write_unknown(path: Path, world: Later, call: GuardedCall, *, done: bool) -> None:
    """Make a write whose answer is lost, and which GitHub carried out or not."""
    async with serving(call=call, person=agreeing(call), store=path, sandbox=world.sandbox, patience=0.0) as case:

        async def cut(sent: Sent) -> httpx.Response | None:
            if sent.method == "GET" and case.writes:
                return httpx.Response(503)  # a creation would be found otherwise
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
    [(DELETE, True, "done"), (DELETE, False, "failed"), (CLOSE, True, "done"), (CLOSE, False, "failed")],
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


@pytest.mark.parametrize(("done", "outcome"), [(True, "done"), (False, "unknown")])
async def test_the_next_list_settles_a_creation_with_its_publication(path: Path, done: bool, outcome: str) -> None:
    world = Later()
    await write_unknown(path, world, OPEN_ISSUES, done=done)
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
    record = await the_one(path)
    assert (record.outcome, record.campaign_number) == (outcome, 7 if done else None)
    seen = "As found later: GitHub lists the campaign." if done else "Looked at later: GitHub lists no campaign that "
    assert (record.why or "").startswith(seen)


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


@pytest.mark.parametrize("done", [True, False])
async def test_a_deletion_whose_process_died_is_settled_by_the_next_list(era: str, path: Path, done: bool) -> None:
    world = Later()
    store = Store.from_settings(Settings(store=path))
    await store.audit.attempt(AuditRecord(ORG, "delete_campaign", NOON, campaign_number=NUMBER))
    await store.aclose()
    if done:
        delete(world.sandbox)
    world.pass_time(minutes=3)
    async with connected(era, sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
        assert case.writes == []
    record = await the_one(path)
    assert record.outcome == ("done" if done else "failed")
    assert (record.why or "").startswith("As found later: ")


async def test_a_deletion_that_another_call_made_is_not_taken_for_that_of_a_process_that_died(path: Path) -> None:
    world = Later()
    async with connected(sandbox=world.sandbox, store=path, confirm="never") as case:
        await case.done("delete_campaign", campaign_number=NUMBER)
    [made] = await kept(path)
    store = Store.from_settings(Settings(store=path))
    await store.audit.attempt(
        AuditRecord(ORG, "delete_campaign", NOON, campaign_number=NUMBER, confirmation="typed", before=made.before)
    )
    await store.aclose()
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
    assert sorted((record.outcome, record.why) for record in await kept(path)) == [
        ("done", None),
        ("failed", "As found later: the campaign is gone, and another call deleted it."),
    ]


@pytest.mark.parametrize("done", [True, False])
async def test_a_creation_whose_process_died_is_settled_with_its_publication(path: Path, done: bool) -> None:
    world = Later()
    record = AuditRecord(ORG, "create_campaign", NOON)
    ends = datetime(2099, 1, 8, 23, 59, 59, tzinfo=UTC)
    intended = Publication(ORG, "code", "Lost", ends, (KeptAlert(41001, 1),), NOON, description="All of it.")
    store = Store.from_settings(Settings(store=path))
    await store.audit.attempt(record)
    await store.intend(intended, record.key)
    await store.aclose()
    if done:
        given = {"name": "Lost", "description": "All of it.", "ends_at": "2099-01-08"}
        async with connected(sandbox=world.sandbox) as case:
            await case.done("create_campaign", **given, alerts=open_pairs(world.sandbox))
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
    found = await the_one(path)
    assert (found.outcome, found.campaign_number) == (("done", 7) if done else ("unknown", None))
    assert (found.why or "").startswith("As found later" if done else "Looked at later")


async def test_a_creations_record_never_exists_without_what_settles_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may die at any moment, also right after the record was written."""
    there: list[int] = []
    attempt = AuditTrail.attempt

    async def looked(self: AuditTrail, record: AuditRecord) -> None:
        store = Store.from_settings(Settings(store=path))
        there.extend(each.key for each in await store.unsettled(ORG, NOON + timedelta(minutes=3)))
        await store.aclose()
        assert record.key in there
        await attempt(self, record)

    monkeypatch.setattr(AuditTrail, "attempt", looked)
    async with serving(call=OPEN_ISSUES, person=agreeing(OPEN_ISSUES), store=path, sandbox=Later().sandbox) as case:
        await OPEN_ISSUES.done(case)
    assert [(await the_one(path)).key] == there


async def test_a_change_whose_process_died_is_not_done_when_another_call_made_it(era: str, path: Path) -> None:
    world = Later()
    await lost(path, AuditRecord(ORG, "update_campaign", NOON, campaign_number=NUMBER, change={"name": "Renamed"}))
    async with connected(era, sandbox=world.sandbox, store=path) as case:
        await case.done("update_campaign", campaign_number=NUMBER, name="Renamed")
    world.pass_time(minutes=3)
    async with connected(era, sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
    dead, made = sorted(await kept(path), key=lambda record: record.status or 0)
    assert (made.outcome, dead.outcome) == ("done", "unknown")
    assert dead.why == "Looked at later: everything is as it was sent, by this call or by another like it."


async def test_of_two_changes_whose_processes_died_neither_is_done(path: Path) -> None:
    world = Later()
    one = AuditRecord(ORG, "update_campaign", NOON, campaign_number=NUMBER, change={"name": "Renamed"})
    await lost(path, one, replace(one, at=NOON + timedelta(seconds=1), key=one.key // 2))
    async with connected(sandbox=world.sandbox) as case:
        await case.done("update_campaign", campaign_number=NUMBER, name="Renamed")
    world.pass_time(minutes=3)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
    assert [record.outcome for record in await kept(path)] == ["unknown", "unknown"]


async def test_a_creation_that_somebody_else_made_in_other_words_is_not_taken_for_ours(path: Path) -> None:
    world = Later()
    record = AuditRecord(ORG, "create_campaign", NOON)
    ends = datetime(2099, 1, 8, 23, 59, 59, tzinfo=UTC)
    store = Store.from_settings(Settings(store=path))
    await store.intend(Publication(ORG, "code", "A", ends, (KeptAlert(41001, 1),), NOON, "Ours."), record.key)
    await store.audit.attempt(record)
    async with connected(sandbox=world.sandbox) as case:
        given = {"name": "A", "description": "Theirs.", "ends_at": "2099-01-08"}
        await case.done("create_campaign", **given, alerts=open_pairs(world.sandbox))
    world.pass_time(minutes=5)
    async with connected(sandbox=world.sandbox, store=path) as case:
        listed = await case.done("list_campaigns")
    assert 'whether an earlier call, which did not finish, published "A"' in listed["note"]
    found = await the_one(path)
    assert (found.outcome, found.campaign_number) == ("unknown", None)
    assert (found.why or "").startswith("Looked at later: What GitHub lists does not tell")
    assert await store.alerts_of(ORG, 7) is None
    await store.aclose()


@pytest.mark.parametrize("done", [True, False])
async def test_what_was_settled_is_appended_to_the_log_once(era: str, path: Path, tmp_path: Path, done: bool) -> None:
    world, log = Later(), tmp_path / "audit.jsonl"
    deletion = AuditRecord(ORG, "delete_campaign", NOON, campaign_number=NUMBER, caller="anna", confirmation="typed")
    creation = AuditRecord(ORG, "create_campaign", NOON)
    await lost(path, deletion, creation)
    if done:
        delete(world.sandbox)
    world.pass_time(minutes=3)
    for _ in range(2):
        async with connected(era, sandbox=world.sandbox, store=path, audit_log=log) as case:
            await case.done("list_campaigns")
    lines = {line["id"]: line for line in map(json.loads, log.read_text().splitlines())}
    assert len(log.read_text().splitlines()) == 2
    line = lines[str(deletion.key)]
    assert (line["outcome"], line["caller"], line["confirmation"]) == ("done" if done else "failed", "anna", "typed")
    assert line["why"].startswith("As found later: the campaign is ")
    assert lines[str(creation.key)]["outcome"] == "unknown"
    for record in await kept(path):
        assert json_line(record, "api.github.com") in log.read_text()


async def test_lists_that_follow_each_other_look_once(path: Path) -> None:
    world = Later()
    await write_unknown(path, world, DELETE, done=False)
    async with connected(sandbox=world.sandbox, store=path) as case:
        await case.done("list_campaigns")
        world.pass_time(minutes=3)
        await case.done("list_campaigns")
        assert [sent.path for sent in case.sent] == [f"/orgs/{ORG}/campaigns"] * 2
