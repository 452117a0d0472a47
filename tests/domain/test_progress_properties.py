"""What holds of a report whatever a campaign, its history and its alerts look like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.domain.campaign_report import FEW_POINTS, FEW_REPOSITORIES, alone, row, whole
from server.domain.measures import Reported
from server.domain.models import Campaign
from server.domain.report_making import progress_report
from server.domain.reports import CampaignProgress
from server.domain.standing import WORST_FIRST
from server.domain.tracked_alerts import TrackedAlert, each_once
from tests.domain.progress_samples import ALERTS, NOWS, SINCES, campaign_progress, campaigns, counted, reported

ZONES = st.timezones()


def progress(told: Reported, now: datetime, **options: Any) -> CampaignProgress:
    return campaign_progress(told.campaign, told.history, now, alerts=told.alerts, **options)


def goodness(told: CampaignProgress) -> int:
    return WORST_FIRST.index(told.status)


def closing(campaign: Campaign, number: int) -> Campaign:
    """The same campaign with so many more alerts closed."""
    stats = campaign.alert_stats
    assert stats is not None
    from_open = min(number, stats.open_count)
    from_in_progress = min(number - from_open, stats.in_progress_count)
    counts = {
        "open_count": stats.open_count - from_open,
        "in_progress_count": stats.in_progress_count - from_in_progress,
        "closed_count": stats.closed_count + from_open + from_in_progress,
    }
    return campaign.model_copy(update={"alert_stats": stats.model_copy(update=counts)})


@given(reported(), NOWS, SINCES, st.sampled_from([whole, alone, row]))
def test_whatever_the_history_there_is_a_report(
    told: Reported, now: datetime, since: datetime | None, describe: Callable[..., CampaignProgress]
) -> None:
    found = progress(told, now, since=since, describe=describe)
    assert found.status in WORST_FIRST
    assert found.time_used is None or 0 <= found.time_used <= 1
    assert CampaignProgress.model_validate_json(found.model_dump_json(exclude_none=True)) == found


@given(reported(), NOWS)
def test_the_numbers_fit_the_status(told: Reported, now: datetime) -> None:
    found = progress(told, now)
    left = found.open_count + found.in_progress_count
    is_open = told.campaign.state == "open"
    assert (found.status == "done") == (left == 0)
    assert (found.status == "overdue") == (left > 0 and is_open and now > told.campaign.ends_at)
    assert (found.pace_needed is not None) == (left > 0 and is_open and now <= told.campaign.ends_at)
    if found.status in ("on_track", "at_risk"):
        assert found.pace_7_days is not None or found.pace_28_days is not None
    if found.status == "on_track" and found.forecast:
        assert found.forecast.expected <= told.campaign.ends_at.date()
    if found.status == "at_risk" and found.forecast:
        assert found.forecast.expected >= told.campaign.ends_at.date()


@given(reported(), NOWS)
def test_the_earliest_end_is_not_after_the_expected_nor_that_after_the_latest(told: Reported, now: datetime) -> None:
    found = progress(told, now).forecast
    if found is None:
        return
    if found.earliest is None:  # too few readings for a range
        assert found.latest is None
        return
    assert now.date() <= found.earliest <= found.expected
    assert found.latest is None or found.expected <= found.latest


@given(reported(), NOWS, st.integers(0, 700))
def test_more_closed_never_makes_the_status_worse(told: Reported, now: datetime, number: int) -> None:
    better = told._replace(campaign=closing(told.campaign, number))
    assert goodness(progress(better, now)) >= goodness(progress(told, now))


@given(reported(states=["open"]), NOWS, st.integers(0, 40))
def test_an_alert_closed_now_never_makes_the_status_worse(told: Reported, now: datetime, number: int) -> None:
    alerts = each_once(told.alerts or ())
    opened = [each for each in alerts if each.is_open][:number]
    closed = [
        each._replace(state="fixed", closed_at=int(now.timestamp())) if each in opened else each for each in alerts
    ]
    before = Reported(counted(alerts, ends_at=told.campaign.ends_at), told.history, alerts)
    after = Reported(counted(closed, ends_at=told.campaign.ends_at), told.history, closed)
    assert goodness(progress(after, now)) >= goodness(progress(before, now))


@given(reported(states=["open"]), NOWS, st.integers(0, 5000))
def test_an_end_moved_later_never_makes_the_status_worse(told: Reported, now: datetime, hours: int) -> None:
    ends_at = told.campaign.ends_at + timedelta(hours=hours)
    moved = told._replace(campaign=told.campaign.model_copy(update={"ends_at": ends_at}))
    before, after = progress(told, now), progress(moved, now)
    if before.status == "overdue":
        assert after.status != "done"
    else:
        assert goodness(after) >= goodness(before)
        assert (before.status == "unknown") == (after.status == "unknown")


@given(reported(), NOWS, SINCES, ZONES, ZONES)
def test_the_zone_in_which_times_are_given_changes_nothing(
    told: Reported, now: datetime, since: datetime | None, zone: tzinfo, other: tzinfo
) -> None:
    history = [reading._replace(at=reading.at.astimezone(zone)) for reading in told.history]
    elsewhere = progress_report(
        [told._replace(history=history)],
        now.astimezone(other),
        since=since and since.astimezone(zone),
    )
    assert elsewhere == progress_report([told], now, since=since)


@given(reported(), NOWS)
def test_readings_from_later_than_now_change_nothing(told: Reported, now: datetime) -> None:
    earlier = [reading for reading in told.history if reading.at <= now]
    assert progress(told._replace(history=earlier), now) == progress(told, now)


@given(reported(), NOWS, st.randoms(use_true_random=False))
def test_the_order_of_the_history_matters_only_at_one_time(told: Reported, now: datetime, random: Random) -> None:
    history = list({reading.at: reading for reading in told.history}.values())
    shuffled = list(history)
    random.shuffle(shuffled)
    assert progress(told._replace(history=shuffled), now) == progress(told._replace(history=history), now)


@given(reported(), NOWS)
def test_a_burndown_is_in_order_within_bounds_and_ends_with_what_is_left(told: Reported, now: datetime) -> None:
    found = progress(told, now, describe=alone)
    assert found.burndown is not None
    assert found.burndown_from is not None
    days = [day for day, _ in found.burndown]
    assert 1 <= len(days) <= FEW_POINTS
    assert days == sorted(set(days))
    assert days[0] == 0
    assert days[-1] == (now.date() - found.burndown_from).days
    assert found.burndown[-1][1] == found.open_count + found.in_progress_count
    most = max([reading.stats.total for reading in told.history] + [left_and_closed(found)])
    assert all(0 <= left <= most for _, left in found.burndown)


def left_and_closed(told: CampaignProgress) -> int:
    return told.open_count + told.in_progress_count + told.closed_count


@given(ALERTS, NOWS)
def test_the_sums_of_the_repositories_are_the_counts(drawn: list[TrackedAlert], now: datetime) -> None:
    alerts = each_once(drawn)
    found = progress(Reported(counted(alerts), (), alerts), now, describe=alone)
    each = found.left_fixed_dismissed_by_repository
    if not alerts:
        assert each is None
        return
    assert each is not None
    assert len(each) <= FEW_REPOSITORIES + 1
    assert sum(repository.left for repository in each) == found.open_count + found.in_progress_count
    assert sum(repository.fixed for repository in each) == found.fixed
    assert sum(repository.dismissed for repository in each) == found.dismissed
    assert (found.fixed or 0) + (found.dismissed or 0) == found.closed_count
    assert sum((found.left_by_severity or {}).values()) == sum(each.is_open and each.severity != "" for each in alerts)
    left = [repository.left for repository in each[:FEW_REPOSITORIES]]
    assert left == sorted(left, reverse=True)


@given(st.lists(reported(), max_size=3), NOWS, SINCES)
def test_of_several_the_worst_comes_first_and_the_sums_are_right(
    told: list[Reported], now: datetime, since: datetime | None
) -> None:
    report = progress_report(told, now, since=since)
    assert sorted(each.campaign_number for each in report.campaigns) == sorted(each.campaign.number for each in told)
    places = [goodness(each) for each in report.campaigns]
    assert places == sorted(places)
    overdue = [each.days_left or 0 for each in report.campaigns if each.status == "overdue"]
    assert overdue == sorted(overdue)
    if len(told) > 1:
        assert report.closed_count == sum(each.closed_count for each in report.campaigns)
        assert report.open_count == sum(each.open_count for each in report.campaigns)
        known = [each.closed_since for each in report.campaigns if each.closed_since is not None]
        assert report.closed_since == (sum(known) if len(known) == len(told) else None)


@given(campaigns(), NOWS)
def test_without_a_history_no_pace_is_told(campaign: Campaign, now: datetime) -> None:
    found = campaign_progress(campaign, [], now)
    assert (found.pace_7_days, found.pace_28_days, found.forecast) == (None, None, None)
    assert found.status in ("unknown", "overdue", "done")
