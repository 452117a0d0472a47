"""A report as a page, Markdown, CSV and JSON: the facts, and nothing else whatever others wrote."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.reports import CampaignProgress, Forecast, ProgressReport, RepositoryProgress
from server.report_formats import Format, as_csv, as_markdown, formatted, markdown_words

NOW = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
PAGE = "https://github.com/orgs/acme/security/campaigns/3"
FORMATS: tuple[Format, ...] = get_args(Format)
CUT = "\u200b"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "a | b | c",
    "[click](https://evil.example)",
    "![x](//evil.example/x.png)",
    "<https://evil.example>",
    "see https://evil.example/x or www.evil.example or a@evil.example or mailto:x",
    "@octocat @acme/everyone #1 GH-1 acme/web#1 acme/web@0123456789",
    "**bold** _it_ ~~gone~~ `code` $x$",
    "&#64;octocat &lt;b&gt;",
    "\\",
    "a\\| b",
    "line\n\n# heading\r\n| x |",
    "\u202egnp.exe\u0000\u200b\u2028",
    '=HYPERLINK("https://evil.example","x")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    "1. list",
    "- list",
    "```",
    "{{given}}",
)


def campaign(**changed: Any) -> CampaignProgress:
    known: dict[str, Any] = {
        "campaign_number": 3,
        "name": "SQL injection",
        "status": "at_risk",
        "open_count": 38,
        "in_progress_count": 7,
        "closed_count": 75,
        "days_left": 24,
        "pace_needed": 1.88,
        "pace_28_days": 1.36,
        "forecast": Forecast(expected=date(2026, 4, 14)),
    }
    return CampaignProgress(**{**known, **changed})


def repository(name: str, left: int, fixed: int = 0, dismissed: int = 0) -> RepositoryProgress:
    return RepositoryProgress(repository=name, left=left, fixed=fixed, dismissed=dismissed)


def report(*campaigns: CampaignProgress, **changed: Any) -> ProgressReport:
    told = {"summary": "Thursday 12 March: 1 open campaign.", "as_of": NOW, "campaigns": list(campaigns)}
    return ProgressReport(**{**told, **changed})


def hostile(text: str) -> ProgressReport:
    """A report in which others wrote everything that they could have written, and more."""
    return report(written(text), campaign(campaign_number=4, days_left=-3), summary=text, partial=[text], notes=[text])


def written(text: str) -> CampaignProgress:
    return campaign(
        name=text,
        org=text,
        status="unknown",
        reason=text,
        url=f"https://github.com/{text}",
        left_by_severity={text: 1},
        left_fixed_dismissed_by_repository=[repository(text, 1), repository(text, 2)],
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def bare(text: str) -> str:
    """Markdown with a letter for each character that is escaped in it."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "e", text)


def test_markdown_is_the_summary_a_table_what_is_missing_and_notes() -> None:
    told = report(
        campaign(url=PAGE, reason="It ends 9 days late.", ends_at=datetime(2026, 4, 5, 23, 59, tzinfo=UTC)),
        campaign(campaign_number=4, name="XSS", status="done", forecast=None, days_left=None, pace_28_days=None),
        partial=["Campaign acme/5 could not be read."],
        notes=["No earlier report is known."],
    )
    assert as_markdown(told) == (
        "Thursday 12 March: 1 open campaign.\n"
        "\n"
        "| Campaign | Status | Left | Closed | Ends | Days left | Needs a day | Held a day, 7 days "
        "| 28 days | Expected end |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        f"| [3]({PAGE}) SQL injection | at risk | 45 | 75 | 2026-04-05 | 24 | 1.88 |  | 1.36 | 2026-04-14 |\n"
        "| 4 XSS | done | 45 | 75 |  |  | 1.88 |  |  |  |\n"
        "\n"
        "Could not be read:\n"
        "\n"
        "- Campaign acme/5 could not be read.\n"
        "\n"
        "Notes:\n"
        "\n"
        "- No earlier report is known.\n"
        "\n"
        "As of 2026-03-12 14:05 UTC.\n"
    )


