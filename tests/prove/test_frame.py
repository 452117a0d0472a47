"""The table that the proof prints: nothing that went wrong is missing from it, and nothing in it can break it."""

from __future__ import annotations

import pytest

from tests.prove.__main__ import run, table
from tests.prove.parts import SLICE, Findings, Say, Size


async def breaks_down(size: Size, say: Say) -> Findings:
    say(f"a share of {size.share}")
    message = "the sandbox | is gone\n| all | is | well |"
    raise OSError(message)


def test_a_part_that_breaks_down_is_a_fault_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(breaks_down, SLICE, lambda _: None)
    assert found.faults == ["it broke down: OSError('the sandbox | is gone\\n| all | is | well |')"]
    told = table({"faults": found}).splitlines()
    assert told[2] == "| faults | it broke down | 0 | 0 | 0 | 1 |"
    assert len([line for line in told if "FAULT" in line]) == 1
    assert "all | is" not in told[-1]
    assert "OSError" in capsys.readouterr().err


@pytest.mark.parametrize(("ci", "faults"), [("1", 1), ("", 0)])
def test_what_cannot_be_tried_is_told_and_in_ci_a_fault(monkeypatch: pytest.MonkeyPatch, ci: str, faults: int) -> None:
    monkeypatch.setenv("CI", ci)
    found = Findings("a page", 3)
    found.lacks("in a browser", "there is none")
    assert table({"hostile": found}).splitlines()[2] == f"| hostile | a page | 3 | 0 | 1 | {faults} |"
    assert "| **NOT TRIED** | in a browser: there is none |" in table({"hostile": found})
