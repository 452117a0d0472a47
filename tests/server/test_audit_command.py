"""`audit`: what it prints and writes, and how it ends. It never talks to GitHub."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from server.cli import main
from server.domain.audit import FIELDS, AuditRecord
from server.settings import Settings
from server.store.store import Store
from tests.processes import environment

OLD = datetime(2026, 6, 1, 12, tzinfo=UTC)
DONE = AuditRecord(
    "octo-org",
    "delete_campaign",
    OLD,
    campaign_number=6,
    caller="Anna",
    caller_subject="user-1",
    account="mona-lisa",
    confirmation="typed",
    before={"name": "=cmd()\x1b[2J", "managers": ["mona-lisa"]},
).ended("done", OLD + timedelta(seconds=1), status=204, request_id="AB12:34")
REFUSED = AuditRecord("other-org", "update_campaign", OLD + timedelta(days=1)).ended(
    "refused", OLD + timedelta(days=1), why="=HYPERLINK(1)"
)
LOST = AuditRecord("octo-org", "update_campaign", OLD + timedelta(days=2), campaign_number=3)


def given(path: Path, *records: AuditRecord) -> Path:
    async def keep() -> None:
        store = Store.from_settings(Settings(store=path))
        for record in records:
            await store.audit.ended(record) if record.ended_at else await store.audit.attempt(record)
        await store.aclose()

    anyio.run(keep)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite3"


@pytest.fixture
def store(path: Path) -> Path:
    return given(path, DONE, REFUSED, LOST)


def audit(*arguments: str | Path, **environ: str) -> int:
    return main(["audit", *map(str, arguments)], environ)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_record_is_printed_in_order_as_a_line_of_json(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("--store", store) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line["tool"] for line in lines(out)] == ["delete_campaign", "update_campaign", "update_campaign"]
    first = lines(out)[0]
    assert list(first) == list(FIELDS)
    assert first == {
        "id": str(DONE.key),
        "at": "2026-06-01T12:00:00.000Z",
        "host": "api.github.com",
        "org": "octo-org",
        "tool": "delete_campaign",
        "campaign_number": 6,
        "caller": "Anna",
        "caller_subject": "user-1",
        "caller_issuer": None,
        "account": "mona-lisa",
        "change": {},
        "confirmation": "typed",
        "outcome": "done",
        "why": None,
        "status": 204,
        "request_id": "AB12:34",
        "before": {"name": "=cmd()\x1b[2J", "managers": ["mona-lisa"]},
        "after": None,
        "ended_at": "2026-06-01T12:00:01.000Z",
    }
    assert "\x1b" not in out


def test_what_came_to_no_ending_is_printed_as_unknown_and_stays_to_be_settled(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit("--store", store)
    assert lines(capsys.readouterr().out)[2]["outcome"] == "unknown"

    async def unsettled() -> list[int]:
        kept = Store.from_settings(Settings(store=store))
        try:
            return [record.key for record in await kept.audit.unsettled("octo-org", LOST.at + timedelta(minutes=5))]
        finally:
            await kept.aclose()

    assert anyio.run(unsettled) == [LOST.key]


def test_what_is_under_way_is_printed_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(path, AuditRecord("octo-org", "update_campaign", datetime.now(UTC)))
    audit("--store", path)
    assert lines(capsys.readouterr().out)[0]["outcome"] == "intended"


@pytest.mark.parametrize(
    ("arguments", "campaigns"),
    [
        (["--org", "Octo-Org"], [6, 3]),
        (["--org", "other-org"], [None]),
        (["--org", "third-org"], []),
        (["--since", "2026-06-02"], [None, 3]),
        (["--since", "2026-06-02T12:00:01Z"], [3]),
    ],
)
def test_organization_and_time_narrow_it_down(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], campaigns: list[int | None]
) -> None:
    assert audit("--store", store, *arguments) == 0
    assert [line["campaign_number"] for line in lines(capsys.readouterr().out)] == campaigns


def test_the_table_has_a_header_and_no_formulas(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("--store", store, "--format", "csv") == 0
    out = capsys.readouterr().out
    header, *rows = csv.reader(io.StringIO(out))
    assert tuple(header) == FIELDS
    done, refused, lost = (dict(zip(header, row, strict=True)) for row in rows)
    assert json.loads(done["before"]) == DONE.before
    assert (done["status"], done["after"]) == ("204", "")
    assert refused["why"] == "'=HYPERLINK(1)"
    assert lost["outcome"] == "unknown"
    assert "\x1b" not in out


@pytest.mark.parametrize("wanted", ["jsonl", "csv"])
def test_a_file_is_written_whole_and_for_its_owner_alone(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    file = tmp_path / "audit.out"
    assert audit("--store", store, "--format", wanted, "-o", file) == 0
    assert capsys.readouterr().out == ""
    assert audit("--store", store, "--format", wanted) == 0
    assert file.read_bytes() == capsys.readouterr().out.encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_more_records_than_are_read_at_once_are_all_written(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [AuditRecord("octo-org", "delete_campaign", OLD + timedelta(milliseconds=each)) for each in range(1203)]
    given(path, *many)
    assert audit("--store", path) == 0
    assert [line["id"] for line in lines(capsys.readouterr().out)] == [str(record.key) for record in many]


def test_a_file_that_was_named_and_is_not_there_is_told_and_not_made(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--format", "csv"], ["-o", tmp_path / "out"]):
        assert audit("--store", path, *more) == 1
        assert capsys.readouterr() == (
            "",
            f"security-campaigns-mcp: There is no store {path}. Mend the path in --store.\n",
        )
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_was_attempted_yet_nothing_is_printed_and_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = tmp_path / "state" / "store.sqlite3"
    monkeypatch.setattr("server.store.store.usual_place", lambda: usual)
    assert audit() == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        f"security-campaigns-mcp: No attempted write of any organization on api.github.com is recorded in {usual}."
    )
    assert audit("--format", "csv") == 0
    assert capsys.readouterr().out.splitlines() == [",".join(FIELDS)]
    assert not usual.parent.exists()


@pytest.mark.parametrize(
    ("environ", "arguments", "of"),
    [
        ({"SECURITY_CAMPAIGNS_ORG": "third-org"}, [], "organization third-org on api.github.com is recorded"),
        (
            {"GITHUB_API_URL": "https://api.octo.ghe.com"},
            [],
            "any organization on api.octo.ghe.com is recorded",
        ),
        (
            {},
            ["--since", "2027-01-08"],
            "any organization on api.github.com is recorded since 2027-01-08T00:00:00+00:00",
        ),
    ],
)
def test_where_nothing_is_found_it_says_of_whom(
    store: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], arguments: list[str], of: str
) -> None:
    assert audit("--store", store, *arguments, **environ) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"No attempted write of {of} in {store}. --org (SECURITY_CAMPAIGNS_ORG) and --api-url" in err


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize(
    ("stdout", "said"), [("/dev/full", "cannot be written: No space left on device"), (None, "is closed")]
)
def test_a_stdout_that_takes_nothing_is_told_in_a_sentence(
    store: Path, stdout: str | None, said: str, form: str
) -> None:
    if stdout is not None and not Path(stdout).exists():
        pytest.skip(f"there is no {stdout} here")
    shell = f'exec "$0" "$@" >{stdout or "&-"}'
    ours = [sys.executable, "-m", "security_campaigns_mcp", "audit", "--store", str(store), "--format", form]
    done = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", shell, *ours],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment()},
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"security-campaigns-mcp: stdout {said}")


@pytest.mark.parametrize("arguments", [["--no-store"], ["--sandbox"]])
def test_where_nothing_is_kept_it_says_so(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert audit(*arguments) == 1
    assert "keeps no audit" in capsys.readouterr().err


def test_a_store_that_cannot_be_read_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "store").write_bytes(b"no database, but long enough to be looked at as one" * 100)
    assert audit("--store", tmp_path / "store", "-o", tmp_path / "out") == 1
    assert "is damaged or no store" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["store"]


def test_a_place_that_takes_no_file_is_refused(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("--store", store, "-o", tmp_path) == 1
    assert "is a folder" in capsys.readouterr().err


def test_a_date_that_is_none_is_refused(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("--store", store, "--since", "yesterday") == 2
    assert "--since: give a date such as" in capsys.readouterr().err


def test_it_needs_no_credential_and_no_network(store: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "security_campaigns_mcp", "audit", "--store", str(store)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment(HTTPS_PROXY="http://127.0.0.1:1")},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines(done.stdout)) == 3