def test_markdown_of_one_campaign_tells_its_reason_what_was_closed_and_what_is_left() -> None:
    told = report(
        campaign(
            fixed=30,
            dismissed=8,
            reopened=2,
            reason="It ends 9 days late.",
            left_by_severity={"critical": 5, "high": 22},
            left_fixed_dismissed_by_repository=[
                repository("web", 17, 3, 1),
                repository("api_v2", 9),
                repository("12 more", 1, 20, 3),
            ],
        )
    )
    assert as_markdown(told).split("\n\n")[1:-1] == [
        "| Campaign | Status | Left | Closed | Ends | Days left | Needs a day | Held a day, 7 days "
        "| 28 days | Expected end |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| 3 SQL injection | at risk: It ends 9 days late. | 45 | 75 |  | 24 | 1.88 |  | 1.36 | 2026-04-14 |",
        "Closed: 30 fixed, 8 dismissed; at least 2 came back; 7 of those left are in progress.",
        "Left by severity: 5 critical, 22 high.",
        "| Repository | Left | Fixed | Dismissed |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| web | 17 | 3 | 1 |\n"
        "| api\\_v2 | 9 | 0 | 0 |\n"
        "| 12 more | 1 | 20 | 3 |",
    ]


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"fixed": 3, "dismissed": 0, "in_progress_count": 0}, "Closed: 3 fixed, 0 dismissed."),
        ({"fixed": 3, "dismissed": 0, "reopened": 0}, "Closed: 3 fixed, 0 dismissed; 7 of those left are in progress."),
        ({"reopened": 1, "in_progress_count": 1}, "At least 1 came back; 1 of those left is in progress."),
        ({}, "7 of those left are in progress."),
        ({"in_progress_count": 0}, None),
    ],
)
def test_markdown_of_one_campaign_tells_of_what_was_closed_only_what_is_known(
    known: dict[str, Any], line: str | None
) -> None:
    assert as_markdown(report(campaign(**known))).split("\n\n")[2:-1] == ([line] if line else [])


def test_a_repository_without_a_name_is_no_sum() -> None:
    places = [repository("repository 42", 9), repository("2 more", 3), repository("web", 2)]
    told = as_markdown(report(campaign(left_fixed_dismissed_by_repository=places), campaign(campaign_number=4)))
    assert "- 3 SQL injection: repository 42 9, web 2, others 3\n" in told


def test_markdown_of_several_tells_in_a_line_where_the_most_is_left() -> None:
    places = [
        repository(name, left, 0, 0) for name, left in (("web", 9), ("api", 5), ("jobs", 2), ("cli", 1), ("x", 0))
    ]
    told = report(
        campaign(
            org="acme",
            left_by_severity={"high": 20},
            left_fixed_dismissed_by_repository=[*places, repository("3 more", 3)],
        ),
        campaign(campaign_number=4, name="XSS", left_fixed_dismissed_by_repository=places[:2]),
        campaign(campaign_number=5, left_by_severity={"low": 2}),
        campaign(campaign_number=6),
        campaign(campaign_number=7, status="done", left_fixed_dismissed_by_repository=[repository("web", 0, 7, 2)]),
    )
    assert as_markdown(told).split("\n\n")[2:4] == [
        "What is left:",
        "- acme/3 SQL injection: 20 high; web 9, api 5, jobs 2, others 4\n"
        "- 4 XSS: web 9, api 5\n"
        "- 5 SQL injection: 2 low",
    ]


def test_markdown_of_several_gives_a_reason_only_where_no_number_beside_it_does() -> None:
    unknown = campaign(campaign_number=4, status="unknown", reason="There is no history yet.")
    told = as_markdown(report(campaign(reason="It ends 9 days late."), unknown))
    assert "| at risk |" in told
    assert "| unknown: There is no history yet. |" in told


def test_markdown_tells_what_was_closed_since_when_that_was_asked_for() -> None:
    told = as_markdown(report(campaign(closed_since=5, org="acme"), since=NOW))
    assert "| Expected end | Closed since |" in told
    assert "| acme/3 SQL injection |" in told
    assert "| 2026-04-14 | 5 |" in told


def test_a_report_of_no_campaign_has_no_table() -> None:
    assert "|" not in as_markdown(report())
    assert rows(as_csv(report())) == []


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_keeps_what_others_wrote_to_words(text: str, alone: bool) -> None:
    told, plain = (as_markdown(report(written(each)) if alone else hostile(each)) for each in (text, "x"))
    left = bare(told)
    assert told.count("\n") == plain.count("\n")
    assert [line.count("|") for line in left.splitlines()] == [line.count("|") for line in bare(plain).splitlines()]
    assert not set("<>`[]*~$") & set(left)
    assert not re.search(r"@(?!\u200b)|://|www\.|(?i:gh-\d)|#\w|mailto:\w", left)
    assert not re.search(r"&(?!(amp|lt|gt);)", left)
    assert not [line for line in left.splitlines() if re.match(r"[-+=#>]|\d+[.)]", line.removeprefix("- "))]


@given(st.text(max_size=60))
def test_no_text_breaks_the_table_or_becomes_html_or_a_mention(text: str) -> None:
    words = markdown_words(text)
    left = bare(words)
    assert len(words.splitlines()) <= 1
    assert not set("<>`[]*~$|\\") & set(left)
    assert not re.search(r"@(?!\u200b)|://", left)


