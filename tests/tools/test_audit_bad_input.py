"""A call of a write tool that ends before the write is recorded too, without what it was given."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from server.domain.audit import AuditRecord
from server.github.campaigns import Campaigns
from tests.guards.scenarios import NUMBER
from tests.harness import ORG, connected
from tests.tools.audited import kept, the_one

pytestmark = pytest.mark.anyio

TOKEN = "ghp_" + "c4N4ry" * 6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


def said(record: AuditRecord) -> tuple[str, str, str, int | None]:
    return record.outcome, record.tool, record.org, record.campaign_number


@pytest.mark.parametrize(
    ("tool", "given", "number", "why"),
    [
        ("delete_campaign", {"campaign_number": 0}, None, "`campaign_number`: must be a positive whole number"),
        ("update_campaign", {"campaign_number": NUMBER}, NUMBER, "nothing to change"),
        ("update_campaign", {"campaign_number": NUMBER, "colour": "red"}, NUMBER, "`colour`: there is no such"),
        ("update_campaign", {"campaign_number": NUMBER, "ends_at": "2001-01-01"}, NUMBER, "is in the past"),
        ("update_campaign", {"campaign_number": NUMBER, "name": ""}, NUMBER, "`name`: is empty"),
        ("update_campaign", {"campaign_number": NUMBER, "name": TOKEN}, NUMBER, "`name`: contains what looks like"),
        ("delete_campaign", {"campaign_number": NUMBER, "org": TOKEN[:30]}, NUMBER, "`org`: contains what looks like"),
        ("delete_campaign", {"campaign_number": NUMBER, "dry_run": True}, NUMBER, "`dry_run`: there is no such"),
        ("update_campaign", {"campaign_number": NUMBER, "name": "New", "dry_run": "false"}, NUMBER, "true or false"),
        ("create_campaign", {"name": "New"}, None, "is required"),
    ],
)
async def test_arguments_that_cannot_be_used_are_recorded_as_failed_and_not_kept(
    era: str, path: Path, tool: str, given: dict[str, Any], number: int | None, why: str
) -> None:
    async with connected(era, store=path) as case:
        await case.refused(tool, **given)
        assert case.writes == []
    record = await the_one(path)
    assert said(record) == ("failed", tool, ORG, number)
    assert why in (record.why or "")
    assert (record.change, record.status, record.confirmation, record.account) == ({}, None, None, None)
    assert TOKEN[:20].encode() not in path.read_bytes()


async def test_a_call_that_names_no_organization_is_recorded_without_one(era: str, path: Path) -> None:
    async with connected(era, store=path, org=None) as case:
        await case.refused("delete_campaign", campaign_number=NUMBER)
    assert said(await the_one(path)) == ("failed", "delete_campaign", "", NUMBER)


async def test_a_crash_before_the_write_is_recorded_as_failed_without_its_text(
    era: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError(f"an internal detail {TOKEN}")

    monkeypatch.setattr("server.guards.policy.Policy.asks", crash)
    async with connected(era, store=path) as case:
        await case.refused("update_campaign", campaign_number=NUMBER, name="New")
        assert case.writes == []
    record = await the_one(path)
    assert said(record) == ("failed", "update_campaign", ORG, NUMBER)
    assert record.why == "This server failed before it wrote (RuntimeError)."


@pytest.mark.parametrize(
    ("where", "name", "outcome"),
    [(Campaigns, "update", "failed"), (sys.modules["tools.update_campaign"], "answered", "done")],
    ids=["in", "after"],
)
async def test_a_crash_in_or_after_the_write_leaves_the_one_record_that_the_write_has(
    era: str, path: Path, monkeypatch: pytest.MonkeyPatch, where: object, name: str, outcome: str
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("an internal detail")

    monkeypatch.setattr(where, name, crash)
    async with connected(era, store=path) as case:
        await case.refused("update_campaign", campaign_number=NUMBER, name="New")
        assert len(case.writes) == (outcome == "done")
    record = await the_one(path)
    assert (record.outcome, record.change) == (outcome, {"name": "New"})


async def test_bad_input_waits_for_a_store_that_does_not_answer_once_and_not_each_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def locked(*_: object, **__: object) -> None:
        tried.append("once more")
        raise sqlite3.OperationalError("database is locked")

    async with connected(store=path, audit="required") as case:
        await case.refused("delete_campaign", campaign_number=0)
        with monkeypatch.context() as patch:
            patch.setattr("server.store.opening._LONG", 0.0)  # whatever fails has then waited long
            patch.setattr(sqlite3, "connect", locked)
            for _ in range(3):
                text = await case.refused("delete_campaign", campaign_number=0)
                assert text.endswith("Nothing was sent to GitHub.")
    assert tried == ["once more"]
    assert len(await kept(path)) == 1
