"""How many alerts of a campaign were closed, and left, at a moment: exactly from the alerts, or between snapshots."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from server.domain.models import AlertStats
from server.domain.snapshots import Snapshot
from server.domain.tracked_alerts import TrackedAlert

DAY = 86_400
"""Seconds."""


class Point(NamedTuple):
    """What stood at a moment, in seconds since 1970."""

    at: float
    closed: int
    left: int


@dataclass(frozen=True)
class Course:
    """The course of a campaign up to now.

    Attributes:
        points: at least one, each later than the one before; none is later than now.
        exact: whether every change is a point. Otherwise what lies between two points is taken to be even.
        shrunk: how many alerts fewer the campaign has since `begin`; what was before is left out.
    """

    points: tuple[Point, ...]
    exact: bool
    shrunk: int = 0

    @property
    def begin(self) -> float:
        """From when on it is known."""
        return self.points[0].at

    def closed_at(self, moment: float) -> float:
        """Return how many alerts were closed at a moment; before the beginning as many as then, and so at the end."""
        after = bisect_right(self.points, moment, key=lambda point: point.at)
        before = self.points[max(after - 1, 0)]
        if self.exact or after in (0, len(self.points)):
            return before.closed
        following = self.points[after]
        share = (moment - before.at) / (following.at - before.at)
        return before.closed + share * (following.closed - before.closed)

    def nearest(self, moment: float) -> float:
        """Return how many seconds lie between a moment and the point that is nearest to it; 0 where all is known."""
        return 0.0 if self.exact else min(abs(point.at - moment) for point in self.points)


def of_snapshots(history: Iterable[Snapshot], stats: AlertStats, now: datetime) -> Course:
    """Return the course that the snapshots show, ending with the counts of now.

    A snapshot from later than now comes from a clock that was wrong and is left out. Of two of the same time the one
    that comes later in the history counts. When the campaign had more alerts once, as before a repository was deleted,
    what was before that is left out: the closed ones became fewer, and nothing had come back.
    """
    end = now.timestamp()
    readings = {snapshot.at.timestamp(): snapshot for snapshot in history}
    points = [Point(at, reading.closed_count, reading.left) for at, reading in sorted(readings.items()) if at < end]
    points.append(Point(end, stats.closed_count, stats.total - stats.closed_count))
    begin, shrunk = 0, 0
    for place, (before, after) in enumerate(pairwise(points), start=1):
        fewer = before.closed + before.left - after.closed - after.left
        if fewer > 0:
            begin, shrunk = place, shrunk + fewer
    return Course(tuple(points[begin:]), exact=False, shrunk=shrunk)


def of_alerts(alerts: Sequence[TrackedAlert], start: datetime, now: datetime) -> Course:
    """Return the course that the alerts' own times show, from the campaign's start.

    An alert that came back counts as never closed: GitHub keeps no trace of it. One that is closed at a time that is
    not told, or from before the start, counts as closed at the start, so it is nobody's pace. One that was opened
    after the start is left from then on.
    """
    end = now.timestamp()
    begin = min(start.timestamp(), end)
    entries, closings = [], []
    for alert in alerts:
        entered = min(max(alert.created_at, begin), end)
        entries.append(entered)
        if not alert.is_open:
            closings.append(min(max(alert.closed_at or 0, entered), end))
    entries.sort()
    closings.sort()
    points = []
    for at in sorted({begin, end, *entries, *closings}):
        closed = bisect_right(closings, at)
        points.append(Point(at, closed, bisect_right(entries, at) - closed))
    return Course(tuple(points), exact=True)
