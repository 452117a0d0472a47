"""`report`: what it reads, prints and writes, and how it ends; and what `snapshot` has in common with it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from server.cli import main, parser
from server.commands import ReportWanted, report_wanted
from server.errors import ConfigurationError
from server.options import OPTIONS
from server.report_file import NotWritten, check_place, write_whole
from server.report_formats import Format
from server.sandbox.options import ADMIN_TOKEN
from tests.harness import ORG, Sent
from tests.processes import environment, loopback_github
from tests.server.report_world import MARKDOWN, NOON, World, just_after, kept, nobody_there, refuse, reported_at


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state" / "store.sqlite3")


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
    page = f"https://github.com/orgs/{ORG}/security/campaigns"
    assert all(f"| [{ORG}/{number}]({page}/{number}) " in out for number in world.open_numbers)
    assert all(len(kept(world, number)) == 1 for number in world.open_numbers)


def test_one_campaign_is_reported_whole(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    number = world.open_numbers[0]
    assert world.report(MARKDOWN._replace(campaign=number, format="json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["campaign_number"] for each in told["campaigns"]] == [number]
    assert told["campaigns"][0]["ends_at"]
    assert world.recorder.sent == [Sent("GET", f"/orgs/{ORG}/campaigns/{number}")]
    assert reported_at(world) is None


LONG_NAME = "Cross-site scripting in the payments of all shops."


@pytest.fixture
def long_named(world: World) -> int:
    """A campaign whose name a list for a model would cut."""
    number = world.open_numbers[0]
    world.sandbox.state.campaign(ORG, number).name = LONG_NAME
    return number


@pytest.mark.parametrize("wanted", ["json", "html"])
def test_each_of_several_campaigns_is_reported_whole(
    world: World, long_named: int, capsys: pytest.CaptureFixture[str], wanted: Format
) -> None:
    assert world.report(MARKDOWN._replace(format=wanted)) == 0
    told = capsys.readouterr().out
    if wanted == "html":
        told = told.split('id="given">')[1].split("</script>")[0]
    campaigns = {each["campaign_number"]: each for each in json.loads(told)["campaigns"]}
    assert list(campaigns) == sorted(campaigns)  # the overdue one, then those about which nothing is known by their end
    assert set(campaigns) == set(world.open_numbers)
    assert campaigns[long_named]["name"] == LONG_NAME
    for campaign in campaigns.values():
        assert {"ends_at", "reason", "remediation_rate", "time_used", "burndown", "burndown_from", "url"} <= set(
            campaign
        )


def test_a_csv_has_every_cell_of_several_campaigns_that_is_known(
    world: World, long_named: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.report(MARKDOWN._replace(format="csv")) == 0
    rows = {row["campaign_number"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows[str(long_named)]["name"] == LONG_NAME
    assert all(row["ends_at"] and row["url"] and float(row["remediation_rate"]) >= 0 for row in rows.values())
    overdue = next(row for row in rows.values() if row["status"] == "overdue")
    assert int(overdue["days_left"]) < 0


def test_the_markdown_has_whole_names(world: World, long_named: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.report() == 0
    assert f") {LONG_NAME} | " in capsys.readouterr().out


@pytest.mark.parametrize("wanted", get_args(Format))
def test_what_could_not_be_read_is_told_with_every_format(
    world: World, capsys: pytest.CaptureFixture[str], wanted: Format
) -> None:
    assert world.report(MARKDOWN._replace(format=wanted), org=None, allow_orgs=(ORG, "nobody")) == 0
    told = capsys.readouterr()
    assert "There is no organization nobody" in (told.err if wanted == "csv" else told.out)
    assert (told.err == "") is (wanted != "csv")


def test_a_csv_leaves_no_note_unsaid(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.report(MARKDOWN._replace(format="csv", since="last_report")) == 0
    told = capsys.readouterr()
    assert told.err == ("security-campaigns-mcp: No earlier report is known, so what changed since is not told.\n")
    assert "No earlier report" not in told.out


@pytest.mark.parametrize("wanted", get_args(Format))
def test_an_organization_without_campaigns_is_named(
    world: World, capsys: pytest.CaptureFixture[str], wanted: Format
) -> None:
    world.recorder.hook = nobody_there(world)
    assert world.report(MARKDOWN._replace(format=wanted), org="octo-labs") == 0
    told = capsys.readouterr()
    assert "octo-labs has no open campaign to report." in (told.err if wanted == "csv" else told.out)
    assert world.report(MARKDOWN._replace(format=wanted), org=None, allow_orgs=(ORG, "octo-labs")) == 0
    told = capsys.readouterr()
    assert "octo-labs has no open campaign to report." in (told.err if wanted == "csv" else told.out)
    assert f"{ORG} has no open campaign" not in told.out + told.err


@pytest.mark.parametrize("wanted", get_args(Format))
def test_the_organization_is_told_when_there_is_only_one(
    world: World, capsys: pytest.CaptureFixture[str], wanted: Format
) -> None:
    number = world.open_numbers[0]
    for campaign in (None, number):
        assert world.report(MARKDOWN._replace(format=wanted, campaign=campaign)) == 0
        told = capsys.readouterr().out
        match wanted:
            case "csv":
                assert {row["org"] for row in csv.DictReader(io.StringIO(told))} == {ORG}
            case "json":
                assert {each["org"] for each in json.loads(told)["campaigns"]} == {ORG}
            case "html":
                assert f'"campaign_number":{number},' in told
                assert told.count(f'"org":"{ORG}"') == told.count('"campaign_number":')
            case "markdown":
                assert f"| [{ORG}/{number}](" in told


@pytest.mark.parametrize("wanted", get_args(Format))
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (None, f"No open campaign of {ORG} could be read. Campaign {ORG}/"),
        ({"alert_stats": None}, "GitHub gives no counts for campaign "),
    ],
)
def test_a_report_in_which_nothing_could_be_read_is_an_error(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path, wanted: Format, changed: Any, says: str
) -> None:
    async def unread(sent: Sent) -> httpx.Response | None:
        if sent.path == f"/orgs/{ORG}/campaigns":
            return None
        if changed is None:
            return httpx.Response(200, text="<html>")
        inner = httpx.AsyncClient(transport=httpx.ASGITransport(app=world.sandbox), base_url="https://api.github.com")
        async with inner as client:
            read = await client.get(sent.path, headers={"authorization": f"Bearer {ADMIN_TOKEN}"})
        return httpx.Response(200, json={**read.json(), **changed})

    world.recorder.hook = unread
    for output in (None, tmp_path / "report"):
        assert world.report(MARKDOWN._replace(format=wanted, output=output)) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith(f"security-campaigns-mcp: {says}")
    assert not (tmp_path / "report").exists()
    assert reported_at(world) is None


def test_a_campaign_that_is_not_there_is_told_in_words_of_the_command_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.report(MARKDOWN._replace(campaign=99)) == 1
    told = capsys.readouterr().err
    assert told.startswith(
        f"security-campaigns-mcp: There is no campaign {ORG}/99. `report` without --campaign shows the open ones; "
        "drafts stay hidden."
    )
    assert "list_campaigns" not in told


def test_changes_since_a_moment_to_come_are_wrong_usage(world: World) -> None:
    with pytest.raises(ConfigurationError, match=r"^--since 2026-07-02T12:00:00Z lies in the future"):
        world.report(MARKDOWN._replace(since=NOON + timedelta(days=1)))
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
        (["--output", ""], "--output is empty. Name a file, or give - for stdout."),
    ],
)
def test_a_wrong_argument_is_named_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], typed: list[str], names: str
) -> None:
    assert main(["report", "--sandbox", "--org", ORG, *typed], {}) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert names in told.err
    assert not typed[1] or typed[1] not in told.err or typed[1].isdigit()


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


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("report", "Which organizations: the one of --org, otherwise each --allow-org."),
        ("snapshot", "Which organizations: the one of --org, otherwise each --allow-org."),
        ("report", "security-campaigns-mcp report --org octo-org --since last_report"),
        ("report", "Ends with 1 when nothing could be read or the report not be written, and with 2"),
        ("report", "counts as its last one, an\nassistant's too, once it is written."),
        ("report", "A date asks for the same week however\noften: --since 2027-01-08."),
        ("snapshot", "Ends with 1 when something could not be read or kept, and with 2"),
    ],
)
def test_the_help_of_a_command_says_what_it_does_and_how_it_ends(
    command: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert says in capsys.readouterr().out


def test_the_help_of_report_names_its_own_options_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["report", "--help"])
    flags = re.findall(r"^  (?:-\w(?: \w+)?, )?(--[\w-]+)", capsys.readouterr().out, re.MULTILINE)
    assert flags[:5] == ["--help", "--campaign", "--since", "--format", "--output"]
    assert set(flags[5:]) == {option.flag for option in OPTIONS}


def test_what_is_typed_is_what_is_wanted() -> None:
    typed = ["--campaign", "3", "--since", "2026-06-01", "--format", "html", "-o", "a.html"]
    assert report_wanted(vars(parser().parse_args(["report", *typed]))) == ReportWanted(
        3, datetime(2026, 6, 1, tzinfo=UTC), "html", Path("a.html")
    )
    assert report_wanted(vars(parser().parse_args(["report"]))) == MARKDOWN
    assert report_wanted(vars(parser().parse_args(["report", "-o", "-"]))) == MARKDOWN
    assert report_wanted(vars(parser().parse_args(["report", "--since", "last_report"]))).since == "last_report"


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
