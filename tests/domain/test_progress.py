from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.models import AlertStats, Campaign
from server.domain.progress import days_left, remediation_rate
from server.github.clock import Clock
from tests.domain.samples import NOON, REQUIRED

COUNTS = st.integers(0, 1000)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())


def ending(moment: datetime, state: str = "open") -> Campaign:
    return Campaign.model_validate({**REQUIRED, "ends_at": moment, "state": state})


@given(COUNTS, COUNTS, COUNTS)
def test_the_rate_is_a_fraction_and_nothing_for_nothing(opened: int, in_progress: int, closed: int) -> None:
    stats = AlertStats(open_count=opened, in_progress_count=in_progress, closed_count=closed)
    rate = remediation_rate(stats)
    assert (rate is None) == (stats.total == 0)
    if rate is not None:
        assert 0 <= rate <= 1
        assert abs(rate - closed / stats.total) <= 0.00051
        assert (rate == 0) >= (closed == 0)


@given(st.integers(0, 999), st.integers(1, 1000))
def test_the_rate_is_whole_only_when_every_alert_is_closed(closed: int, left: int) -> None:
    if closed + left <= 1000:
        assert remediation_rate(AlertStats(open_count=left, in_progress_count=0, closed_count=closed)) != 1


@given(MOMENTS, MOMENTS)
def test_days_left_are_negative_exactly_when_the_end_has_passed(ends_at: datetime, now: datetime) -> None:
    days = days_left(ending(ends_at), now)
    ends_at, now = ends_at.astimezone(UTC), now.astimezone(UTC)  # two times of one zone are compared by the wall clock
    assert days is not None
    assert (days < 0) == (now > ends_at)
    assert abs(days - (ends_at - now) / timedelta(days=1)) <= 1


@given(MOMENTS, st.integers(-1000, 1000))
def test_a_day_more_is_a_day_more(now: datetime, days: int) -> None:
    end_of_today = datetime.combine(now.astimezone(UTC).date(), datetime.max.time(), UTC)
    assert days_left(ending(end_of_today + timedelta(days=days)), now) == days


@pytest.mark.parametrize("ends_at", [NOON, NOON + timedelta(hours=11)])
def test_on_the_last_day_none_are_left(ends_at: datetime) -> None:
    assert days_left(ending(ends_at), NOON) == 0


def test_a_closed_campaign_has_no_days_left() -> None:
    assert days_left(ending(NOON, "closed"), NOON) is None


def test_the_clock_is_this_machines_until_github_has_told_the_time_and_then_goes_on_from_there() -> None:
    machine = [NOON]
    clock = Clock(lambda: machine[0])
    assert clock.now() == NOON
    clock.set_by(NOON + timedelta(hours=5))
    machine[0] += timedelta(minutes=1)
    assert clock.now() == NOON + timedelta(hours=5, minutes=1)
    clock.set_by(NOON)
    assert clock.now() == NOON


def test_until_github_has_told_the_time_this_machines_may_be_a_day_ahead() -> None:
    clock = Clock(lambda: NOON)
    assert (clock.told, clock.at_least()) == (False, NOON - timedelta(hours=25))
    clock.set_by(NOON)
    assert (clock.told, clock.at_least()) == (True, NOON)


def test_the_clock_tells_aware_time_in_utc() -> None:
    assert Clock().now().tzinfo is UTC
