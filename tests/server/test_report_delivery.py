"""A report counts as made once it has arrived, and no stream that is closed, full or unread ends in a traceback."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from server.errors import StoreFailed
from server.sandbox.options import ADMIN_TOKEN
from server.store.store import Store
from tests.harness import ORG
from tests.processes import LoopbackGitHub, environment, loopback_github
from tests.server.report_world import MARKDOWN, World

FULL = "No space left on device"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state" / "store.sqlite3")


@pytest.fixture(scope="module")
def github() -> Iterator[LoopbackGitHub]:
    with loopback_github() as serving:
        yield serving


@pytest.fixture
def full() -> Iterator[io.TextIOWrapper]:
    with open("/dev/full", "w", encoding="ascii") as device:  # noqa: PTH123 - as the interpreter opens a stream
        yield device


def reported_at(world: World, host: str = "api.github.com") -> datetime | None:
    return anyio.run(world.last_report, host)


def run(github: LoopbackGitHub, store: Path, *arguments: str, to: str) -> tuple[int, str]:
    """Run a command in a shell that sends its stdout somewhere; return its exit status and stderr."""
    program = [sys.executable, "-m", "security_campaigns_mcp", *arguments, "--org", ORG, "--store", str(store)]
    gone, closed_pipe = os.pipe()
    os.close(gone)
    done = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", f'exec "$@" {to}', "sh", *program],
        stdout=closed_pipe,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment(GITHUB_API_URL=github.url, GITHUB_TOKEN=ADMIN_TOKEN)},
    )
    os.close(closed_pipe)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("> /dev/full", f"stdout cannot be written: {FULL}."),
        ("", "stdout cannot be written: Broken pipe."),
        (">&-", "stdout is closed, so nothing can be written there."),
    ],
)
def test_a_report_that_does_not_arrive_is_an_error_and_told_again_by_the_next(
    world: World, github: LoopbackGitHub, to: str, says: str
) -> None:
    host = urlsplit(github.url).netloc
    assert run(github, world.store, "report", to="> /dev/null") == (0, "")
    before = reported_at(world, host)
    assert before is not None
    ended = run(github, world.store, "report", "--since", "last_report", to=to)
    assert ended == (1, f"security-campaigns-mcp: {says}\n")
    assert reported_at(world, host) == before


@pytest.mark.parametrize(
    ("to", "ended"),
    [
        ("> /dev/full", (1, f"security-campaigns-mcp: stdout cannot be written: {FULL}. What was read is kept.\n")),
        ("", (1, "security-campaigns-mcp: stdout cannot be written: Broken pipe. What was read is kept.\n")),
        (">&-", (0, "")),
    ],
)
def test_snapshots_are_kept_wherever_stdout_goes(
    world: World, github: LoopbackGitHub, to: str, ended: tuple[int, str]
) -> None:
    assert run(github, world.store, "snapshot", to=to) == ended

    async def kept() -> list[int]:
        state, store = github.sandbox.state, Store(urlsplit(github.url).netloc, world.store)
        created = {number: state.campaign(ORG, number).created_at for number in world.open_numbers}
        try:
            return [len(await store.history(ORG, number, created_at)) for number, created_at in created.items()]
        finally:
            await store.aclose()

    assert set(anyio.run(kept)) == {1}


def test_a_report_counts_when_its_file_is_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, FULL)

    file = tmp_path / "report.md"
    assert world.report(MARKDOWN._replace(output=file)) == 0
    first, before = file.read_text(), reported_at(world)
    assert before is not None
    world.now += timedelta(days=7)
    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", no_space)
        assert world.report(MARKDOWN._replace(output=file, since="last_report")) == 1
    assert f"--output {file} cannot be written: {FULL}." in capsys.readouterr().err
    assert (file.read_text(), reported_at(world)) == (first, before)
    assert world.report(MARKDOWN._replace(output=file, since="last_report")) == 0
    after = reported_at(world)
    assert after is not None
    assert after > before


def test_that_a_report_could_not_be_noted_is_told_beside_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refuse(*_: object) -> None:
        raise StoreFailed("The store is read-only.")

    monkeypatch.setattr("server.store.store.Store.note_report", refuse)
    assert world.report() == 0
    told = capsys.readouterr()
    assert "| Campaign | Status |" in told.out
    assert told.err.startswith("security-campaigns-mcp: That this was reported could not be kept")
    assert len(told.err.splitlines()) == 1


def test_what_stderr_cannot_take_never_gets_into_the_report(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert world.report(MARKDOWN._replace(format="csv", since="last_report")) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {int(row["campaign_number"]) for row in rows} == set(world.open_numbers)
    assert len(rows) == len(world.open_numbers)


def test_a_stderr_that_is_full_costs_no_report(
    world: World, monkeypatch: pytest.MonkeyPatch, full: io.TextIOWrapper, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stderr", full)
    assert world.report(MARKDOWN._replace(format="csv", since="last_report", output=tmp_path / "report.csv")) == 0
    assert (tmp_path / "report.csv").read_text().startswith("as_of,org,")
