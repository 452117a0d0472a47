"""When the last alert is expected to be closed, and how far that can be off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import NamedTuple

from server.domain.pace import Pace
from server.domain.reports import Forecast

HORIZON_DAYS = 730
"""A date further away than this is not told."""
SURE = 1.645
"""Standard errors to either side of the pace: nine times out of ten, if alerts go on being closed as they were."""

_NO_PACE = 1e-6


class Projection(NamedTuple):
    """Days from now until nothing is left: earliest <= expected <= latest. Infinite when the pace leads nowhere."""

    expected: float
    earliest: float
    latest: float


def project(left: int, pace: Pace) -> Projection:
    """Return how long the alerts that are left take at the pace held, and at the fast and slow end of its range."""
    off = SURE * pace.error
    return Projection(*(_days(left, a_day) for a_day in (pace.a_day, pace.a_day + off, pace.a_day - off)))


def _days(left: int, a_day: float) -> float:
    return left / a_day if a_day > _NO_PACE else inf


def forecast(projection: Projection, now: datetime) -> Forecast | None:
    """Return the projection as dates (UTC). None when the expected one is not in sight; so may the latest be."""
    if projection.expected > HORIZON_DAYS:
        return None
    return Forecast(
        expected=_date(projection.expected, now),
        earliest=_date(projection.earliest, now),
        latest=_date(projection.latest, now) if projection.latest <= HORIZON_DAYS else None,
    )


def _date(days: float, now: datetime) -> date:
    return (now.astimezone(UTC) + timedelta(days=days)).date()
