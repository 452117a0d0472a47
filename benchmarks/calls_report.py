"""The results of single calls as Markdown, and the section of the document around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.calling import CALLS, Called, Server
from benchmarks.calls_runs import TRANSPORTS, Results
from benchmarks.report import machine, middle_half, table, versions
from benchmarks.sections import filled

HEADING = "## A tool call"
_TEXT = Path(__file__).with_name("calls.md")
_ROWS = {
    "bare MCPServer": (False, False),
    "this project": (True, False),
    "this project, GitHub answers 304": (True, True),
}


def tables(results: Results) -> str:
    """Return the tables, one for each transport and one of first calls."""
    lines = [line for transport in TRANSPORTS for line in _speed(results, transport)]
    return "\n".join((*lines, *_first(results))).rstrip()


def section(results: Results, load: str) -> str:
    """Return the section of the document; `load` is how busy the machine was before, in words."""
    facts = {
        "calls": str(results.plan.tool_calls),
        "rounds": str(results.plan.rounds),
        "machine": machine(),
        "load": load,
        "versions": versions("mcp", "httpx", "uvicorn"),
        "tables": tables(results),
    }
    return f"{HEADING}\n\n{filled(_TEXT, facts)}"


def ratios(results: Results, server: Server, tool: str, of: Callable[[Called], float]) -> list[float]:
    """Return how many times the bare server's a server's figure is, over the same transport, in each round."""
    bare = Server(server.transport, ours=False, unchanged=False)
    return [of(round_[server][tool]) / of(round_[bare][tool]) for round_ in results.rounds]


def took(called: Called) -> float:
    """Return the median of the milliseconds of calls."""
    return called.middle


def computed(called: Called) -> float:
    """Return the milliseconds that the server computed for a call."""
    return called.computed


def _speed(results: Results, transport: str) -> list[str]:
    rows = []
    for tool in CALLS:
        for name, kind in _ROWS.items():
            server = Server(transport, *kind)
            runs = _runs(results, server, tool)
            waited = middle_half([one for run in runs for one in run.took], 2)
            spent = middle_half([run.computed for run in runs], 2)
            slower, dearer = (
                middle_half(ratios(results, server, tool, of), 2) if server.ours else "" for of in (took, computed)
            )
            rows.append((f"{tool}, {name}", waited, slower, spent, dearer, f"{runs[0].size:,}"))
    heads = ("call", "ms", "times the bare one's", "computing, ms", "times the bare one's", "an answer's characters")
    return [f"### Over {transport}", "", *table(heads, rows)]


def _first(results: Results) -> list[str]:
    tool = next(iter(CALLS))
    rows = []
    for transport in TRANSPORTS:
        for name, kind in list(_ROWS.items())[:2]:
            firsts = [run.first for run in _runs(results, Server(transport, *kind), tool)]
            rows.append((f"{name}, {transport}", middle_half(firsts, 0)))
    return [f"### The first call of a process ({tool})", "", *table(("server", "ms"), rows)]


def _runs(results: Results, server: Server, tool: str) -> list[Called]:
    return [round_[server][tool] for round_ in results.rounds]
