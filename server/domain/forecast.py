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
    """Days from now until nothing is left: earliest <= expected <= latest. Infinite when the pace leads nowhere.

    Where nothing tells how far it can be off, there are only the expected ones.
    """

    expected: float
    earliest: float | None
    latest: float | None


def project(left: int, pace: Pace) -> Projection:
    """Return how long the alerts that are left take at the pace held, and at the fast and slow end of its range."""
    expected = _days(left, pace.a_day)
    if pace.error is None:
        return Projection(expected, None, None)
    off = SURE * pace.error
    return Projection(expected, _days(left, pace.a_day + off), _days(left, pace.a_day - off))


def _days(left: int, a_day: float) -> float:
    return left / a_day if a_day > _NO_PACE else inf


def forecast(projection: Projection, now: datetime) -> Forecast | None:
    """Return the projection as dates (UTC). None when the expected one is not in sight; so may the latest be."""
    if projection.expected > HORIZON_DAYS:
        return None
    return Forecast(
        expected=(now.astimezone(UTC) + timedelta(days=projection.expected)).date(),
        earliest=_date(projection.earliest, now),
        latest=_date(projection.latest, now),
    )


def _date(days: float | None, now: datetime) -> date | None:
    if days is None or days > HORIZON_DAYS:
        return None
    return (now.astimezone(UTC) + timedelta(days=days)).date()
