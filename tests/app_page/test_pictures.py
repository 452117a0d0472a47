"""What is drawn, and the tables behind it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.domain.measures import Reported
from server.domain.report_making import progress_report
from server.domain.reports import Forecast, ProgressReport
from tests.app_page.apps_host import AppsHost, result
from tests.app_page.reports_shown import (
    BURNDOWN,
    DONE,
    EMPTY,
    LONG,
    LONG_NAMES,
    ON_TRACK,
    ONE_POINT,
    OVERDUE,
    TEN_CAMPAIGNS,
    THOUSAND_REPOSITORIES,
    campaign,
    report,
)
from tests.domain.progress_samples import at
from tests.domain.progress_samples import campaign as published

AT_RISK = report(campaign())
TREND = "Burndown: alerts left over time"


def _rows(apps: AppsHost, table: str) -> list[list[str]]:
    return list(
        apps.app(
            f"[...document.querySelectorAll('{table} tbody tr')]"
            ".map((row) => [...row.children].map((cell) => cell.textContent))"
        )
    )


def _path(apps: AppsHost, kind: str) -> list[tuple[float, float]]:
    drawn = apps.app(f"document.querySelector('.chart .{kind}').getAttribute('d')")
    points = [point.split() for point in drawn.strip("MZ").split("L")]
    return [(float(x), float(y)) for x, y in points]


def test_a_burndown_has_a_table_with_every_point_and_the_ideal(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    rows = _rows(apps, "figure table")
    assert len(rows) == len(BURNDOWN)
    assert rows[0] == ["12 Jan 2026", "120", "120"]
    assert rows[-1] == ["12 Mar 2026", "45", "35"]


def test_the_table_is_there_for_assistive_technology_before_it_is_shown(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    hidden = "document.querySelector('figure table').closest('.aside') !== null"
    assert 'table "Alerts left over time"' in apps.tree()
    assert apps.app(hidden)
    apps.click("button[aria-pressed]")
    assert not apps.app(hidden)
    assert apps.app("document.querySelector('figure table').getBoundingClientRect().width") > 300


def test_the_ideal_line_ends_at_zero_on_the_end_date(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    ideal, left = _path(apps, "ideal"), _path(apps, "left")
    end = apps.app("document.querySelector('.chart .end').getAttribute('d')")
    assert ideal[0] == left[0]
    assert end.startswith(f"M{ideal[1][0]:g} {ideal[1][1]:g}V")
    assert "End 5 Apr" in apps.texts(".chart text")


def test_the_picture_ends_with_the_end_date_when_the_forecast_is_earlier(apps: AppsHost) -> None:
    apps.show(ON_TRACK)
    *_, width, _ = apps.app("document.querySelector('.chart svg').getAttribute('viewBox')").split()
    margin = 16
    assert _path(apps, "ideal")[1][0] == int(width) - margin


def test_the_forecast_starts_at_the_last_point_and_its_range_is_from_the_earliest_to_the_latest(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    left, expected, within = _path(apps, "left"), _path(apps, "expected"), _path(apps, "range")
    floor = _path(apps, "ideal")[1][1]
    assert expected[0] == within[0] == left[-1]
    assert within[1][0] < expected[1][0] < within[2][0]
    assert {expected[1][1], within[1][1], within[2][1]} == {floor}


def test_a_latest_day_that_is_not_in_sight_leaves_the_range_open(apps: AppsHost) -> None:
    apps.show(OVERDUE)
    within = _path(apps, "range")
    assert within[-1][1] == within[0][1]
    assert within[-1][0] > within[1][0]
    assert "14 Apr 2026 (1 Apr 2026 at the earliest, the latest is not in sight)" in apps.text()


NO_RANGE = report(campaign(forecast=Forecast(expected=date(2026, 4, 14))))
SAID = "14 Apr 2026 (from too few readings for a range)"


def test_a_forecast_without_a_range_is_drawn_and_said_without_one(apps: AppsHost) -> None:
    apps.show(NO_RANGE)
    assert _path(apps, "expected")[0] == _path(apps, "left")[-1]
    assert apps.app("document.querySelectorAll('.chart .range').length") == 0
    assert apps.texts(".chart + .legend li") == ["Left", "Ideal", "Forecast"]
    assert f"Expected to be done\n{SAID}" in apps.text()
    assert apps.texts(".chart desc")[0].endswith(f"Expected to be done: {SAID}.")


def test_a_picture_reaches_as_far_as_a_forecast_without_a_range(apps: AppsHost) -> None:
    apps.show(NO_RANGE)
    *_, width, _ = apps.app("document.querySelector('.chart svg').getAttribute('viewBox')").split()
    assert _path(apps, "expected")[1][0] == int(width) - 16


def test_a_row_of_a_list_says_nothing_of_the_range_it_leaves_out(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS, capabilities={})
    apps.click("#c-acme-3-details")
    assert "Expected to be done\n14 Apr 2026\n" in apps.text()


@pytest.mark.parametrize(
    "forecast",
    [
        Forecast(expected=date(2031, 1, 1), earliest=date(2030, 1, 1), latest=date(2040, 1, 1)),
        Forecast(expected=date(2026, 3, 12), earliest=date(2026, 3, 12), latest=date(2026, 3, 12)),
        Forecast(expected=date(2026, 3, 13), earliest=date(2026, 3, 12)),
    ],
)
def test_no_forecast_is_drawn_outside_the_picture(apps: AppsHost, forecast: Forecast) -> None:
    apps.show(report(campaign(forecast=forecast)))
    for x, y in [*_path(apps, "expected"), *_path(apps, "range")]:
        assert 0 <= x <= 760
        assert 0 <= y <= 260


@pytest.mark.parametrize(
    ("shown", "status", "sentences"),
    [
        (AT_RISK, "At risk", ["Ends 5 Apr 2026, 24 days left", "ends 9 days after its end date"]),
        (ON_TRACK, "On track", ["1 Apr 2026 (28 Mar 2026 to 4 Apr 2026)"]),
        (OVERDUE, "Overdue", ["Ended 1 Mar 2026, 11 days ago", "The end date has passed with alerts left."]),
        (DONE, "Done", ["Closed campaign, end date 5 Apr 2026", "None left of 120 alerts; 120 closed (101 fixed, 19 "]),
        (EMPTY, "Unknown", ["No history yet: the burndown appears once", "Too little history"]),
        (ONE_POINT, "Unknown", ["One reading so far, of 12 Mar 2026: a trend needs at least two."]),
        (report(campaign(days_left=0)), "At risk", ["Ends 5 Apr 2026, last day"]),
        (report(campaign(days_left=1)), "At risk", ["1 day left"]),
        (report(campaign(open_count=0, in_progress_count=0, closed_count=0)), "At risk", ["No alerts"]),
    ],
)
def test_a_campaigns_state_is_said_in_words(
    apps: AppsHost, shown: ProgressReport, status: str, sentences: list[str]
) -> None:
    apps.show(shown)
    assert apps.texts(".status") == [status]
    for sentence in sentences:
        assert sentence in apps.text()


def test_each_status_has_a_shape_of_its_own(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    pairs = apps.app(
        "[...document.querySelectorAll('.status')]"
        ".map((status) => [status.textContent, status.querySelector('path').getAttribute('d')])"
    )
    shapes = dict(pairs)
    assert len(shapes) == len(set(shapes.values())) == 5
    assert len({(word, shape) for word, shape in pairs}) == 5


def test_without_history_nothing_is_drawn_but_the_counts(apps: AppsHost) -> None:
    apps.show(EMPTY)
    assert TREND not in apps.tree()
    assert _rows(apps, "table") == []
    assert apps.texts(".bar desc") == [
        "45 left of 120 alerts: 38 open, 7 in progress; 75 closed. 71 % of the time used."
    ]


def test_one_point_is_a_dot_and_the_ideal_line_but_no_trend(apps: AppsHost) -> None:
    apps.show(ONE_POINT)
    assert apps.app("document.querySelectorAll('.chart .point, .chart .ideal').length") == 2
    assert apps.app("document.querySelectorAll('.chart .left, .chart .expected').length") == 0
    assert _rows(apps, "figure table") == [["12 Mar 2026", "120", "120"]]


def test_a_board_keeps_the_order_it_was_given(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    names = [each.name for each in TEN_CAMPAIGNS.campaigns]
    assert apps.texts("h2") == names
    assert [row[0] for row in _rows(apps, "table")] == names
    assert apps.texts(".status") == [row[1] for row in _rows(apps, "table")]
    assert "In all 450 open, 45 in progress, 660 closed; 55 closed since 5 Mar 2026" in apps.text()


@pytest.mark.parametrize(
    ("closed", "left", "said"),
    [(71, 142, "33"), (62, 6, "91"), (167, 1, "99"), (1, 1, "50"), (0, 5, "0"), (168, 0, "100"), (999, 1, "99")],
)
def test_the_closed_part_is_rounded_on_the_page_as_in_the_summary(
    apps: AppsHost, closed: int, left: int, said: str
) -> None:
    told = progress_report([Reported(published(closed, closed + left))], at(30), detail=True)
    assert f"({said} %)" in told.summary
    apps.show(told)
    assert apps.texts(".bar title") == [f"{said} % closed"]
    assert f"Remediation rate\n{said} %" in apps.text()
    of_two = told.model_copy(
        update={"campaigns": 2 * [told.campaigns[0].model_copy(update={"remediation_rate": None})]}
    )
    apps.show(of_two)
    assert apps.texts(".bar title") == 2 * [f"{said} % closed"]


def test_what_was_closed_in_all_is_not_said_when_it_is_not_known_of_one(apps: AppsHost) -> None:
    first, *others = TEN_CAMPAIGNS.campaigns
    unknown = first.model_copy(update={"closed_since": None})
    apps.show(TEN_CAMPAIGNS.model_copy(update={"campaigns": [unknown, *others], "closed_since": None}))
    assert "In all 450 open, 45 in progress, 660 closed\n" in apps.text()
    apps.click("#c-acme-1-details")
    assert "losed since" not in apps.text()
    apps.click("#c-acme-3-details")
    assert apps.text().count("losed since") == 1


def test_a_bar_is_as_long_as_what_it_stands_for(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    bars = apps.app(
        "[...document.querySelectorAll('.bar')].map((bar) => ['.closed', '[fill]', '.track']"
        ".map((part) => bar.querySelector(part).getBoundingClientRect().width))"
    )
    for (closed, in_progress, whole), each in zip(bars, TEN_CAMPAIGNS.campaigns, strict=True):
        total = each.open_count + each.in_progress_count + each.closed_count
        assert closed / whole == pytest.approx(each.closed_count / total, abs=0.01)
        assert in_progress / whole == pytest.approx(each.in_progress_count / total, abs=0.01)


def test_a_board_says_nothing_of_the_history_that_a_report_about_many_leaves_out(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    apps.click("#c-acme-1-details")
    assert "No history" not in apps.text()
    assert "Pace, last 28 days" in apps.text()


def test_a_row_of_a_list_says_how_many_days_are_left(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    lines = apps.texts(".line")
    assert lines[0] == "Overdue3 days past the endacme #1"
    assert lines[2] == "At risk12 days leftacme #3"
    assert [row[5] for row in _rows(apps, "table")][:3] == ["-3", "-3", "12"]


def test_the_rest_of_a_campaign_is_read_when_it_is_to_be_seen(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS, {"since": "last_report"})
    assert apps.host("seen")["calls"] == []
    apps.host("answer", result(report(campaign(campaign_number=2))))
    apps.click("#c-acme-labs-2-details")
    apps.wait("document.querySelector('.details .chart svg')")
    asked = {"org": "acme-labs", "since": "2026-03-05T14:05:00Z", "campaign_number": 2}
    assert apps.host("seen")["calls"] == [{"name": "report_progress", "arguments": asked}]
    assert "Ends 5 Apr 2026, 24 days left" in apps.text()
    apps.click(".details button[aria-expanded]")
    assert "service-a" in apps.text()
    assert "Reading the campaign" not in apps.text()


def test_what_is_known_of_a_campaign_stays_when_the_rest_cannot_be_read(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    apps.host("answer", {"content": [{"type": "text", "text": "GitHub is down."}], "isError": True})
    apps.click("#c-acme-1-details")
    apps.wait_for_text("Could not be read: GitHub is down.")
    assert "Pace, last 28 days" in apps.text()


def test_a_host_that_calls_no_tools_is_not_asked_for_the_rest(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS, capabilities={})
    apps.click("#c-acme-3-details")
    assert "Pace needed" in apps.text()
    assert "Reading the campaign" not in apps.text()


def test_a_campaign_on_the_board_opens_its_own_burndown(apps: AppsHost) -> None:
    apps.show(report(campaign(), campaign(campaign_number=4, name="XSS")))
    assert TREND not in apps.tree()
    apps.click("#c--4-details")
    assert apps.tree().count(TREND) == 1
    assert len(_rows(apps, "#c--4-details-content figure table")) == len(BURNDOWN)


def test_repositories_are_shown_on_demand_with_the_others_summed_up(apps: AppsHost) -> None:
    apps.show(THOUSAND_REPOSITORIES)
    assert "service-000" not in apps.text()
    apps.click("button[aria-expanded]")
    rows = _rows(apps, ".details table")
    assert len(rows) == 11
    assert rows[0] == ["service-000", "60", "0", "1"]
    assert rows[-1] == ["990 more", "21,400", "10,300", "412"]
    apps.click("button[aria-expanded]")
    assert "service-000" not in apps.text()


@pytest.mark.parametrize("told", [None, []])
def test_without_repositories_there_is_nothing_to_open(apps: AppsHost, told: list[Any] | None) -> None:
    apps.show(report(campaign(left_fixed_dismissed_by_repository=told)))
    assert apps.texts("button[aria-expanded]") == []


def test_what_could_not_be_read_and_notes_are_shown(apps: AppsHost) -> None:
    apps.show(report(campaign(), partial=["acme-labs: not allowed."], notes=["The trend starts today."]))
    assert apps.texts(".said") == [
        "Not everything could be readacme-labs: not allowed.",
        "NotesThe trend starts today.",
    ]


def test_no_campaign_is_said_with_the_summary(apps: AppsHost) -> None:
    apps.show(report(summary="No campaign is open in acme."))
    assert apps.text().startswith("Campaign progress\n\nNo campaign is open in acme.")
    assert apps.app("document.querySelectorAll('table, .legend, li').length") == 0


@pytest.mark.parametrize("width", [320, 760])
def test_long_names_are_whole_and_nothing_moves_sideways(apps: AppsHost, width: int) -> None:
    apps.show(LONG_NAMES, size=(width, 700))
    apps.click("button[aria-expanded]")
    assert apps.texts("h1") == [LONG]
    assert apps.app("document.documentElement.scrollWidth") <= width


def test_the_picture_is_drawn_anew_for_another_width(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    apps.play("resize", size={"width": 400, "height": 700})
    apps.wait("document.querySelector('.chart svg').getAttribute('viewBox').startsWith('0 0 37')")
    assert apps.app("document.documentElement.scrollWidth") <= 400
