"""A part of what `make prove` tries of faults, and what it found out, as sentences."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness import text_of
from tests.prove import faults_acts as acts
from tests.prove import faults_stage
from tests.prove.faults import prove
from tests.prove.faults_cells import Cell, cells
from tests.prove.faults_document import document
from tests.prove.faults_ground import Place, ground
from tests.prove.faults_http import Request
from tests.prove.faults_kinds import OUTCOMES, TOOLS, WRITES, Fault, Outcomes, Way
from tests.prove.faults_stage import staged
from tests.prove.faults_table import FAULTS
from tests.prove.faults_thousand import LEAST_LANES, Outcome, _faults_of, writes
from tests.prove.faults_time import Times
from tests.prove.faults_wire import Act
from tests.prove.parts import SLICE
from tools import TOOLS as SPECS

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
ERA = "2026-07-28"


async def _tried(fault: Fault, pairs: Collection[tuple[str, Way]], folder: Path) -> list[Cell]:
    """Try a fault on a stage of its own."""
    async with ground(Place.of(fault, ERA), folder) as on:
        return await cells(fault, pairs, on)


async def test_a_part_of_the_table_and_some_writes_with_random_faults_hold() -> None:
    said: list[str] = []
    findings = await prove(SLICE, said.append)
    assert findings.faults == []
    rows = dict(findings.rows)
    for tool in WRITES:
        number = {
            name: int(str(rows[f"{tool}: {name}"])) for name in ("calls", "told to be made", "told not to be made")
        }
        unclear = {made: int(str(rows[f"{tool}: not known, and {made}"])) for made in ("made", "not made")}
        assert number["calls"] == SLICE.of(1000) == 20
        assert sum(unclear.values()) + number["told to be made"] + number["told not to be made"] == 20
        assert rows[f"{tool}: made, as GitHub has it"] == number["told to be made"] + unclear["made"]
        assert number["told to be made"] > 5
    assert {name: rows[f"of them {name}"] for name in OUTCOMES if f"of them {name}" in rows}.keys() == OUTCOMES.keys()


def test_the_document_is_as_it_is_made() -> None:
    assert DOCUMENT.read_text() == document(), "python -m tests.prove.faults --write docs/reliability.md"


def test_every_tool_is_in_the_table() -> None:
    assert sorted(TOOLS) == sorted(spec.run.__name__ for spec in SPECS)
    assert set(WRITES) == {spec.run.__name__ for spec in SPECS if not spec.read_only}


def test_every_fault_says_what_comes_of_it_for_every_tool() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert all(fault.expected("once", tool) or fault.expected("lasting", tool) for tool in TOOLS), fault.name


async def test_a_wrong_table_is_found_out(tmp_path: Path) -> None:
    for number, fault in enumerate(fault for fault in FAULTS if fault.name in ("reset", "reset, applied", "HTML")):
        wrong = replace(fault, once=Outcomes("unknown", "error", "error"), says="something else")
        pairs: list[tuple[str, Way]] = [(tool, "once") for tool in ("get_campaign", "create_campaign")]
        found = await _tried(wrong, pairs, tmp_path / str(number))
        assert len(found) == 2
        assert all(cell.faults for cell in found)


@pytest.mark.parametrize(
    ("told", "made", "fault"),
    [
        ("done", 1, ""),
        ("done", 0, "told to be done, and made 0 times"),
        ("done", 2, "made 2 times"),
        ("not done", 0, ""),
        ("not done", 1, "told to be not done, and made 1 times"),
        ("unknown", 0, ""),
        ("unknown", 1, ""),
        ("unknown", 2, "made 2 times"),
        (None, 0, "it is not told whether it was made"),
    ],
)
def test_what_is_told_is_held_against_what_github_has(told: str | None, made: int, fault: str) -> None:
    assert _faults_of(Outcome("create_campaign", "Fix 1", "reset", told, made, "")) == ([fault] if fault else [])


async def test_a_next_page_elsewhere_is_forgotten_when_the_fault_is_over(era: str, tmp_path: Path) -> None:
    """GitHub answers 304 without a Link: with the wrong one remembered, nothing could be published any more."""

    def elsewhere(request: Request, number: int) -> Act | None:
        return acts.linked if number < 3 else None

    async with staged(era, tmp_path) as stage:
        await stage.github.begin(elsewhere)
        first = await stage.call("report_progress", {})
        await stage.github.begin()
        second = await stage.call("report_progress", {})
    assert "names a next page on another host" in text_of(first)
    assert not second.is_error, text_of(second)
    assert stage.github.strayed == 0


async def test_a_call_that_takes_longer_than_it_may_is_a_fault_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [limited] = [fault for fault in FAULTS if fault.name == "429 with Retry-After"]
    [cell] = await _tried(limited, [("get_campaign", "once")], tmp_path / "right")
    assert (cell.elapsed, cell.most, cell.faults) == (5.0, 45.0, ())
    monkeypatch.setattr(Times, "request", 4.0)
    [cell] = await _tried(limited, [("get_campaign", "once")], tmp_path / "less")
    assert "it took 5.0 s, and 4.0 are the most" in cell.faults[0]


async def test_a_call_that_hangs_is_a_fault_in_the_table_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults_stage, "_LONGEST", 0.0)
    [cell] = await _tried(FAULTS[0], [("get_campaign", "once"), ("create_campaign", "once")], tmp_path / "t")
    assert "get_campaign: no answer within" in cell.faults[0]
    outcomes = await writes("create_campaign", LEAST_LANES, SLICE.seed, tmp_path)
    assert len(outcomes) == LEAST_LANES
    assert all("create_campaign: no answer within" in outcome.faults[0] for outcome in outcomes)
