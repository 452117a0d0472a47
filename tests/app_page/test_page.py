"""The text of the page, as it is before any browser has seen it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from server.app_page import page
from server.app_page.page import progress_page
from server.domain.reports import ProgressReport
from tests.app_page.reports_shown import HOSTILE_NAMES, TEN_CAMPAIGNS

SOURCES = sorted(Path(page.__file__).parent.glob("*.js"))


def _policy(html: str) -> str:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert found
    return found[1]


def _given(html: str) -> object:
    found = re.search(r'<script type="application/json" id="given">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_is_smaller_than_40_kilobytes() -> None:
    assert len(progress_page().encode()) < 40_000


@pytest.mark.parametrize("report", [None, TEN_CAMPAIGNS, HOSTILE_NAMES])
def test_the_policy_allows_the_one_style_and_the_one_script_and_nothing_else(report: ProgressReport | None) -> None:
    html = progress_page(report)
    hashes = {}
    for kind, opening in (("style", "<style>"), ("script", "<script>")):
        text = html.split(opening)[1].split(f"</{kind}>")[0]
        hashes[kind] = f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert _policy(html) == (
        f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_names_no_address_to_load_from() -> None:
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", progress_page()))
    assert addresses == {
        "http://www.w3.org/2000/svg",
        "https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx",
    }
    assert not re.search(r"<link|<img|@import|url\((?!#)|\bsrc=", progress_page())


def test_the_app_holds_no_report() -> None:
    assert _given(progress_page()) is None


def test_a_report_in_the_page_comes_out_as_it_went_in() -> None:
    assert _given(progress_page(HOSTILE_NAMES)) == HOSTILE_NAMES.model_dump(mode="json", exclude_none=True)


def test_a_report_in_the_page_cannot_leave_its_place() -> None:
    plain, hostile = progress_page(TEN_CAMPAIGNS), progress_page(HOSTILE_NAMES)
    assert re.findall(r"<[/a-z!]+", hostile) == re.findall(r"<[/a-z!]+", plain)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize("means", ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function("])
def test_no_script_makes_elements_or_code_of_text(source: Path, means: str) -> None:
    assert means not in source.read_text()


def test_every_line_of_every_script_is_in_the_page() -> None:
    lines = set(progress_page().splitlines())
    assert [line for source in SOURCES for line in source.read_text().splitlines() if line.strip() not in lines] == []
