"""The benchmark of starting: what it measures, and what it makes of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.startup_report import ratios, section, tables
from benchmarks.startup_runs import BARE, ERAS, FASTMCP, THIS, Contestant, Plan, Results, Start, start

BARE_COMMAND = [sys.executable, str(Path("benchmarks") / "hello_bare.py")]


def started(seconds: float, memory: int = 1_000_000) -> Start:
    return Start(seconds, seconds / 2, memory, memory + 500_000, tools=7, size=20_000)


def round_of(ours: float, bare: float, fastmcp: float | None = None) -> dict[Contestant, Start]:
    figures = {THIS: ours, BARE: bare} | ({} if fastmcp is None else {FASTMCP: fastmcp})
    return {(name, era): started(seconds) for era in ERAS for name, seconds in figures.items()}


def test_a_server_is_started_and_lists_its_tools(era: str, tmp_path: Path) -> None:
    measured = start(BARE_COMMAND, era, str(tmp_path))
    assert measured.tools == 1
    assert measured.computed > 0
    assert 1_000_000 < measured.memory <= measured.peak


def test_a_server_that_does_not_answer_is_no_measurement(era: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"answered (initialize|server/discover) with b''"):
        start([sys.executable, "-c", "input()"], era, str(tmp_path))


def test_a_ratio_is_taken_within_its_round() -> None:
    results = Results(Plan(2), [round_of(ours=3, bare=2), round_of(ours=50, bare=20)])
    assert ratios(results, THIS, ERAS[0], "seconds") == [1.5, 2.5]


def test_a_row_tells_milliseconds_the_fastest_and_how_many_times_the_bare_ones_they_are() -> None:
    told = tables(Results(Plan(2), [round_of(ours=1.1, bare=1), round_of(ours=2.2, bare=2)]))
    assert "| this project | 1650 (1375 to 1925) | 1100 | 1.10 (1.10 to 1.10) | at most 1.15 | 1.10" in told
    assert "| bare MCPServer | 1500 (1250 to 1750) | 1000 |  |  |  |" in told
    assert "| this project | 1.0 (1.0 to 1.0) | 1.00 (1.00 to 1.00) | at most 1.15 | 1.5 (1.5 to 1.5) |" in told


def test_fastmcp_is_left_out_where_it_is_not_installed_and_that_is_said() -> None:
    without = section(Results(Plan(1), [round_of(1, 1)]), "0.3")
    assert "| FastMCP |" not in without
    assert "It was not installed, and is left out" in without
    told = section(Results(Plan(1), [round_of(1, 1, 2)], fastmcp="4.1.2 with mcp 2.3.0"), "0.3")
    assert "| FastMCP | 2000 | 2000 | 2.00 |" in told
    assert "FastMCP 4.1.2 with mcp 2.3.0" in told
