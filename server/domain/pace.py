"""Alerts closed a day: what was held, and what is needed."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from math import sqrt
from statistics import stdev
from typing import NamedTuple

from server.domain.course import DAY, Course

SHORT_WINDOW = 7
LONG_WINDOW = 28
"""Days over which a pace is told."""
KNOWN_PART = 0.5
"""How much of a window must be known, so that its pace is told."""
LEAST_TIME = 1 / 24
"""Days that a needed pace is reckoned with at least: in the last hour it would grow without bounds."""

_PARTS = {SHORT_WINDOW: 1, LONG_WINDOW: 7}  # days of the parts by which the spread of a window is told


class Pace(NamedTuple):
    """What was held in a window up to now.

    Attributes:
        window: its days.
        since: when what is known of it begins, seconds since 1970.
        days: from then to now; at least half of the window.
        closed: alerts closed in that time, less those that came back; negative when more came back.
        error: the standard error of `a_day`.
    """

    window: int
    since: float
    days: float
    closed: float
    error: float

    @property
    def a_day(self) -> float:
        """Alerts closed a day."""
        return self.closed / self.days

    @property
    def whole(self) -> bool:
        """Whether all of the window is known."""
        return self.days >= self.window


def held(course: Course, window: int) -> Pace | None:
    """Return the pace held in the last `window` days (7 or 28); None when less than half of them is known."""
    end = course.points[-1].at
    since = max(end - window * DAY, course.begin)
    days = (end - since) / DAY
    if days < window * KNOWN_PART:
        return None
    closed = course.closed_at(end) - course.closed_at(since)
    return Pace(window, since, days, closed, _error(course, since, days, max(2, int(days / _PARTS[window]))))


def _error(course: Course, since: float, days: float, parts: int) -> float:
    """Return the larger of what chance alone would do (the root of the number closed) and what the parts show."""
    length = days / parts
    counts = [course.closed_at(since + length * DAY * part) for part in range(parts + 1)]
    paces = [(later - earlier) / length for earlier, later in pairwise(counts)]
    chance = sqrt(max(abs(counts[-1] - counts[0]), 1)) / days
    return max(chance, stdev(paces) / sqrt(parts))


def needed(left: int, ends_at: datetime, now: datetime) -> float | None:
    """Return the alerts a day that would finish in time; None when nothing is left, or the time is over."""
    if not left or now > ends_at:
        return None
    return left / max(days_until(ends_at, now), LEAST_TIME)


def days_until(moment: datetime, now: datetime) -> float:
    """Return the days from now to a moment, with their fraction; negative when it has passed."""
    return (moment.timestamp() - now.timestamp()) / DAY


def rounded(pace: float) -> float:
    """Round to what is worth telling: a tenth, below one a hundredth."""
    return round(pace, 1 if abs(pace) >= 1 else 2) + 0.0  # which makes -0.0 a plain 0
