"""Alerts closed a day: what was held, and what is needed."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from math import sqrt
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
        error: the standard error of `a_day`; None when too few readings lie in that time to tell.
    """

    window: int
    since: float
    days: float
    closed: float
    error: float | None

    @property
    def a_day(self) -> float:
        """Alerts closed a day."""
        return self.closed / self.days

    @property
    def whole(self) -> bool:
        """Whether all of the window is known."""
        return self.days >= self.window


def held(course: Course, window: int) -> Pace | None:
    """Return the pace held in the last `window` days (7 or 28).

    None when less than half of them is known, or nothing was read within half of them around their beginning: what
    stood then would be guessed.
    """
    end = course.points[-1].at
    since = max(end - window * DAY, course.begin)
    days = (end - since) / DAY
    if days < window * KNOWN_PART or course.nearest(since) > window * KNOWN_PART * DAY:
        return None
    closed = course.closed_at(end) - course.closed_at(since)
    return Pace(window, since, days, closed, _error(course, since, end, _PARTS[window] * DAY))


def _error(course: Course, since: float, end: float, length: float) -> float | None:
    """Return the larger of what chance alone would do (the root of the number closed) and what the parts show.

    A part is at least so many seconds long and ends with a reading, since between two readings nothing is known of how
    alerts were closed. A longer part counts for more.
    """
    bounds = _bounds(course, since, end, length)
    if len(bounds) < 3:
        return None
    parts = [
        (later - earlier, course.closed_at(later) - course.closed_at(earlier)) for earlier, later in pairwise(bounds)
    ]
    seconds, closed = end - since, sum(number for _, number in parts)
    off = sum(time * (number / time - closed / seconds) ** 2 for time, number in parts) / seconds
    chance = sqrt(max(abs(closed), 1)) / seconds
    return max(chance, sqrt(off / (len(parts) - 1))) * DAY


def _bounds(course: Course, since: float, end: float, length: float) -> list[float]:
    """Return where the parts begin and end, as even as the readings allow, and at least two where there are any."""
    if course.exact:
        parts = max(2, int((end - since) / length))
        return [since + (end - since) * part / parts for part in range(parts + 1)]
    bounds = [since]
    readings = [point.at for point in course.points if since < point.at < end]
    for at in readings:
        if at - bounds[-1] >= length and end - at >= length / 2:
            bounds.append(at)
    if len(bounds) == 1 and readings:
        bounds.append(min(readings, key=lambda at: abs(2 * at - since - end)))
    return [*bounds, end]


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
