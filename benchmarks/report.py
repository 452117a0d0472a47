"""The results of reading as Markdown: tables of medians and ranges, and the section around them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

from benchmarks.contestants import OCTOKIT
from benchmarks.measuring import BARE, CURSORS, LARGER, SECOND, THIS, Results
from benchmarks.sections import filled

HEADING = "## Reading all open alerts"
_HERE = Path(__file__).parent
_MB = 1_000_000
_COMPARED = (THIS, BARE, "githubkit, no HTTP cache", "githubkit", "PyGithub", OCTOKIT)
_WANTED = {
    BARE: "at least 0.83: this project takes at most 1.2 times as long",
    "githubkit, no HTTP cache": "at least 4",
    "githubkit": "at least 4",
    "PyGithub": "at least 4",
    OCTOKIT: "at least 3",
}
_NUMBERS = (1, 4, 8)
_MOST_GROWTH = {THIS: 40, LARGER: 60}
"""In MB."""

Row = Sequence[str]


def tables(results: Results) -> str:
    """Return all tables."""
    return "\n".join((*_speed(results), *_under_way(results), *_memory(results), *_quota(results))).rstrip()


def section(results: Results, load: str) -> str:
    """Return the section of the document; `load` is what `loads` told before the measurements."""
    plan = results.plan
    facts = {
        "alerts": f"{plan.alerts:,}",
        "repositories": f"{plan.repositories:,}",
        "larger": f"{plan.larger:,}",
        "delay": f"{plan.delay * 1000:g}",
        "rounds": str(plan.rounds),
        "machine": f"{machine()}, Node {_node()}",
        "load": load,
        "versions": _versions(),
        "tables": tables(results),
    }
    return f"{HEADING}\n\n{filled(_HERE / 'reading.md', facts)}"


def loads() -> str:
    """Return how busy the machine is, in words."""
    return f"{os.getloadavg()[0]:.1f}"


def _speed(results: Results) -> list[str]:
    rows = [_row(results, name, _WANTED.get(name, "")) for name in _COMPARED]
    heads = ("client", "seconds", "times this project's", "wanted", "computing, seconds")
    return ["### All open alerts", "", *table(heads, rows)]


def _under_way(results: Results) -> list[str]:
    names = [f"this project, {number} under way" for number in _NUMBERS]
    names += ["bare httpx, 4 under way", "bare httpx, 8 under way", SECOND, CURSORS]
    rows = [_row(results, name)[:3] for name in names]
    heads = ("client", "seconds", "times this project's with 4")
    return ["### More or fewer requests under way, a second look, and cursors", "", *table(heads, rows)]


def _memory(results: Results) -> list[str]:
    rows = []
    for name in (THIS, LARGER, *_COMPARED[1:]):
        growths = [readings[name].growth / _MB for readings in results.rounds if name in readings]
        alerts = next(readings[name].alerts for readings in results.rounds if name in readings)
        most = f"below {_MOST_GROWTH[name]}" if name in _MOST_GROWTH else ""
        rows.append((name, f"{alerts:,}", spread(growths, 1), most))
    heads = ("client", "alerts", "peak memory grew by, MB", "wanted")
    return ["### Memory", "", *table(heads, rows)]


def _quota(results: Results) -> list[str]:
    rows = []
    for name in (THIS, SECOND, CURSORS, *_COMPARED[1:]):
        reading = next(readings[name] for readings in results.rounds if name in readings)
        costs = reading.requests - reading.unchanged
        rows.append((name, str(reading.requests), str(reading.unchanged), str(costs)))
    heads = ("client", "requests", "of which 304", "counted by the rate limit")
    return ["### Requests", "", *table(heads, rows)]


def _row(results: Results, name: str, wanted: str = "") -> Row:
    """Return a client's seconds, its ratios to this project in the same round, and what it computed."""
    present = [readings for readings in results.rounds if name in readings]
    ratios = [readings[name].seconds / readings[THIS].seconds for readings in present]
    seconds = [readings[name].seconds for readings in present]
    return name, spread(seconds, 2), spread(ratios, 2), wanted, f"{median(one[name].cpu for one in present):.2f}"


def spread(figures: Sequence[float], digits: int) -> str:
    """Return the median, and the smallest and largest where there were several."""
    middle = f"{median(figures):.{digits}f}"
    return middle if len(figures) == 1 else f"{middle} ({min(figures):.{digits}f} to {max(figures):.{digits}f})"


def middle_half(figures: Sequence[float], digits: int) -> str:
    """Return the median, and between what the middle half of them lies where there were several."""
    middle = f"{median(figures):.{digits}f}"
    if len(figures) == 1:
        return middle
    low, _, high = quantiles(figures, n=4, method="inclusive")
    return f"{middle} ({low:.{digits}f} to {high:.{digits}f})"


def table(heads: Row, rows: Iterable[Row]) -> list[str]:
    """Return the lines of a table; all but its first column are numbers."""
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def machine() -> str:
    """Return what this runs on, in words."""
    return f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"


def versions(*names: str) -> str:
    """Return the versions of packages that are installed here, in words."""
    return ", ".join(f"{name} {version(name)}" for name in names)


def _node() -> str:
    ended = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, check=True, text=True)  # noqa: S607 - the one that is used
    return ended.stdout.strip().removeprefix("v")


def _versions() -> str:
    octokit = json.loads((_HERE / "package.json").read_text())["dependencies"]["@octokit/rest"]
    ours = versions("httpx", "uvicorn", "httptools")
    return f"{versions('githubkit', 'PyGithub')}, @octokit/rest {octokit}, {ours}"
