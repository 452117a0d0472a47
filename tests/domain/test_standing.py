from __future__ import annotations

from typing import Any

import pytest

from server.domain.measures import NoCounts
from server.domain.models import Campaign
from server.domain.snapshots import Snapshot
from tests.domain.progress_samples import END, START, alerts_closed, at, campaign, campaign_progress, counted, snapshot

HALF = [snapshot(0, 0)]  # and 84 of 168 closed at the day told: as many a day as the day says


@pytest.mark.parametrize(
    ("told", "history", "day", "status", "reason"),
    [
        (campaign(168), [], 3, "done", "All 168 alerts are closed."),
        (campaign(1, 1), [], 3, "done", "The one alert is closed."),
        (campaign(0, 0), [], 3, "done", "It has no alerts."),
        (campaign(168), [], 90, "done", "All 168 alerts are closed."),  # whatever the date
        (campaign(160), [], 82.1, "overdue", "Ended 1 day ago with 8 of 168 left."),
        (campaign(160), HALF, 85, "overdue", "Ended 3 days ago with 8 of 168 left."),
        (campaign(160), [], 82, "unknown", "Needs 192 a day; there is no history yet."),  # the very end
        (campaign(84), [], 40, "unknown", "Needs 2 a day; there is no history yet."),
        (campaign(84), [snapshot(37, 84)], 40, "unknown", "Needs 2 a day; 3 days are too few for a pace."),
        (campaign(84), [snapshot(36.51, 84)], 40, "unknown", "Needs 2 a day; 3.4 days are too few for a pace."),
        (campaign(84), [snapshot(39.95, 84)], 40, "unknown", "Needs 2 a day; there is no history yet."),
        (campaign(84), [snapshot(36.5, 84)], 40, "at_risk", "Needs 2 a day, holds 0 (since 7 July)."),
        (
            campaign(88),  # 80 left in 40 days
            [snapshot(14, 32), snapshot(28, 60)],
            42,
            "on_track",
            "Needs 2 a day, holds 2 (28 days), which is close.",
        ),
        (
            campaign(84),
            [snapshot(13, 28), snapshot(27, 56)],
            41.1,
            "at_risk",
            "Needs 2.1 a day, holds 2 (28 days), which is close.",
        ),
        (campaign(84), HALF, 41.1, "at_risk", "Needs 2.1 a day, holds 2 (28 days)."),  # two readings have no range
        (campaign(84), HALF, 30, "on_track", "Needs 1.6 a day, holds 2.8 (28 days)."),
        (campaign(84), HALF, 60, "unknown", "Needs 3.8 a day; nothing was read between 1 June and now."),
        (campaign(84), [*HALF, snapshot(32, 44)], 60, "at_risk", "Needs 3.8 a day, holds 1.4 (28 days)."),
        (
            campaign(84),
            [snapshot(0, 98), snapshot(28, 91)],
            56,
            "at_risk",
            "Needs 3.2 a day, holds -0.25 (28 days): more came back than were closed.",
        ),
        (campaign(84, in_progress=84), HALF, 30, "on_track", "Needs 1.6 a day, holds 2.8 (28 days)."),
    ],
)
def test_a_campaign_stands_as_its_numbers_say(
    told: Campaign, history: list[Snapshot], day: float, status: str, reason: str
) -> None:
    found = campaign_progress(told, history, at(day))
    assert (found.status, found.reason) == (status, reason)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"closed_at": at(39)}, "Closed on 10 July with 84 of 168 left."),
        ({}, "Closed with 84 of 168 left."),
        ({"closed_at": at(39), "ends_at": at(10)}, "Closed on 10 July with 84 of 168 left."),  # it is not overdue
    ],
)
def test_a_closed_campaign_with_alerts_left_is_measured_against_nothing(fields: dict[str, Any], reason: str) -> None:
    found = campaign_progress(campaign(84, state="closed", **fields), HALF, at(41))
    assert (found.status, found.reason) == ("unknown", reason)
    assert (found.days_left, found.pace_needed, found.pace_7_days, found.pace_28_days, found.forecast) == (None,) * 5


def test_a_closed_campaign_with_nothing_left_is_done() -> None:
    assert campaign_progress(campaign(168, state="closed"), [], at(5)).status == "done"


@pytest.mark.parametrize(
    ("fields", "day", "used"),
    [
        ({}, 41, 0.5),
        ({}, -5, 0),
        ({}, 99, 1),
        ({"published_at": at(20)}, 51, 0.5),
        ({"published_at": None, "created_at": at(20)}, 51, 0.5),
        ({"ends_at": START}, 0, 1),
        ({"ends_at": at(-1)}, -5, 1),
        ({"state": "closed", "closed_at": at(41)}, 60, 0.5),
    ],
)
def test_the_time_used_is_from_publishing_to_the_end(fields: dict[str, Any], day: float, used: float) -> None:
    assert campaign_progress(campaign(84, **fields), [], at(day)).time_used == used


def test_a_campaign_without_counts_cannot_be_reported() -> None:
    with pytest.raises(NoCounts, match=r"GitHub gives no counts for campaign 14, so its progress is not known\."):
        campaign_progress(campaign(0, alert_stats=None), [], at(5))


@pytest.mark.parametrize(
    ("since", "history", "closed"),
    [
        (-3, [], 84),  # before it was published: all of it
        (0, [], 84),
        (10, [snapshot(20, 40)], None),  # the history begins later
        (20, [snapshot(20, 40)], 44),
        (30, [snapshot(20, 40)], 22),  # half of the time
        (20, [snapshot(20, 90)], -6),  # more came back
        (99, [snapshot(20, 40)], 0),
    ],
)
def test_what_was_closed_since_a_moment_is_told_when_it_is_known(
    since: float, history: list[Snapshot], closed: int | None
) -> None:
    assert campaign_progress(campaign(84), history, at(40), since=at(since)).closed_since == closed


def test_alerts_tell_exactly_what_was_closed_since_a_moment() -> None:
    alerts = alerts_closed([1, 5, 5, 9], 4)
    found = [campaign_progress(counted(alerts), [], at(10), alerts=alerts, since=at(day)) for day in (4.9, 5, 9, 10)]
    assert [each.closed_since for each in found] == [3, 1, 0, 0]


def test_an_end_moved_earlier_is_judged_by_the_end_of_now() -> None:
    history = [snapshot(0, 0, ends_at=END)]
    assert campaign_progress(campaign(84), history, at(30)).status == "on_track"
    assert campaign_progress(campaign(84, ends_at=at(50)), history, at(30)).status == "at_risk"
    assert campaign_progress(campaign(84, ends_at=at(29)), history, at(30)).status == "overdue"
