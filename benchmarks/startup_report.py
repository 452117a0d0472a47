"""The results of starting as Markdown, and the section of the document around them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report import machine, middle_half, table, versions
from benchmarks.sections import filled
from benchmarks.startup_runs import BARE, ERAS, FASTMCP, THIS, Results, Start

HEADING = "## Start-up"
_TEXT = Path(__file__).with_name("startup.md")
_MB = 1_000_000
_NAMES = (THIS, BARE, FASTMCP)
_WANTED = {THIS: "at most 1.15"}


def tables(results: Results) -> str:
    """Return the tables."""
    lines = [line for era in ERAS for line in _speed(results, era)]
    return "\n".join((*lines, *_memory(results))).rstrip()


def section(results: Results, load: str) -> str:
    """Return the section of the document; `load` is how busy the machine was before, in words."""
    ours, bare = (_starts(results, name, ERAS[0])[0] for name in (THIS, BARE))
    facts = {
        "rounds": str(results.plan.rounds),
        "tools": str(ours.tools),
        "answer": f"{ours.size:,}",
        "bare": f"{bare.size:,}",
        "machine": machine(),
        "load": load,
        "versions": versions("mcp", "pydantic"),
        "fastmcp": "It was not installed, and is left out" if results.fastmcp is None else f"FastMCP {results.fastmcp}",
        "tables": tables(results),
    }
    return f"{HEADING}\n\n{filled(_TEXT, facts)}"


def ratios(results: Results, name: str, era: str, figure: str) -> list[float]:
    """Return how many times the bare server's figure a server's is, in each round; `figure` is a field of `Start`."""
    return [getattr(round_[name, era], figure) / getattr(round_[BARE, era], figure) for round_ in results.rounds]


def _speed(results: Results, era: str) -> list[str]:
    rows = []
    for name in _present(results):
        starts = _starts(results, name, era)
        times = ("", "") if name == BARE else (_times(results, name, era, "seconds"), _WANTED.get(name, ""))
        computed = "" if name == BARE else _times(results, name, era, "computed")
        seconds, fastest = [each.seconds * 1000 for each in starts], min(each.seconds for each in starts)
        rows.append((name, middle_half(seconds, 0), f"{fastest * 1000:.0f}", *times, computed))
    heads = ("server", "ms", "fastest", "times the bare one's", "wanted", "computing, times the bare one's")
    return [f"### To the answer of tools/list, protocol {era}", "", *table(heads, rows)]


def _memory(results: Results) -> list[str]:
    rows = []
    for name in _present(results):
        starts = _starts(results, name, ERAS[0])
        times = ("", "") if name == BARE else (_times(results, name, ERAS[0], "memory"), _WANTED.get(name, ""))
        peak = middle_half([each.peak / _MB for each in starts], 1)
        rows.append((name, middle_half([each.memory / _MB for each in starts], 1), *times, peak))
    heads = ("server", "resident, MB", "times the bare one's", "wanted", "peak, MB")
    return [f"### Memory after it, protocol {ERAS[0]}", "", *table(heads, rows)]


def _times(results: Results, name: str, era: str, figure: str) -> str:
    return middle_half(ratios(results, name, era, figure), 2)


def _present(results: Results) -> list[str]:
    return [name for name in _NAMES if (name, ERAS[0]) in results.rounds[0]]


def _starts(results: Results, name: str, era: str) -> list[Start]:
    return [round_[name, era] for round_ in results.rounds]