def test_ordinary_words_are_left_as_they_are() -> None:
    words = 'At risk: 14 "Stop XSS in payments", 91 of 168 closed (54 %), needs 2.1 a day; holds 3.6 (28 days).'
    assert markdown_words(words) == words


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_csv_is_a_formula_or_spans_lines(text: str) -> None:
    told = as_csv(hostile(text))
    assert len(told.splitlines()) == 3
    first, second = rows(told)
    assert second.pop("days_left") == "-3"
    cells = [*first.values(), *second.values()]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20"))]
    assert not [cell for cell in cells if re.search("[\u202e\u0000\u200b\u2028]", cell)]
    assert (first["campaign_number"], second["name"]) == ("3", "SQL injection")


def test_a_number_of_a_csv_is_bare_when_it_is_negative_too() -> None:
    told = campaign(
        days_left=-3, pace_7_days=-0.5, pace_28_days=-12.0, closed_since=-1, remediation_rate=0.0, name="-3", url="-0.5"
    )
    (row,) = rows(as_csv(report(told)))
    numbers = ("days_left", "pace_7_days", "pace_28_days", "closed_since", "remediation_rate")
    assert [row[name] for name in numbers] == ["-3", "-0.5", "-12.0", "-1", "0.0"]
    assert (row["name"], row["url"]) == ("'-3", "'-0.5")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("field", ["name", "org", "reason", "url"])
def test_every_text_that_begins_like_a_formula_gets_an_apostrophe(start: str, field: str) -> None:
    (row,) = rows(as_csv(report(campaign(**{field: f"{start}1+1"}))))
    assert row[field] == f"'{start.strip()}1+1"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("x;", "x;'"),
        ("x; ", "x; '"),
        (";;\u00a0 ", ";; '"),
        ('x;"', "x;\"'"),
        ("x;\t", "x; '"),
        ("x;\r\n", "x;  '"),
    ],
)
def test_no_text_is_a_formula_where_a_semicolon_separates_cells(before: str, written: str, sign: str) -> None:
    told = as_csv(report(campaign(name=f"{before}{sign}1+1;y", days_left=-3)))
    (row,) = rows(told)
    assert (row["name"], row["days_left"]) == (f"{written}{sign}1+1;y", "-3")
    for line in csv.reader(io.StringIO(told, newline=""), delimiter=";"):
        assert not [cell for cell in line if cell.lstrip().startswith(sign)]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_formula_after_a_semicolon(text: str) -> None:
    told = as_csv(hostile(f"x;{text};{text}"))
    for line in csv.reader(io.StringIO(told, newline=""), delimiter=";"):
        assert not [cell for cell in line if cell.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))]


@pytest.mark.parametrize(
    ("name", "cell"),
    [("=1+1", "'=1+1"), ("\t=1+1", "'=1+1"), ("@x", "'@x"), ("a=1", "a=1"), ('a "b", c', 'a "b", c')],
)
def test_a_formula_gets_an_apostrophe_and_other_names_nothing(name: str, cell: str) -> None:
    (row,) = rows(as_csv(report(campaign(name=name))))
    assert row["name"] == cell


def test_csv_has_a_row_for_each_campaign_with_what_is_known() -> None:
    forecast = Forecast(expected=date(2026, 4, 14), earliest=date(2026, 4, 8), latest=date(2026, 4, 24))
    first, second = rows(as_csv(report(campaign(forecast=forecast, ends_at=NOW, url=PAGE), campaign(forecast=None))))
    assert {name: value for name, value in first.items() if value} == {
        "as_of": "2026-03-12T14:05:00Z",
        "campaign_number": "3",
        "name": "SQL injection",
        "state": "open",
        "status": "at_risk",
        "open_count": "38",
        "in_progress_count": "7",
        "closed_count": "75",
        "ends_at": "2026-03-12T14:05:00Z",
        "days_left": "24",
        "pace_needed": "1.88",
        "pace_28_days": "1.36",
        "forecast_expected": "2026-04-14",
        "forecast_earliest": "2026-04-08",
        "forecast_latest": "2026-04-24",
        "url": PAGE,
    }
    assert second["forecast_expected"] == ""
    assert list(first) == list(second)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_json_is_the_report_without_nulls(text: str) -> None:
    told = formatted(hostile(text), "json")
    assert ProgressReport.model_validate_json(told) == hostile(text)
    assert "null" not in told
    assert json.loads(told)["campaigns"][0]["name"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_holds_no_markup_of_others(text: str) -> None:
    told, plain = formatted(hostile(text), "html"), formatted(hostile("x"), "html")
    assert told.lower().startswith("<!doctype html>")
    assert told.count("<") == plain.count("<")


@pytest.mark.parametrize("wanted", FORMATS)
def test_every_format_ends_with_a_line_break(wanted: Format) -> None:
    assert formatted(report(campaign()), wanted).endswith("\n")
