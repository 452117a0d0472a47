"""What SECURITY.md promises is held by tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.prove.__main__ import PARTS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "SECURITY.md").read_text()
PROMISES = re.findall(r"^\| (.+) \| (.*) \|$", TEXT.split("## What is promised")[1].split("\n## ")[0], re.MULTILINE)[1:]


def test_every_promise_names_what_holds_it() -> None:
    assert len(PROMISES) > 10
    for promise, held_by in PROMISES:
        named = re.findall(r"`([^`]+)`", held_by)
        assert named, promise
        assert all(name in PARTS or name.startswith("tests/") for name in named), promise


def test_every_test_that_is_named_is_there() -> None:
    for path in re.findall(r"`(tests/[^`]+)`", TEXT):
        assert (ROOT / path).exists(), path


def test_every_part_of_the_proof_is_there_and_holds_a_promise() -> None:
    held_by = " ".join(held_by for _, held_by in PROMISES)
    for part in PARTS:
        assert (ROOT / "tests" / "prove" / f"{part}.py").exists(), part
        assert f"`{part}`" in held_by, part
