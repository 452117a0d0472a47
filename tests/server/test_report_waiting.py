"""What a person at a terminal sees while `report` and `snapshot` read, on a real terminal of the system."""

from __future__ import annotations

import io
import os
import pty
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from server.waiting import line_about, told_to_wait
from tests.harness import ORG, Sent
from tests.server.report_world import World

LIST = f"/orgs/{ORG}/campaigns"


class Terminal:
    """A terminal with a person at it: the program has one end for its stderr, the person sees the other."""

    def __init__(self, columns: int) -> None:
        self._person, program = pty.openpty()
        termios.tcsetwinsize(program, (24, columns))
        self.stderr = os.fdopen(program, "w", encoding="ascii")

    def shown(self) -> list[str]:
        """Return what stood there after each return to the line's beginning, and at last how it was left."""
        self.stderr.close()
        written = b""
        try:
            while part := os.read(self._person, 4096):
                written += part
        except OSError:
            pass  # the end of what was written
        assert b"\x1b" not in written
        line, lines = "", []
        for piece in written.decode().split("\r")[:-1]:
            line = piece + line[len(piece) :]
            lines.append(line.rstrip())
        return lines

    def hang_up(self) -> None:
        os.close(self._person)


class ByHand:
    """A timer that the test lets come; it is never waited for."""

    made: ClassVar[list[ByHand]] = []

    def __init__(self, seconds: float, work: Callable[[], None]) -> None:
        self.seconds = seconds
        self.come = work
        self.made.append(self)

    def start(self) -> None: ...

    def cancel(self) -> None: ...

    def join(self) -> None: ...


@pytest.fixture(autouse=True)
def timers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ByHand]]:
    monkeypatch.setattr("threading.Timer", ByHand)
    yield ByHand.made
    ByHand.made.clear()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state" / "store.sqlite3")


def seated(monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> Terminal:
    terminal = Terminal(columns)
    monkeypatch.setattr("sys.stderr", terminal.stderr)
    return terminal


def let_a_second_pass_at(world: World, path: str, answers: dict[str, Any] | None = None) -> None:
    """Have the moment after which something is shown come with a request; lists may be answered here."""

    async def hook(sent: Sent) -> httpx.Response | None:
        if sent.path == path:
            ByHand.made[0].come()
        return httpx.Response(200, json=answers[sent.path]) if answers and sent.path in answers else None

    world.recorder.hook = hook


def test_a_report_that_takes_longer_than_a_second_shows_how_many_campaigns_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch, timers: list[ByHand], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = seated(monkeypatch)
    let_a_second_pass_at(world, LIST)
    assert world.report() == 0
    assert terminal.shown() == [
        "Reading campaigns ...",
        "Reading campaigns [###.......] 1 of 3",
        "Reading campaigns [######....] 2 of 3",
        "Reading campaigns [##########] 3 of 3",
        "",
    ]
    assert [timer.seconds for timer in timers] == [1.0]
    assert "| Campaign | Status |" in capsys.readouterr().out


def test_what_was_read_within_the_second_counts_when_the_bar_appears(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seated(monkeypatch)
    with told_to_wait("Reading campaigns") as progress:
        progress(4, 10)
        ByHand.made[0].come()
        progress(5, 10)
    assert terminal.shown() == [
        "Reading campaigns [####......] 4 of 10",
        "Reading campaigns [#####.....] 5 of 10",
        "",
    ]


def test_a_snapshot_shows_how_many_campaigns_of_the_organization_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seated(monkeypatch)
    let_a_second_pass_at(world, LIST)
    assert world.snapshot() == 0
    assert terminal.shown() == [
        "Reading campaigns ...",
        "Reading campaigns [###.......] 1 of 3",
        "Reading campaigns [######....] 2 of 3",
        "Reading campaigns [##########] 3 of 3",
        "",
    ]


def test_a_snapshot_of_several_shows_how_many_organizations_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seated(monkeypatch)
    let_a_second_pass_at(world, LIST, {"/orgs/octo-labs/campaigns": []})
    assert world.snapshot(org=None, allow_orgs=(ORG, "octo-labs")) == 0
    assert terminal.shown() == [
        "Reading organizations ...",
        "Reading organizations [#####.....] 1 of 2",
        "Reading organizations [##########] 2 of 2",
        "",
    ]


def test_what_goes_wrong_is_told_on_a_line_without_a_bar(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = seated(monkeypatch)

    async def refuse(_: Sent) -> httpx.Response:
        ByHand.made[0].come()
        return httpx.Response(403, json={"message": "no"})

    world.recorder.hook = refuse
    assert world.report() == 1
    shown = terminal.shown()
    assert "" in shown
    assert shown[shown.index("") + 1].startswith("security-campaigns-mcp: ")


def test_what_takes_less_than_a_second_shows_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = seated(monkeypatch)
    assert world.report() == 0
    assert terminal.shown() == []


def test_what_no_person_sees_is_not_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr("sys.stderr", file)
    assert world.report() == 0
    assert file.getvalue() == ""
    assert ByHand.made == []


def test_without_a_stderr_a_report_is_made_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert world.report() == 0
    assert "| Campaign | Status |" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [1, 2, 10, 20, 37, 38, 200])
def test_the_line_is_never_as_wide_as_the_terminal(world: World, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    terminal = seated(monkeypatch, columns)
    let_a_second_pass_at(world, LIST)
    assert world.report() == 0
    shown = terminal.shown()
    assert len(shown) == 5
    assert max(map(len, shown)) < columns
    assert shown[-1] == ""


@pytest.mark.parametrize(
    ("done", "in_all", "columns", "line"),
    [
        (5, 10, 80, "Reading [#####.....] 5 of 10"),
        (5, 10, 29, "Reading [#####.....] 5 of 10"),
        (5, 10, 28, "Reading 5 of 10"),
        (5, 10, 15, "5 of 10"),
        (5, 10, 7, ""),
        (0, None, 80, "Reading ..."),
        (7, None, 80, "Reading ... 7"),
        (7, None, 13, "7"),
        (0, 0, 80, "Reading [..........] 0 of 0"),
        (12, 10, 80, "Reading [##########] 12 of 10"),
    ],
)
def test_no_number_is_cut_where_the_terminal_is_narrow(done: int, in_all: int | None, columns: int, line: str) -> None:
    assert line_about("Reading", done, in_all, columns) == line


def test_a_terminal_that_goes_away_costs_no_report(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = seated(monkeypatch)

    async def hang_up(sent: Sent) -> None:
        if sent.path == LIST:
            terminal.hang_up()
            ByHand.made[0].come()
            with pytest.raises(OSError, match="Input/output error"):
                terminal.stderr.flush()

    world.recorder.hook = hang_up
    assert world.report() == 0
    assert "| Campaign | Status |" in capsys.readouterr().out
    with suppress(OSError):
        terminal.stderr.close()
