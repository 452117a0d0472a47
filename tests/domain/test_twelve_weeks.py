"""The campaign of twelve weeks, every Monday."""

from __future__ import annotations

from datetime import date

import pytest

from server.domain.reports import CampaignProgress
from tests.domain.progress_samples import alerts_closed, at, campaign, campaign_progress, counted, snapshot
from tests.twelve_weeks import CLOSED, DAYS, STRAIGHT_ON, TOTAL, WEEKS, Week, closings, week_of


def played(week: int) -> CampaignProgress:
    history = [snapshot(7 * number, closed) for number, closed in enumerate(CLOSED[:week])]
    return campaign_progress(campaign(CLOSED[week]), history, at(7 * week))


@pytest.mark.parametrize("week", WEEKS, ids=lambda week: f"week {week.number}")
def test_every_week_has_the_status_pace_and_forecast_worked_out_by_hand(week: Week) -> None:
    told = played(week.number)
    assert week_of(week.number, told.model_dump(mode="json")) == week
    assert told.days_left == DAYS - 7 * week.number
    assert told.time_used == min(round(7 * week.number / DAYS, 2), 1)
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
    assert told.burndown == [
        (7 * week, TOTAL - closed) for week, closed in enumerate(CLOSED) if week not in STRAIGHT_ON
    ]


def test_an_end_moved_later_puts_a_late_campaign_back_on_track() -> None:
    history = [snapshot(7 * number, closed) for number, closed in enumerate(CLOSED[:8])]
    told = campaign_progress(campaign(CLOSED[8], ends_at=at(DAYS + 39)), history, at(56))
    # 70 left in 65 days are 1.08 a day, and 1.25 are held: 21 September, nine days before the new end.
    assert (told.status, told.pace_needed, told.reason) == (
        "on_track",
        1.1,
        "Needs 1.1 a day, holds 1.2 (28 days), which is close.",
    )


@pytest.mark.parametrize("week", [1, 2, 3, 4, 5])
def test_the_alerts_own_times_tell_the_same_paces_without_any_history(week: int) -> None:
    days = [day for number in range(1, week + 1) for day in closings(number)]
    alerts = alerts_closed(days, TOTAL - len(days))
    exact = campaign_progress(counted(alerts), [], at(7 * week), alerts=alerts)
    by_history = played(week)
    for field in ("status", "closed_count", "pace_needed", "pace_7_days", "pace_28_days", "days_left"):
        assert getattr(exact, field) == getattr(by_history, field), field
    assert exact.forecast is not None
    assert by_history.forecast is not None
    assert exact.forecast.expected == by_history.forecast.expected
