"""Twelve weeks of a campaign: the tool and the command tell what was worked out by hand, week by week."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from typing import Any

import pytest

from tests.domain.progress_samples import at
from tests.harness import ORG, text_of
from tests.tools.expected import PAGE, assert_text_says_the_same
from tests.twelve_weeks import CLOSED, DAYS, DISMISSED, STRAIGHT_ON, TOTAL, WEEKS, WEEKS_BY_ALERTS, Week, week_of
from tests.twelve_weeks_played import AT_ONCE, Monday, mondays

BY_SNAPSHOTS = [pytest.param(False, week, id=f"by snapshots, week {week.number}") for week in WEEKS]
BY_ALERTS = [pytest.param(True, week, id=f"by alerts, week {week.number}") for week in WEEKS_BY_ALERTS]
every_week = pytest.mark.parametrize(("known", "week"), BY_SNAPSHOTS + BY_ALERTS)
SPOKEN = {
    "unknown": "Unknown",
    "at_risk": "At risk",
    "on_track": "On track",
    "overdue": "Overdue",
    "done": "Done",
}
MONTHS = {6: "June", 7: "July", 8: "August", 9: "September", 11: "November"}


def spoken(day: date) -> str:
    return f"{day.day} {MONTHS[day.month]}"


def left(week: Week) -> int:
    return TOTAL - CLOSED[week.number]


def told(known: bool, week: Week) -> Monday:
    return mondays(known=known)[week.number]


@every_week
def test_the_tool_tells_status_pace_and_forecast(known: bool, week: Week) -> None:
    campaign = told(known, week).campaign
    assert week_of(week.number, campaign) == week.as_the_tool_tells_it
    in_progress = min(AT_ONCE, left(week))
    assert (campaign["open_count"], campaign["in_progress_count"], campaign["closed_count"]) == (
        left(week) - in_progress,
        in_progress,
        CLOSED[week.number],
    )
    assert campaign["days_left"] == DAYS - 7 * week.number
    assert campaign["ends_at"] == "2026-08-22T00:00:00Z"
    assert "notes" not in told(known, week).report


@every_week
def test_the_tools_text_says_it_in_words(known: bool, week: Week) -> None:
    monday = told(known, week)
    assert_text_says_the_same(monday.result)
    said = text_of(monday.result).splitlines()[0]
    assert said.startswith(f"Monday {spoken(at(7 * week.number).date())}. ")
    assert f' {SPOKEN[week.status]}: 7 "Stop XSS in payments", {CLOSED[week.number]} of 168 closed (' in said
    if week.needed and week.expected and week.reason:
        decided = week.reason.removesuffix(".").removesuffix(", which is close").replace("Needs", "needs")
        assert f", {decided}: about {spoken(date.fromisoformat(week.expected))}" in said
    elif week.needed:
        assert said.endswith(", needs 2 a day, there is no history yet.")


@every_week
def test_the_report_says_the_same_as_json_and_in_the_page(known: bool, week: Week) -> None:
    monday = told(known, week)
    report = json.loads(monday.reports["json"])
    assert given(monday.reports["html"]) == report
    [campaign] = report["campaigns"]
    assert week_of(week.number, campaign) == week
    assert campaign.pop("org") == ORG
    report["summary"] = report["summary"].replace(f"{ORG}/7", "7")
    coarser = {"burndown", "left_fixed_dismissed_by_repository", "reason", "state"}  # or left out
    assert without(coarser, campaign) == without(coarser, monday.campaign)
    assert without({"campaigns"}, report) == without({"campaigns"}, monday.report)


def without(names: set[str], facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in names}


def given(html: str) -> Any:
    """Return the report that a page shows."""
    found = re.search(r'<script type="application/json" id="given">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


@every_week
def test_the_report_says_the_same_as_csv(known: bool, week: Week) -> None:
    [row] = csv.DictReader(io.StringIO(told(known, week).reports["csv"]))
    expected = {
        "as_of": f"{at(7 * week.number):%Y-%m-%dT%H:%M:%SZ}",
        "org": "octo-org",
        "campaign_number": "7",
        "status": week.status,
        "reason": week.reason,
        "open_count": str(left(week) - min(AT_ONCE, left(week))),
        "in_progress_count": str(min(AT_ONCE, left(week))),
        "closed_count": str(CLOSED[week.number]),
        "days_left": str(DAYS - 7 * week.number),
        "pace_needed": number(week.needed),
        "pace_7_days": number(week.short),
        "pace_28_days": number(week.long),
        "forecast_expected": week.expected or "",
        "fixed": str(CLOSED[week.number] - DISMISSED[week.number]) if known else "",
        "dismissed": str(DISMISSED[week.number]) if known else "",
    }
    assert {name: row[name] for name in expected} == expected


@every_week
def test_the_report_says_the_same_as_markdown(known: bool, week: Week) -> None:
    lines = told(known, week).reports["markdown"].splitlines()
    head, _, row, *_ = (line for line in lines if line.startswith("|"))
    assert dict(zip(cells(head), cells(row), strict=True)) == {
        "Campaign": f"[octo-org/7]({PAGE}/7) Stop XSS in payments",
        "Status": f"{week.status.replace('_', ' ')}: {week.reason}",
        "Left": str(left(week)),
        "Closed": str(CLOSED[week.number]),
        "Ends": "2026-08-22",
        "Days left": str(DAYS - 7 * week.number),
        "Needs a day": number(week.needed),
        "Held a day, 7 days": number(week.short),
        "28 days": number(week.long),
        "Expected end": week.expected or "",
    }


def number(value: float | None) -> str:
    return "" if value is None else str(value)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("week", WEEKS, ids=lambda week: f"week {week.number}")
def test_the_burndown_by_snapshots_bends_on_the_mondays_on_which_the_pace_changed(week: Week) -> None:
    for campaign in both(told(False, week)):
        assert campaign["burndown_from"] == "2026-06-01"
        assert campaign["burndown"] == [
            [7 * number, TOTAL - closed]
            for number, closed in enumerate(CLOSED[: week.number + 1])
            if number == week.number or number not in STRAIGHT_ON
        ]


@pytest.mark.parametrize("week", WEEKS_BY_ALERTS, ids=lambda week: f"week {week.number}")
def test_the_burndown_by_alerts_is_exact_to_the_day(week: Week) -> None:
    monday = told(True, week)
    for campaign in both(monday):
        points = campaign["burndown"]
        assert campaign["burndown_from"] == "2026-06-01"
        assert points[0] == [0, TOTAL]
        assert points == [[day, monday.left[day]] for day, _ in points]
        assert points[-1] == [7 * week.number, left(week)]


def both(monday: Monday) -> list[dict[str, Any]]:
    """The campaign as the tool and as the report tells it."""
    return [monday.campaign, *json.loads(monday.reports["json"])["campaigns"]]


@pytest.mark.parametrize("week", WEEKS_BY_ALERTS, ids=lambda week: f"week {week.number}")
def test_fixed_and_dismissed_are_told_apart_where_the_alerts_are_known(week: Week) -> None:
    campaign = told(True, week).campaign
    assert (campaign["fixed"], campaign["dismissed"]) == (
        CLOSED[week.number] - DISMISSED[week.number],
        DISMISSED[week.number],
    )
    assert campaign["reopened"] == (10 if week.number >= 6 else 0)
    repositories = campaign["left_fixed_dismissed_by_repository"]
    assert [sum(numbers) for numbers in list(zip(*repositories, strict=True))[1:]] == [
        left(week),
        campaign["fixed"],
        campaign["dismissed"],
    ]
    assert "fixed" not in told(False, week).campaign
    assert "reopened" not in told(False, week).campaign


def test_github_is_asked_for_alerts_only_where_they_are_known_and_some_are_closed() -> None:
    paths = {known: [{each.path for each in monday.sent} for monday in mondays(known=known)] for known in (False, True)}
    alone, alerts = {f"/orgs/{ORG}/campaigns/7"}, f"/orgs/{ORG}/code-scanning/alerts"
    assert paths[False] == [alone] * 14
    assert paths[True] == [alone] + [alone | {alerts}] * 13
