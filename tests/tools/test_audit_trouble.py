"""When the store fails, and what is never written: a secret. And lines of JSON beside the store."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from server.domain.audit import AuditRecord
from server.errors import ConfigurationError, StoreFailed
from server.sandbox.options import ADMIN_TOKEN
from server.settings import Settings
from server.store.audit_trail import AuditTrail
from server.store.records import Intent, Publication
from server.store.store import Store
from tests.guards.scenarios import (
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    GuardedCall,
    agreeing,
    once,
    serving,
)
from tests.harness import ORG, connected
from tests.tools.audited import failing, kept, the_one
from tests.tools.expected import frozen

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


def nowhere(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("no folder")
    return tmp_path / "file" / "store.sqlite3"


async def test_a_store_that_fails_costs_the_record_and_a_note_but_not_the_write(
    era: str, tmp_path: Path, guarded: GuardedCall
) -> None:
    async with serving(era, person=agreeing(guarded), store=nowhere(tmp_path)) as case:
        done = await guarded.done(case)
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


async def test_where_the_audit_is_required_nothing_is_published_that_could_not_be_settled(
    era: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails for a moment, after it has written the publication down or before."""
    intend = Store.intend

    async def lose(self: Store, publication: Publication, key: int | None = None) -> Intent:
        await intend(self, publication, key)
        raise StoreFailed("The store went away.", "Try again.")

    monkeypatch.setattr(Store, "intend", lose)
    async with connected(era, store=path, audit="required", sandbox=frozen()) as case:
        given = {**OPEN_ISSUES.arguments_in(case.sandbox), "generate_issues": False}
        text = await case.refused("create_campaign", **given)
        assert case.writes == []
        assert text.startswith("What is to be published could not be written down, so nothing was sent. The store went")
        monkeypatch.setattr(Store, "intend", intend)
        await case.done("create_campaign", **given)  # no rival is left
    assert [record.outcome for record in await kept(path)] == ["refused", "done"]


@pytest.mark.parametrize("committed", [True, False])
async def test_an_attempt_whose_record_may_be_lost_is_one_record_and_one_line(
    era: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    attempt, log = AuditTrail.attempt, tmp_path / "audit.jsonl"

    async def lose(self: AuditTrail, record: AuditRecord) -> None:
        if committed:
            await attempt(self, record)
        raise StoreFailed("The store went away while it committed.")

    monkeypatch.setattr(AuditTrail, "attempt", lose)
    async with connected(era, store=path, audit="required", audit_log=log) as case:
        await case.refused("update_campaign", campaign_number=NUMBER, name="New")
        assert case.writes == []
    record = await the_one(path)
    assert (record.outcome, record.confirmation, record.account) == ("refused", "not required", "octo-bot")
    assert (record.why or "").startswith("The audit record could not be written, so nothing was sent.")
    assert [json.loads(line)["id"] for line in log.read_text().splitlines()] == [str(record.key)]


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
