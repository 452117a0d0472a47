"""`snapshot` and `report`: what they read, keep, print and write, and how they end."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from server.cli import main, parser
from server.commands import ReportWanted, report_wanted, run_report, run_snapshot
from server.domain.snapshots import Snapshot
from server.errors import ConfigurationError
from server.github.credentials import FixedToken
from server.report_file import NotWritten, check_place, write_whole
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from server.store.store import Store
from server.waiting import told_to_wait
from tests.harness import ORG, Hook, Recorder, Sent
from tests.processes import environment, loopback_github

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MARKDOWN = ReportWanted(None, None, "markdown", None)


class World:
    """The sandbox at a moment that the test sets, what left for it, and a store."""

    def __init__(self, store: Path) -> None:
        self.now = NOON
        self.sandbox: Sandbox = create_sandbox(SandboxOptions(clock=lambda: self.now))
        self.recorder = Recorder(httpx.ASGITransport(app=self.sandbox))
        self.store = store
        self.token = ADMIN_TOKEN

    def given(self) -> dict[str, Any]:
        return {"credentials": FixedToken(self.token, "the test"), "transport": self.recorder}

    def settings(self, **changed: Any) -> Settings:
        return Settings(**{"org": ORG, "store": self.store, **changed})

    def snapshot(self, **settings: Any) -> int:
        return run_snapshot(self.settings(**settings), **self.given())

    def report(self, wanted: ReportWanted = MARKDOWN, **settings: Any) -> int:
        return run_report(self.settings(**settings), wanted, **self.given())

    @property
    def open_numbers(self) -> list[int]:
        return [each.number for each in self.sandbox.state.organization(ORG).campaigns.values() if each.state == "open"]

    async def history(self, number: int) -> list[Snapshot]:
        created_at = self.sandbox.state.campaign(ORG, number).created_at
        store = Store("api.github.com", self.store)
        try:
            return await store.history(ORG, number, created_at)
        finally:
            await store.aclose()

    async def last_report(self) -> datetime | None:
        store = Store("api.github.com", self.store)
        try:
            return await store.last_report(ORG)
        finally:
            await store.aclose()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state" / "store.sqlite3")


def kept(world: World, number: int) -> list[Snapshot]:
    return anyio.run(world.history, number)


def reported_at(world: World) -> datetime | None:
    return anyio.run(world.last_report)


def just_after(moment: datetime, told: datetime | None) -> bool:
    """Whether a time is that of GitHub's answer, which this machine's clock has carried on by very little."""
    return told is not None and moment <= told < moment + timedelta(minutes=5)


def refuse(status: int) -> Hook:
    async def hook(sent: Sent) -> httpx.Response | None:
        return httpx.Response(status, json={"message": "no"})

    return hook


def test_a_snapshot_of_every_open_campaign_is_kept(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.snapshot() == 0
    assert capsys.readouterr() == (f"{ORG}: {len(world.open_numbers)} open campaigns read.\n", "")
    for number in world.open_numbers:
        stats = world.sandbox.state.organization(ORG).stats(world.sandbox.state.campaign(ORG, number))
        (reading,) = kept(world, number)
        assert (reading.open_count, reading.in_progress_count, reading.closed_count) == (
            stats.open_count,
            stats.in_progress_count,
            stats.closed_count,
        )
        assert just_after(NOON, reading.at)
    assert {sent.method for sent in world.recorder.sent} == {"GET"}


def test_a_snapshot_is_no_report(world: World) -> None:
    assert world.snapshot() == 0
    assert reported_at(world) is None
    assert world.report() == 0
    assert just_after(NOON, reported_at(world))


def without_counts(world: World, answers: dict[int, httpx.Response]) -> Hook:
    """Lists lack the counts of campaigns; some campaigns are answered as said here."""

    async def hook(sent: Sent) -> httpx.Response | None:
        if sent.path != f"/orgs/{ORG}/campaigns":
            return answers.get(int(sent.path.rpartition("/")[2]))
        inner = httpx.AsyncClient(transport=httpx.ASGITransport(app=world.sandbox), base_url="https://api.github.com")
        async with inner as client:
            bearer = {"authorization": f"Bearer {ADMIN_TOKEN}"}
            listed = (await client.get(sent.path, params=dict(sent.query), headers=bearer)).json()
        return httpx.Response(200, json=[{**each, "alert_stats": None} for each in listed])

    return hook


def test_a_campaign_that_came_without_counts_is_read_by_itself(world: World) -> None:
    world.recorder.hook = without_counts(world, {})
    assert world.snapshot() == 0
    assert all(len(kept(world, number)) == 1 for number in world.open_numbers)
    assert {sent.path for sent in world.recorder.sent[1:]} == {
        f"/orgs/{ORG}/campaigns/{number}" for number in world.open_numbers
    }


def test_a_campaign_that_cannot_be_read_costs_no_other_its_snapshot(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, *others = reversed(world.open_numbers)  # the newest comes first
    world.recorder.hook = without_counts(world, {failed: httpx.Response(200, text="<html>")})
    assert world.snapshot() == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"Campaign {ORG}/{failed} could not be read: " in told.err
    assert [len(kept(world, number)) for number in others] == [1] * len(others)
    assert kept(world, failed) == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"no_store": True, "store": None}, "--no-store keeps nothing, so there is nothing to do."),
        ({"sandbox": True, "store": None}, "The sandbox keeps nothing by itself, so there is nothing to do."),
    ],
)
def test_a_snapshot_that_nothing_would_keep_is_an_error(
    world: World, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], sentence: str
) -> None:
    assert world.snapshot(**settings) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err
    assert world.recorder.sent == []


def test_a_snapshot_that_the_store_refuses_is_an_error(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert world.snapshot(store=tmp_path) == 1  # a folder
    told = capsys.readouterr()
    assert told.out == ""
    assert str(tmp_path) in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("command", [World.snapshot, World.report])
def test_what_github_refuses_is_a_sentence_and_exit_status_1(
    world: World, capsys: pytest.CaptureFixture[str], command: Callable[[World], int]
) -> None:
    world.recorder.hook = refuse(403)
    assert command(world) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("security-campaigns-mcp: ")
    assert "Traceback" not in told.err


def test_the_report_is_markdown_on_stdout_unless_said_otherwise(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.report() == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "| Campaign | Status |" in out
    assert all(f"| {number} " in out for number in world.open_numbers)
    assert all(len(kept(world, number)) == 1 for number in world.open_numbers)


def test_one_campaign_is_reported_whole(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    number = world.open_numbers[0]
    assert world.report(MARKDOWN._replace(campaign=number, format="json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["campaign_number"] for each in told["campaigns"]] == [number]
    assert told["campaigns"][0]["ends_at"]
    assert world.recorder.sent == [Sent("GET", f"/orgs/{ORG}/campaigns/{number}")]
    assert reported_at(world) is None


def test_changes_are_told_since_the_report_before(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    number = world.open_numbers[0]
    assert world.report() == 0
    world.now += timedelta(days=7)
    state = world.sandbox.state
    left = [key for key in state.campaign(ORG, number).alerts if state.alert(*key).state == "open"]
    state.close_alert(*left[0])
    capsys.readouterr()
    assert world.report(MARKDOWN._replace(since="last_report", format="csv")) == 0
    rows = {row["campaign_number"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows[str(number)]["closed_since"] == "1"
    assert just_after(world.now, reported_at(world))


def test_a_file_is_written_for_its_owner_only_and_replaces_the_one_before(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.html"
    file.write_text("before")
    file.chmod(0o644)
    assert world.report(MARKDOWN._replace(format="html", output=file)) == 0
    assert "<html" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert capsys.readouterr() == ("", "")
    assert [each.name for each in tmp_path.iterdir() if each.name != "state"] == ["report.html"]


@pytest.mark.parametrize("place", ["folder", "link-to-folder", "link-to-file", "nowhere/report", "file/report"])
def test_a_place_that_is_no_plain_file_is_refused_before_anything_is_read(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("before")
    (tmp_path / "link-to-folder").symlink_to(tmp_path / "folder")
    (tmp_path / "link-to-file").symlink_to(tmp_path / "file")
    assert world.report(MARKDOWN._replace(output=tmp_path / place)) == 1
    assert f"--output {tmp_path / place} " in capsys.readouterr().err
    assert world.recorder.sent == []
    assert list((tmp_path / "folder").iterdir()) == []
    assert (tmp_path / "file").read_text() == "before"


def test_a_device_is_never_put_out_of_its_place() -> None:
    with pytest.raises(NotWritten, match="--output /dev/null is a link or a device"):
        check_place(Path("/dev/null"))


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "report"
    file.write_text("before")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NotWritten, match="No space left on device"):
        write_whole(file, "after")
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (["--campaign", "three"], "--campaign must be a campaign's number"),
        (["--campaign", "0"], "--campaign must be a positive"),
        (["--since", "yesterday"], "--since: give a date such as"),
        (["--since", "2026-02-30"], "--since: is not a day of the calendar"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], typed: list[str], names: str
) -> None:
    assert main(["report", "--sandbox", "--org", ORG, *typed], {}) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert names in told.err
    assert typed[1] not in told.err or typed[1].isdigit()


@pytest.mark.parametrize("typed", [["--format", "pdf"], ["--campagne", "3"], ["--output"]])
def test_an_argument_that_does_not_exist_ends_with_2(typed: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", "--sandbox", "--org", ORG, *typed], {})
    assert ended.value.code == 2


@pytest.mark.parametrize("command", ["snapshot", "report"])
def test_without_an_organization_there_is_nothing_to_read(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--sandbox"], {}) == 2
    assert "Name it with --org." in capsys.readouterr().err


def test_a_campaign_belongs_to_one_organization(world: World) -> None:
    with pytest.raises(ConfigurationError, match="--campaign needs one organization"):
        world.report(MARKDOWN._replace(campaign=3), org=None, allow_orgs=(ORG, "octo-labs"))


def test_what_is_typed_is_what_is_wanted() -> None:
    typed = ["--campaign", "3", "--since", "2026-06-01", "--format", "html", "-o", "a.html"]
    assert report_wanted(vars(parser().parse_args(["report", *typed]))) == ReportWanted(
        3, datetime(2026, 6, 1, tzinfo=UTC), "html", Path("a.html")
    )
    assert report_wanted(vars(parser().parse_args(["report"]))) == MARKDOWN
    assert report_wanted(vars(parser().parse_args(["report", "--since", "last_report"]))).since == "last_report"


class Terminal(io.StringIO):
    """A stderr at which a person sits, or not."""

    def __init__(self, *, person: bool) -> None:
        super().__init__()
        self._person = person

    def isatty(self) -> bool:
        return self._person


class Impatient:
    """A timer whose time is over at once, or never."""

    def __init__(self, _: float, work: Callable[[], None]) -> None:
        self._work = work

    def start(self) -> None:
        self._work()

    def cancel(self) -> None: ...

    def join(self) -> None: ...


def test_a_person_at_a_terminal_is_told_to_wait_and_the_line_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(person=True)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("threading.Timer", Impatient)
    with told_to_wait("Reading ..."):
        assert terminal.getvalue() == "Reading ..."
    assert terminal.getvalue() == "Reading ..." + "\r           \r"


def test_what_is_quick_or_not_seen_by_a_person_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for person in (True, False):
        terminal = Terminal(person=person)
        monkeypatch.setattr("sys.stderr", terminal)
        with told_to_wait("Reading ..."):
            pass
        assert terminal.getvalue() == ""


def test_a_process_keeps_snapshots_and_reports_on_them(tmp_path: Path) -> None:
    def run(*arguments: str, token: str = ADMIN_TOKEN) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "security_campaigns_mcp", *arguments, "--org", ORG, "--store", str(tmp_path / "s")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"PATH": os.environ["PATH"], **environment(GITHUB_API_URL=github.url, GITHUB_TOKEN=token)},
        )

    with loopback_github() as github:
        kept_now = run("snapshot")
        told = run("report", "--format", "json")
        denied = run("snapshot", token="ghp_wrong")
    assert (kept_now.returncode, kept_now.stderr) == (0, "")
    assert kept_now.stdout.startswith(f"{ORG}: ")
    assert (told.returncode, told.stderr) == (0, "")
    assert len(json.loads(told.stdout)["campaigns"]) == int(kept_now.stdout.split()[1])
    assert (denied.returncode, denied.stdout) == (1, "")
    assert "Traceback" not in denied.stderr
    assert "ghp_wrong" not in denied.stderr
    assert github.writes == []
