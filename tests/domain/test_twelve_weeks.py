"""One campaign of 168 alerts and 82 days, read every Monday at midnight. Every number here was worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pytest

from server.domain.campaign_report import campaign_progress
from server.domain.reports import CampaignProgress
from tests.domain.progress_samples import alerts_closed, at, campaign, counted, snapshot

CLOSED = [0, 7, 21, 42, 63, 84, 77, 84, 98, 119, 147, 161, 164, 168]  # by week; in the sixth ten came back


class Week(NamedTuple):
    number: int
    status: str
    needed: float | None
    short: float | None
    long: float | None
    expected: str | None
    reason: str


def played(week: int) -> CampaignProgress:
    history = [snapshot(7 * number, closed) for number, closed in enumerate(CLOSED[:week])]
    return campaign_progress(campaign(CLOSED[week]), history, at(7 * week))


@pytest.mark.parametrize(
    "week",
    [
        # 168 left in 82 days are 2.05 a day.
        Week(0, "unknown", 2.0, None, None, None, "Needs 2 a day; there is no history yet."),
        # 161 / 75 = 2.15. 7 in 7 days, 161 / 1 = 161 days from 8 June.
        Week(1, "at_risk", 2.1, 1.0, None, "2026-11-16", "Needs 2.1 a day, holds 1 (7 days)."),
        # 147 / 68 = 2.16. 14 in 7 days; 21 in 14, half of 28: 147 / 1.5 = 98 days from 15 June. Weeks of 1 and 2 a day
        # are 0.71 apart, over sqrt(2) 0.5: up to 1.5 + 1.645 * 0.5 = 2.3.
        Week(2, "at_risk", 2.2, 2.0, 1.5, "2026-09-21", "Needs 2.2 a day, holds 1.5 (since 1 June), which is close."),
        # 126 / 61 = 2.07. 42 in 21 days: 126 / 2 = 63 days from 22 June, two days late, the range of 1.3 to 2.7
        # (weeks of 1, 2 and 3 a day: 1 / sqrt(3) = 0.58, times 1.645) has the end in it.
        Week(3, "at_risk", 2.1, 3.0, 2.0, "2026-08-24", "Needs 2.1 a day, holds 2 (since 1 June), which is close."),
        # 105 / 54 = 1.94. 63 in 28 days: 105 / 2.25 = 46.7 days from 29 June. The slow end is 2.25 - 1.645 * 0.48.
        Week(4, "on_track", 1.9, 3.0, 2.2, "2026-08-14", "Needs 1.9 a day, holds 2.2 (28 days), which is close."),
        # 84 / 47 = 1.79. 77 in 28 days: 84 / 2.75 = 30.5 days from 6 July.
        # Chance is sqrt(77) / 28 = 0.313, the weeks 2, 3, 3, 3 only 0.25: 2.75 - 0.515 is still enough.
        Week(5, "on_track", 1.8, 3.0, 2.8, "2026-08-05", "Needs 1.8 a day, holds 2.8 (28 days)."),
        # 91 / 40 = 2.28. Seven more came back than were closed; 56 in 28 days: 91 / 2 = 45.5 days from 13 July.
        Week(6, "at_risk", 2.3, -1.0, 2.0, "2026-08-27", "Needs 2.3 a day, holds 2 (28 days), which is close."),
        # 84 / 33 = 2.55. 42 in 28 days: 84 / 1.5 = 56 days from 20 July. The weeks 3, 3, -1, 1: up to 3.1.
        Week(7, "at_risk", 2.5, 1.0, 1.5, "2026-09-14", "Needs 2.5 a day, holds 1.5 (28 days), which is close."),
        # 70 / 26 = 2.69. 35 in 28 days: 70 / 1.25 = 56 days from 27 July. The weeks 3, -1, 1, 2: 1.25 + 1.645 * 0.854.
        Week(8, "at_risk", 2.7, 2.0, 1.2, "2026-09-21", "Needs 2.7 a day, holds 1.2 (28 days)."),
        # 49 / 19 = 2.58. 35 in 28 days: 49 / 1.25 = 39.2 days from 3 August. The weeks -1, 1, 2, 3: up to 2.66.
        Week(9, "at_risk", 2.6, 3.0, 1.2, "2026-09-11", "Needs 2.6 a day, holds 1.2 (28 days), which is close."),
        # 21 / 12 = 1.75. 70 in 28 days: 21 / 2.5 = 8.4 days from 10 August. The weeks 1, 2, 3, 4: down to 1.44.
        Week(10, "on_track", 1.8, 4.0, 2.5, "2026-08-18", "Needs 1.8 a day, holds 2.5 (28 days), which is close."),
        # 7 / 5 = 1.4. 77 in 28 days: 7 / 2.75 = 2.5 days from 17 August. The weeks 2, 3, 4, 2: down to 1.96.
        Week(11, "on_track", 1.4, 2.0, 2.8, "2026-08-19", "Needs 1.4 a day, holds 2.8 (28 days)."),
        # The end was two days ago. 3 in 7 days, 66 in 28: 4 / 2.36 = 1.7 days from 24 August.
        Week(12, "overdue", None, 0.43, 2.4, "2026-08-25", "Ended 2 days ago with 4 of 168 left."),
        # 4 in 7 days, 49 in 28.
        Week(13, "done", None, 0.57, 1.8, None, "All 168 alerts are closed."),
    ],
    ids=lambda week: f"week {week.number}",
)
def test_every_week_has_the_status_pace_and_forecast_worked_out_by_hand(week: Week) -> None:
    told = played(week.number)
    expected = told.forecast.expected.isoformat() if told.forecast else None
    assert week == Week(
        week.number, told.status, told.pace_needed, told.pace_7_days, told.pace_28_days, expected, told.reason or ""
    )
    assert told.days_left == 82 - 7 * week.number
    assert told.time_used == min(round(7 * week.number / 82, 2), 1)
    assert told.closed_count == CLOSED[week.number]


def test_the_range_is_what_nine_in_ten_would_stay_in() -> None:
    # Week 5: 84 left, 2.75 +- 1.645 * 0.3134 a day: 3.27 (25.7 days) and 2.23 (37.6 days) from 6 July.
    told = played(5).forecast
    assert told is not None
    assert (told.earliest, told.latest) == (date(2026, 7, 31), date(2026, 8, 12))


def test_a_slow_end_that_leads_nowhere_is_left_out() -> None:
    # Week 8: 1.25 - 1.645 * 0.854 a day is less than nothing.
    told = played(8).forecast
    assert told is not None
    assert told.latest is None


def test_the_burndown_bends_where_the_pace_changed() -> None:
    told = played(13)
    assert told.burndown_from == at(0).date()
    assert told.burndown == [(7 * week, 168 - closed) for week, closed in enumerate(CLOSED) if week not in (3, 4)]


def test_an_end_moved_later_puts_a_late_campaign_back_on_track() -> None:
    history = [snapshot(7 * number, closed) for number, closed in enumerate(CLOSED[:8])]
    told = campaign_progress(campaign(CLOSED[8], ends_at=at(82 + 39)), history, at(56))
    # 70 left in 65 days are 1.08 a day, and 1.25 are held: 21 September, nine days before the new end.
    assert (told.status, told.pace_needed, told.reason) == (
        "on_track",
        1.1,
        "Needs 1.1 a day, holds 1.2 (28 days), which is close.",
    )


@pytest.mark.parametrize("week", [1, 2, 3, 4, 5])
def test_the_alerts_own_times_tell_the_same_paces_without_any_history(week: int) -> None:
    days = [day for number in range(week) for day in closings(number)]
    alerts = alerts_closed(days, 168 - len(days))
    exact = campaign_progress(counted(alerts), [], at(7 * week), alerts=alerts)
    by_history = played(week)
    for field in ("status", "closed_count", "pace_needed", "pace_7_days", "pace_28_days", "days_left"):
        assert getattr(exact, field) == getattr(by_history, field), field
    assert exact.forecast is not None
    assert by_history.forecast is not None
    assert exact.forecast.expected == by_history.forecast.expected


def closings(week: int) -> list[float]:
    """When alerts were closed in a week, one at a time and evenly, the last at its end."""
    number = CLOSED[week + 1] - CLOSED[week]
    return [7 * week + 7 * (place + 1) / number for place in range(number)]
