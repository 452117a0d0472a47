"""The server's parts when the store cannot be let go of: what was done before counts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from server.errors import Refused
from server.running import open_app
from server.store.database import Database
from tests.harness import ORG, Sent, accept, connected
from tests.server.report_world import MARKDOWN, NOON, World

IN_THE_LOG = "cannot be used: RuntimeError inside this program."


@pytest.fixture(autouse=True)
def closing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    close = Database.close

    def fail(database: Database) -> None:
        close(database)
        raise RuntimeError

    monkeypatch.setattr(Database, "close", fail)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state" / "store.sqlite3")


def test_a_report_that_was_made_is_printed(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert world.report() == 0
    assert "| Campaign | Status |" in capsys.readouterr().out
    assert IN_THE_LOG in caplog.text


def test_a_report_that_was_made_is_written_to_its_file(world: World, tmp_path: Path) -> None:
    assert world.report(MARKDOWN._replace(output=tmp_path / "report.md")) == 0
    assert "| Campaign | Status |" in (tmp_path / "report.md").read_text()


def test_snapshots_that_were_kept_are_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.snapshot() == 0
    assert capsys.readouterr().out == f"{ORG}: {len(world.open_numbers)} open campaigns read.\n"


def test_what_went_wrong_before_is_what_is_told(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(sent: Sent) -> httpx.Response | None:
        return None if sent.path.startswith(f"/orgs/{ORG}/") else httpx.Response(403, json={"message": "no"})

    world.recorder.hook = refuse
    assert world.snapshot(org=None, allow_orgs=(ORG, "octo-labs")) == 1
    told = capsys.readouterr().err
    assert "octo-labs" in told
    assert "RuntimeError" not in told
    assert IN_THE_LOG in caplog.text


@pytest.mark.anyio
async def test_an_error_is_not_put_in_the_place_of_another(world: World) -> None:
    async def work() -> None:
        async with open_app(world.settings(), **world.given()) as app:
            await app.store.note_report(ORG, NOON)
            raise Refused("The preview is another one")

    with pytest.raises(Refused, match="The preview is another one"):
        await work()


@pytest.mark.anyio
async def test_the_outcome_of_a_write_reaches_the_client_and_the_server_ends_without_an_error(
    era: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(era, person=accept(go_ahead=True), store=tmp_path / "store.sqlite3") as case:
        await case.done("report_progress")
        closed = await case.done("update_campaign", campaign_number=6, state="closed")
        assert [sent.method for sent in case.writes] == ["PATCH"]
    assert closed["campaign"]["state"] == "closed"
    assert IN_THE_LOG in caplog.text
