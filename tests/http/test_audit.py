"""Over HTTP the records say who called, and hold nobody's token."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.domain.audit import AuditRecord
from server.http.settings import ServeSettings
from server.sandbox.options import ADMIN_TOKEN
from tests.guards.scenarios import ALWAYS_ASKED, NUMBER, GuardedCall, agreeing
from tests.harness import ORG, Case
from tests.http.service import READ, WRITE, client_of, connected_by_hand, make_token, post, replica, request_of
from tests.tools.audited import kept

pytestmark = pytest.mark.anyio


def told(record: AuditRecord) -> tuple[str, str | None, str | None]:
    return record.outcome, record.caller, record.caller_subject


@pytest.mark.parametrize("call", ALWAYS_ASKED, ids=str)
async def test_the_caller_is_recorded_and_no_token_is(era: str, tmp_path: Path, call: GuardedCall) -> None:
    token = make_token(tmp_path / "tokens", "anna", READ, WRITE)
    store, log = tmp_path / "kept" / "store", tmp_path / "log"
    serve = ServeSettings(tokens=tmp_path / "tokens")
    with replica(serve, store=store, audit="required", audit_log=log) as running:
        async with client_of(running.url, era, token, agreeing(call)) as client:
            case = Case(client, running.sandbox, running.recorder, None)
            await call.done(case)
            await case.refused("update_campaign", campaign_number=NUMBER, name="New", preview="made up")
    assert [told(record) for record in await kept(store)] == [
        ("done", "anna", "anna"),
        ("failed" if call.tool == "delete_campaign" else "refused", "anna", "anna"),
    ]
    for file in (*store.parent.iterdir(), log):
        assert token.encode() not in file.read_bytes()
        assert ADMIN_TOKEN.encode() not in file.read_bytes()


async def test_a_write_without_the_scope_is_recorded_as_refused(era: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "tokens", "bert", READ)
    store = tmp_path / "store"
    with replica(ServeSettings(tokens=tmp_path / "tokens"), store=store, audit="required") as running:
        headers = connected_by_hand(running.url, era, token)
        arguments = {"campaign_number": NUMBER, "name": "x" * 100, "colour": "red"}
        call = request_of(era, "tools/call", name="update_campaign", arguments=arguments)
        assert post(running.url, call, headers).status_code == 403
    [record] = await kept(store)
    assert told(record) == ("refused", "bert", "bert")
    assert (record.tool, record.org, record.campaign_number) == ("update_campaign", ORG, NUMBER)
    assert (record.why, record.change) == ("The caller may only read.", {})
