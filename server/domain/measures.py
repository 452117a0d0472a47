"""What is measured of a campaign before any of it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from server.domain import course as courses
from server.domain import pace as paces
from server.domain.course import DAY, Course
from server.domain.forecast import Projection, project
from server.domain.models import AlertStats, Campaign
from server.domain.pace import LONG_WINDOW, SHORT_WINDOW, Pace
from server.domain.snapshots import Snapshot
from server.domain.tracked_alerts import TrackedAlert, each_once
from server.errors import CampaignsError

MOST_MORE = 0.02
"""Closed alerts beyond GitHub's count, as a part of all: some are closed between the two readings."""
MOST_UNSEEN = 0.02
"""Alerts that GitHub counts as closed and that seem to be open, as a part of the closed ones."""


class NoCounts(CampaignsError):
    """GitHub told no counts of a campaign, so there is nothing to report."""

    def __init__(self, label: str) -> None:
        super().__init__(f"GitHub gives no counts for campaign {label}, so its progress is not known.", "Try later.")


class Reported(NamedTuple):
    """A campaign that is to be reported, and what is known about it.

    Attributes:
        campaign: as GitHub tells it now, with its counts.
        history: its snapshots, in the order in which they were stored.
        alerts: those it was published with, as they stand now; None when this server does not know them.
        org, url: told as they are.
    """

    campaign: Campaign
    history: Sequence[Snapshot] = ()
    alerts: Iterable[TrackedAlert] | None = None
    org: str | None = None
    url: str | None = None

    @property
    def label(self) -> str:
        """Its number, with the organization when that is told."""
        return f"{self.org}/{self.campaign.number}" if self.org else str(self.campaign.number)


@dataclass(frozen=True)
class Measures:
    """A campaign's numbers, neither rounded nor put into words.

    Attributes:
        reported: the campaign and what is known about it.
        now: GitHub's time, in UTC.
        stats: GitHub's counts.
        alerts: each once; empty when they are not known, or doubtful.
        known: how many alerts are known, doubtful or not.
        doubtful: how many of the alerts are closed, when that does not fit GitHub's count: of a repository that
            cannot be read all seem to be open.
        unseen: at least so many of the alerts seem to be open and are not.
        course: by the alerts when they are as many as GitHub counts, otherwise by the snapshots.
        needed: alerts a day to finish in time; None as `pace.needed`, and for a closed campaign.
        short, long: the paces held in 7 and 28 days; None when too little is known, and for a closed campaign.
    """

    reported: Reported
    now: datetime
    stats: AlertStats
    alerts: tuple[TrackedAlert, ...]
    known: int
    doubtful: int | None
    unseen: int
    course: Course
    needed: float | None
    short: Pace | None
    long: Pace | None

    @property
    def campaign(self) -> Campaign:
        """The campaign as GitHub tells it."""
        return self.reported.campaign

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return self.reported.label

    @property
    def start(self) -> datetime:
        """When it was published, or at least created."""
        return started(self.campaign)

    @property
    def left(self) -> int:
        """Alerts that are not closed."""
        return self.stats.total - self.stats.closed_count

    @property
    def days(self) -> float:
        """Days to the end with their fraction, negative when it has passed."""
        return paces.days_until(self.campaign.ends_at, self.now)

    @property
    def pace(self) -> Pace | None:
        """The pace that decides: that of 28 days, or that of 7 as long as there is no other."""
        return self.long or self.short

    @cached_property
    def projection(self) -> Projection | None:
        """How long the rest will take; None when nothing is left or no pace is known."""
        return project(self.left, self.pace) if self.left and self.pace else None

    @property
    def time_used(self) -> float:
        """From 0 to 1: the time from the start to the end that is over, of a closed campaign when it was closed."""
        start, end = self.start.timestamp(), self.campaign.ends_at.timestamp()
        until = self.now.timestamp()
        if self.campaign.state == "closed" and self.campaign.closed_at:
            until = min(until, self.campaign.closed_at.timestamp())
        return min(max((until - start) / (end - start), 0.0), 1.0) if end > start else 1.0

    def is_reckoned(self, since: datetime) -> bool:
        """Whether nothing was read within a day of a moment, so that what was closed by then is only reckoned."""
        known = self.start < since <= self.now and self.course.begin <= since.timestamp()
        return known and self.course.nearest(since.timestamp()) > DAY

    def closed_since(self, since: datetime) -> int | None:
        """Return how many alerts were closed since a moment, less those that came back; None when not known.

        When the campaign began later it is all that are closed: a campaign is published with open alerts.
        """
        if since <= self.start:
            return self.stats.closed_count
        if since.timestamp() < self.course.begin:
            return None
        return round(self.course.points[-1].closed - self.course.closed_at(since.timestamp()))


def started(campaign: Campaign) -> datetime:
    """Return when a campaign was published, or, when that is not told, created."""
    return campaign.published_at or campaign.created_at


def measure(reported: Reported, now: datetime) -> Measures:
    """Measure a campaign.

    Raises:
        NoCounts: GitHub did not tell its counts.
    """
    now = now.astimezone(UTC)
    campaign, stats = reported.campaign, reported.campaign.alert_stats
    if stats is None:
        raise NoCounts(reported.label)
    alerts = each_once(reported.alerts or ())
    closed = sum(not alert.is_open for alert in alerts)
    unseen = max(0, len(alerts) - closed - (stats.total - stats.closed_count))
    doubtful = closed if alerts and _is_doubtful(len(alerts), closed, unseen, stats) else None
    known = len(alerts)
    if doubtful is not None:
        alerts, unseen = (), 0
    if alerts and len(alerts) == stats.total:
        course = courses.of_alerts(alerts, started(campaign), now)
    else:
        course = courses.of_snapshots(reported.history, stats, now)
    is_open = campaign.state == "open"
    return Measures(
        reported=reported,
        now=now,
        stats=stats,
        alerts=alerts,
        known=known,
        doubtful=doubtful,
        unseen=unseen,
        course=course,
        needed=paces.needed(stats.total - stats.closed_count, campaign.ends_at, now) if is_open else None,
        short=paces.held(course, SHORT_WINDOW) if is_open else None,
        long=paces.held(course, LONG_WINDOW) if is_open else None,
    )


def _is_doubtful(known: int, closed: int, unseen: int, stats: AlertStats) -> bool:
    more = closed - stats.closed_count - max(0, known - stats.total)  # known ones may have left the campaign
    return unseen > int(MOST_UNSEEN * stats.closed_count) or more > max(1, MOST_MORE * stats.total)
