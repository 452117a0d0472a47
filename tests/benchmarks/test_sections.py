"""docs/benchmarks.md: each benchmark writes its own section, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.sections import ORDER, filled, put_section

PAGE = Path("docs/benchmarks.md")
CALLS = "## A tool call\n\nSlow.\n\n### Over stdio\n\n| a | b |\n"
TOKENS = "## Tokens\n\nMany.\n"


def sections(document: str) -> list[str]:
    return re.split(r"^(?=## )", document, flags=re.MULTILINE)[1:]


def test_a_section_takes_the_place_of_the_one_with_its_heading_and_leaves_the_others_as_they_are() -> None:
    before = put_section(put_section("", CALLS), TOKENS)
    after = put_section(before, "## A tool call\n\nFast now.\n")
    assert "Slow." not in after
    assert "### Over stdio" not in after, "what is below the old heading goes with it"
    assert after.endswith(f"## A tool call\n\nFast now.\n\n{TOKENS}")


def test_sections_have_their_order_and_are_in_the_table_of_contents() -> None:
    document = put_section(put_section("", TOKENS), CALLS)
    assert [each.splitlines()[0] for each in sections(document)] == ["## A tool call", "## Tokens"]
    assert "- [A tool call](#a-tool-call)\n- [Tokens](#tokens)\n" in document


def test_a_section_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="Tea is no section"):
        put_section("", "## Tea\n\nHot.\n")


def test_the_opening_is_there_once_however_often_sections_are_written() -> None:
    once = put_section("", CALLS)
    assert put_section(put_section(once, CALLS), CALLS) == once
    assert once.count("# Benchmarks\n") == 1
    assert once.count("Where this project loses, in short") == 1


def test_a_text_that_begins_with_no_heading_is_refused() -> None:
    with pytest.raises(ValueError, match="has to begin with its heading"):
        put_section("", "### Over stdio\n")


def test_a_template_whose_fact_nobody_gave_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "some.md"
    template.write_text("[[rounds]] rounds on [[machine]]")
    assert filled(template, {"rounds": "3", "machine": "two cores"}) == "3 rounds on two cores"
    with pytest.raises(ValueError, match=r"some\.md names `machine`"):
        filled(template, {"rounds": "3"})


def test_the_page_is_in_step_with_its_opening_and_has_every_section() -> None:
    page = PAGE.read_text()
    written = {each.splitlines()[0]: each for each in sections(page)}
    assert [heading.removeprefix("## ") for heading in written] == list(ORDER)
    assert put_section(page, written["## Tokens"]) == page, "write any section anew with --write docs/benchmarks.md"
    assert "[[" not in page
    assert "TODO" not in page
