"""Twelve weeks of a campaign on the page: each week's answer of the tool, drawn after the one before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.app_page.apps_host import AppsHost
from tests.domain.progress_samples import END, START
from tests.harness import ORG
from tests.twelve_weeks import CLOSED, DAYS, DISMISSED, STRAIGHT_ON, TOTAL, WEEKS, WEEKS_BY_ALERTS, Week
from tests.twelve_weeks_played import AT_ONCE, Monday, mondays

STATUSES = {
    "unknown": "Unknown",
    "at_risk": "At risk",
    "on_track": "On track",
    "overdue": "Overdue",
    "done": "Done",
}
MONTHS = {6: "Jun", 7: "Jul", 8: "Aug", 9: "Sep", 11: "Nov"}
PACES = {"Pace needed": "needed", "Pace, last 7 days": "short", "Pace, last 28 days": "long"}
FACTS = """
Object.fromEntries([...document.querySelectorAll('.facts div')]
.map((fact) => [fact.querySelector('dt').textContent, fact.querySelector('dd').textContent]))
"""
TABLE = """
[...document.querySelectorAll('figure tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))
"""


def written(day: date) -> str:
    return f"{day.day} {MONTHS[day.month]} {day.year}"


def after(days: int) -> str:
    return written(START.date() + timedelta(days=days))


def rows(points: list[tuple[int, int]]) -> list[list[str]]:
    """The table behind a burndown: day, left, and where the ideal line is, which reaches zero on the last of 82 days.

    No ideal is so near to a half that it could be rounded either way.
    """
    return [[after(day), str(left), str(max(0, round(TOTAL * (1 - day / DAYS))))] for day, left in points]


def counts(week: Week, *, known: bool) -> str:
    closed, dismissed = CLOSED[week.number], DISMISSED[week.number]
    left = TOTAL - closed
    begun = min(AT_ONCE, left)
    said = f"{left} left of 168 alerts: {left - begun} open, {begun} in progress" if left else "None left of 168 alerts"
    return f"{said}; {closed} closed" + (f" ({closed - dismissed} fixed, {dismissed} dismissed)" if known else "")


def end(week: Week) -> str:
    days = DAYS - 7 * week.number
    return (
        f"Ends {written(END.date())}, {days} days left"
        if days > 0
        else f"Ended {written(END.date())}, {-days} days ago"
    )


def receive(apps: AppsHost, monday: Monday) -> None:
    """Have the host pass a result on, and wait until it is drawn."""
    apps.host("result", monday.result.model_dump(mode="json", by_alias=True, exclude_none=True))
    apps.wait_for_text(f"As of {after(7 * monday.week)}, 00:00 UTC")


def assert_shown(apps: AppsHost, week: Week, *, known: bool) -> None:
    assert apps.texts(".status") == [STATUSES[week.status]]
    text = apps.text()
    for sentence in (week.reason or "", end(week), counts(week, known=known)):
        assert sentence in text
    facts = apps.app(FACTS)
    for fact, name in PACES.items():
        pace = getattr(week, name)
        assert facts.get(fact) == (None if pace is None else f"{pace:g} a day")
    expected = facts.get("Expected to be done", "").partition(" (")[0]
    assert expected == (written(date.fromisoformat(week.expected)) if week.expected else "")


@pytest.mark.parametrize(
    ("known", "weeks"), [(False, WEEKS), (True, WEEKS_BY_ALERTS)], ids=["by snapshots", "by alerts"]
)
def test_the_page_shows_each_week_as_worked_out_by_hand(apps: AppsHost, known: bool, weeks: list[Week]) -> None:
    apps.open()
    apps.wait_for_host("initialized", 1)
    apps.host("input", {"org": ORG, "campaign_number": 7})
    for monday, week in zip(mondays(known=known), weeks, strict=True):
        receive(apps, monday)
        assert_shown(apps, week.as_the_tool_tells_it, known=known)
        shown = apps.app(TABLE)
        if known:
            assert shown == rows([(day, monday.left[day]) for day, _ in monday.campaign["burndown"]])
        else:
            assert shown == rows(
                [
                    (7 * number, TOTAL - closed)
                    for number, closed in enumerate(CLOSED[: week.number + 1])
                    if number == week.number or number not in STRAIGHT_ON
                ]
            )


@pytest.mark.parametrize("number", [0, 3, 6, 9, 12, 13], ids=lambda number: f"week {number}")
def test_the_file_that_the_command_writes_shows_the_same(apps: AppsHost, number: int) -> None:
    monday = mondays(known=True)[number]
    apps.play("open_alone", html=monday.reports["html"], size={"width": 760, "height": 700}, theme="light")
    apps.wait_for_text(f"As of {after(7 * number)}, 00:00 UTC")
    assert_shown(apps, WEEKS_BY_ALERTS[number], known=True)
