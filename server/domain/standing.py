"""Whether a campaign will be done in time, why that is said, and which of several stands worse."""

from __future__ import annotations

from typing import NamedTuple

from server.domain.course import DAY
from server.domain.forecast import Projection
from server.domain.measures import Measures
from server.domain.pace import KNOWN_PART, SHORT_WINDOW, Pace
from server.domain.progress import days_left
from server.domain.report_words import a_day, day, held, several
from server.domain.reports import Status

WORST_FIRST: tuple[Status, ...] = ("overdue", "at_risk", "unknown", "on_track", "done")
"""The order in which campaigns are told."""


class Standing(NamedTuple):
    """A campaign's status.

    Attributes:
        status: as in the report.
        reason: one sentence with the numbers that decided.
        lateness: days by which it stands worse than another of the same status; may be infinite.
    """

    status: Status
    reason: str
    lateness: float

    @property
    def place(self) -> tuple[int, float]:
        """What to sort by, the worst first."""
        return WORST_FIRST.index(self.status), -self.lateness


def standing(measured: Measures) -> Standing:
    """Decide how a campaign stands.

    Nothing left is done, whatever the date. Past the end it is overdue. A closed campaign with alerts left goes
    nowhere, so it is unknown; so is one whose pace is not known yet. Otherwise the expected end decides, which is the
    same as whether the pace held is at least the pace needed; the range of the forecast only adds that it is close.
    """
    if not measured.left:
        return Standing("done", _all_closed(measured.stats.total), 0)
    of_all = f"{measured.left} of {measured.stats.total} left"
    if measured.campaign.state == "closed":
        closed_at = measured.campaign.closed_at
        when = f"Closed on {day(closed_at, measured.now)}" if closed_at else "Closed"
        return Standing("unknown", f"{when} with {of_all}.", -measured.days)
    if measured.now > measured.campaign.ends_at:
        return Standing("overdue", f"Ended {_ago(measured)} with {of_all}.", -measured.days)
    if measured.pace is None or measured.projection is None:
        return Standing("unknown", f"{_needs(measured)}; {too_little(measured)}.", -measured.days)
    in_time = measured.projection.expected <= measured.days
    close = ", which is close" if _is_close(measured.pace, measured.projection, measured.days) else ""
    reason = f"{_needs(measured)}, {held(measured.pace, measured.now)}{close}."
    return Standing("on_track" if in_time else "at_risk", reason, measured.projection.expected - measured.days)


def _is_close(pace: Pace, projection: Projection, days: float) -> bool:
    """Tell whether the end lies within the range of the forecast, where there is one."""
    if pace.closed < 0 or projection.earliest is None or projection.latest is None:
        return False
    return projection.earliest <= days < projection.latest


def too_little(measured: Measures) -> str:
    """Say why no pace is known."""
    points = measured.course.points
    known = (points[-1].at - points[0].at) / DAY
    if known >= SHORT_WINDOW * KNOWN_PART:
        return f"nothing was read between {day(points[-2].at, measured.now)} and now"
    tenths = int(known * 10)  # rounded down, so that what is too few does not look like enough
    if not tenths:
        return "there is no history yet"
    return f"{tenths / 10:g} {'day is' if tenths == 10 else 'days are'} too few for a pace"


def _all_closed(total: int) -> str:
    if not total:
        return "It has no alerts."
    return "The one alert is closed." if total == 1 else f"All {total} alerts are closed."


def _ago(measured: Measures) -> str:
    return f"{several(-(days_left(measured.campaign, measured.now) or 0), 'day')} ago"


def _needs(measured: Measures) -> str:
    return f"Needs {a_day(measured.needed or 0)} a day"
