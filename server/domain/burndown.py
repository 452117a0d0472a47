"""The alerts left over time, in few points."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import NamedTuple

from server.domain.course import DAY, Course

_STRAIGHT = 0.5  # alerts by which a point must be off the line to be worth drawing

_Days = list[tuple[int, int]]


class Burndown(NamedTuple):
    """Points of days since `start` (a date in UTC) and the alerts left then, a day once, in order."""

    start: date
    points: list[tuple[int, int]]


def burndown(course: Course, left: int, most: int) -> Burndown:
    """Return the course as few points: those without which the line between the others would be most wrong.

    The first point is the first that is known, every other what was left at the end of its day, and the last what is
    left now. When there is only one day, there is only the last.

    Args:
        course: up to now.
        left: what is left now, as GitHub counts.
        most: how many points there may be, the first and the last among them; at least 2.
    """
    first, last = (int(point.at // DAY) for point in (course.points[0], course.points[-1]))
    found = {int(point.at // DAY) - first: point.left for point in course.points}
    if course.exact:
        _fill(found, last - first)
    found[0] = course.points[0].left
    found[last - first] = left
    start = datetime.fromtimestamp(first * DAY, UTC).date()
    return Burndown(start, _drawn(sorted(found.items()), most))


def _fill(found: dict[int, int], days: int) -> None:
    """Give every day without a change what was left the day before."""
    left = found[0]
    for day in range(days + 1):
        left = found.setdefault(day, left)


def _drawn(days: _Days, most: int) -> _Days:
    kept = sorted({0, len(days) - 1})
    while len(kept) < most:
        off, place = max((_worst(days, start, end) for start, end in pairwise(kept)), default=(0, 0))
        if off < _STRAIGHT:
            break
        kept = sorted([*kept, place])
    return [days[place] for place in kept]


def _worst(days: _Days, start: int, end: int) -> tuple[float, int]:
    """Return how far the point between two others that is furthest off their line is off it, and its place."""
    (day, left), (last_day, last_left) = days[start], days[end]
    slope = (last_left - left) / (last_day - day)
    between = range(start + 1, end)
    return max(((abs(days[at][1] - left - slope * (days[at][0] - day)), at) for at in between), default=(0.0, start))
