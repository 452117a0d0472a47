"""The service's results as Markdown, and the section of the document around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import machine, spread, table, versions
from benchmarks.sections import filled
from benchmarks.service_runs import BARE, THIS, WORKERS, Contestant, Results, Run

HEADING = "## A service for a team"
_TEXT = Path(__file__).with_name("service.md")
_MB = 1_000_000
_WANTED = {1: "at least 0.8", 2: ""}


def tables(results: Results) -> str:
    """Return the tables."""
    return "\n".join((*_speed(results), *_spent(results))).rstrip()


def section(results: Results, load: str) -> str:
    """Return the section of the document; `load` is how busy the machine was before, in words."""
    plan = results.plan
    facts = {
        "clients": str(plan.clients),
        "calls": f"{plan.tool_calls:,}",
        "rounds": str(plan.rounds),
        "machine": machine(),
        "load": load,
        "versions": versions("mcp", "httpx", "uvicorn", "h11"),
        "tables": tables(results),
        "first": f"{results.first.rate:.0f} calls per second, 95 of 100 within {results.first.late:,.0f} ms",
        "second": _second(results),
    }
    return f"{HEADING}\n\n{filled(_TEXT, facts)}"


def _speed(results: Results) -> list[str]:
    rows = []
    for workers in WORKERS:
        for name in (THIS, BARE):
            runs = _runs(results, (name, workers))
            rates = [run.rate for run in runs]
            shares = [round_[THIS, workers].rate / round_[BARE, workers].rate for round_ in results.rounds]
            ours = (spread(shares, 2), _WANTED[workers]) if name == THIS else ("", "")
            late = spread([run.late for run in runs], 0)
            rows.append((f"{name}, {_at_work(workers)}", spread(rates, 0), *ours, _middle(runs), late))
    heads = ("server", "calls per second", "of the bare one's", "wanted", "p50, ms", "p95, ms")
    return ["### Calls of list_campaigns", "", *table(heads, rows)]


def _spent(results: Results) -> list[str]:
    rows = []
    for workers in WORKERS:
        for name in (THIS, BARE):
            runs = _runs(results, (name, workers))
            computed = spread([run.computed for run in runs], 1)
            memory = f"{results.memory[name, workers] / _MB:.0f}"
            rows.append((f"{name}, {_at_work(workers)}", computed, memory, f"{runs[0].size / 1000:.1f}"))
    heads = ("server", "computing for a call, ms", "peak memory of one worker, MB", "an answer, kB")
    return ["### What a call costs", "", *table(heads, rows)]


def _second(results: Results) -> str:
    one, two = ([run.rate for run in _runs(results, (THIS, workers))] for workers in WORKERS)
    bare_one, bare_two = ([run.rate for run in _runs(results, (BARE, workers))] for workers in WORKERS)
    ours, bare = (
        spread([second / first for first, second in zip(first_, second_, strict=True)], 2)
        for first_, second_ in ((one, two), (bare_one, bare_two))
    )
    return f"{ours} times as many calls; to the bare server, {bare} times"


def _runs(results: Results, contestant: Contestant) -> list[Run]:
    return [round_[contestant] for round_ in results.rounds]


def _middle(runs: Sequence[Run]) -> str:
    return f"{median(run.middle for run in runs):.0f}"


def _at_work(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"
