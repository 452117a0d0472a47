"""README.zh-CN.md is the README: the same headings, code, commands and links, in the same places."""

from __future__ import annotations

import re

import pytest

from tests.documents.reading import read, without_code

HERE = "change README.md and README.zh-CN.md together"
ENGLISH, CHINESE = read("README.md"), read("README.zh-CN.md")


def sections(text: str) -> list[str]:
    """Return the words of a document, cut before each heading."""
    return re.split(r"^(?=#+ )", without_code(text), flags=re.MULTILINE)


def test_the_headings_are_as_many_of_the_same_levels_in_the_same_order() -> None:
    english, chinese = (re.findall(r"^(#+) ", without_code(text), re.MULTILINE) for text in (ENGLISH, CHINESE))
    assert len(english) > 10
    assert chinese == english, HERE


def test_every_heading_but_the_name_is_in_chinese() -> None:
    _, *headings = re.findall(r"^#+ (.*)$", without_code(CHINESE), re.MULTILINE)
    assert all(re.search(r"[\u4e00-\u9fff]", heading) for heading in headings)


def test_the_blocks_of_code_are_the_same_under_the_same_headings() -> None:
    def blocks(text: str) -> list[str]:
        return re.findall(r"^(?:```\w*\n.*?^```|#+ )", text, re.DOTALL | re.MULTILINE)

    assert len(blocks(ENGLISH)) > 20
    assert blocks(CHINESE) == blocks(ENGLISH), HERE


@pytest.mark.parametrize("number", range(1, len(sections(ENGLISH))))
def test_each_section_names_the_same_commands_and_leads_to_the_same_pages(number: int) -> None:
    english, chinese = sections(ENGLISH)[number], sections(CHINESE)[number]
    for what in (r"`([^`]+)`", r"<code>([^<]+)</code>", r"\]\(([^)#]+)", r'src(?:set)?="([^"]+)"'):
        named = [sorted(" ".join(each.split()) for each in re.findall(what, text)) for text in (english, chinese)]
        if number == 1:  # each leads to the other
            named = [sorted({*each} - {"README.md", "README.zh-CN.md"}) for each in named]
        assert named[1] == named[0], HERE
    assert len(re.findall(r"^\|", chinese, re.MULTILINE)) == len(re.findall(r"^\|", english, re.MULTILINE)), HERE
    figures = [set(re.findall(r"\d(?:[\d.,-]*\d)?", text)) for text in (english, chinese)]
    assert figures[1] == figures[0], HERE


def test_each_leads_to_the_other() -> None:
    assert "(README.zh-CN.md)" in ENGLISH
    assert "(README.md)" in CHINESE
