"""A progress report in at most three sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from server.domain.forecast import Projection, forecast
from server.domain.measures import Measures
from server.domain.models import NAME_LIMIT
from server.domain.progress import days_left, remediation_rate
from server.domain.report_words import a_day, day, held, several, today
from server.domain.reports import RepositoryProgress, Status
from server.domain.standing import WORST_FIRST, Standing, too_little
from server.domain.text import as_name, quote
from server.domain.tracked_alerts import Outcomes, by_repository, outcomes

_SPOKEN: dict[Status, str] = {
    "overdue": "Overdue",
    "at_risk": "At risk",
    "unknown": "Unknown",
    "on_track": "On track",
    "done": "Done",
}
_STUCK_AFTER = 0.25  # of the time of a campaign: before, that nothing is closed in a repository says little


class Told(NamedTuple):
    """A campaign, measured and judged."""

    measured: Measures
    standing: Standing


def summary(told: Sequence[Told], now: datetime, since: datetime | None) -> str:
    """Return at most three sentences: what there is and what changed, the worst campaign, and the others by status.

    Args:
        told: the worst first.
        now, since: as in the report.
    """
    if not told:
        return f"{today(now)}: there is no campaign to report."
    opening = ", ".join(part for part in (_overview(told), _change(told, now, since)) if part)
    sentences = [f"{today(now)}: {opening}." if opening else f"{today(now)}.", _first(told[0], now)]
    if others := _others(told[1:]):
        sentences.append(others)
    return " ".join(sentences)


def _overview(told: Sequence[Told]) -> str:
    """Count the campaigns, when there are several."""
    if len(told) == 1:
        return ""
    opened = sum(each.measured.campaign.state == "open" for each in told)
    closed = len(told) - opened
    return " and ".join(
        several(number, f"{state} campaign") for number, state in ((opened, "open"), (closed, "closed")) if number
    )


def _change(told: Sequence[Told], now: datetime, since: datetime | None) -> str:
    if since is None:
        return ""
    counted = [(each.measured, each.measured.closed_since(since)) for each in told]
    known = [(measured, closed) for measured, closed in counted if closed is not None]
    if not known:
        return ""
    total = sum(closed for _, closed in known)
    what = f"{several(total, 'alert')} closed"
    if total < 0:
        what = f"{several(-total, 'alert')} more came back than were closed"
    of = f" in {_called([measured for measured, _ in known])}" if len(known) < len(told) else ""
    return f"{what} since {day(since, now)}{of}{_apart(told, since, total)}"


def _apart(told: Sequence[Told], since: datetime, total: int) -> str:
    """Tell fixed and dismissed apart where the alerts account for all that was closed."""
    parts = [_outcomes(each.measured, since) for each in told]
    if total <= 0 or any(
        sum(part) != (each.measured.closed_since(since) or 0) for part, each in zip(parts, told, strict=True)
    ):
        return ""
    return f" ({sum(part.fixed for part in parts)} fixed, {sum(part.dismissed for part in parts)} dismissed)"


def _outcomes(measured: Measures, since: datetime) -> Outcomes:
    return outcomes(measured.alerts, None if since <= measured.start else since.timestamp())


def _first(told: Told, now: datetime) -> str:
    measured, stands = told
    stats, name = measured.stats, quote(measured.campaign.name, NAME_LIMIT)
    facts = [f"{stats.closed_count} of {stats.total} closed{_percent(measured)}"]
    if measured.left:
        facts += [_time(told), *_trend(told, now)]
    return f"{_SPOKEN[stands.status]}: {told.measured.label} {name}, {', '.join(facts)}{_where(told)}."


def _percent(measured: Measures) -> str:
    rate = remediation_rate(measured.stats)
    if rate is None:
        return ""
    return f" ({min(int(rate * 100 + 0.5), 99 if measured.left else 100)} %)"


def _time(told: Told) -> str:
    days = days_left(told.measured.campaign, told.measured.now)
    if days is None:
        return "no longer open"
    return f"{several(days, 'day')} left" if days >= 0 else f"{several(-days, 'day')} past the end"


def _trend(told: Told, now: datetime) -> list[str]:
    measured, pace = told.measured, told.measured.pace
    needs = [] if measured.needed is None else [f"needs {a_day(measured.needed)} a day"]
    if pace is None or measured.projection is None:
        return [*needs, too_little(measured)] if needs else []
    return [*needs, f"{held(pace, now)}: {_expected(measured.projection, now)}"]


def _expected(projection: Projection, now: datetime) -> str:
    told = forecast(projection, now)
    if told is None:
        return "the end is not in sight"
    if told.earliest is None:
        return f"about {day(told.expected, now)}, from too few readings for a range"
    earliest = day(told.earliest, now)
    latest = f"between {earliest} and {day(told.latest, now)}" if told.latest else f"{earliest} at the earliest"
    return f"about {day(told.expected, now)}, {latest}"


def _where(told: Told) -> str:
    """Name the one repository with all that is left, or else the one that is most stuck, where it helps."""
    measured = told.measured
    all_known = len(measured.alerts) == measured.stats.total and not measured.unseen
    if told.standing.status not in ("overdue", "at_risk") or not all_known:
        return ""
    repositories = by_repository(measured.alerts)
    left = [repository for repository in repositories if repository.left]
    if len(left) == 1 < len(repositories):
        return f"; all that is left is in {as_name(left[0].repository)}"
    stuck = next((repository for repository in left if _is_stuck(repository)), None)
    if stuck is None or len(left) < 2 or measured.time_used < _STUCK_AFTER:
        return ""
    return f"; stuck: {as_name(stuck.repository)}, {several(stuck.left, 'alert')}, none closed"


def _is_stuck(repository: RepositoryProgress) -> bool:
    return not repository.fixed and not repository.dismissed


def _others(told: Sequence[Told]) -> str:
    named: list[str] = []
    for status in WORST_FIRST:
        alike = [each.measured for each in told if each.standing.status == status]
        if alike:
            named.append(f"{_SPOKEN[status].lower() if named else _SPOKEN[status]}: {_called(alike)}")
    return f"{'; '.join(named)}." if named else ""


def _called(several_measured: Sequence[Measures]) -> str:
    """Name campaigns by their numbers alone, which without the organization could be read as counts."""
    labels = ", ".join(measured.label for measured in several_measured)
    if several_measured[0].reported.org:
        return labels
    return f"campaign {labels}" if len(several_measured) == 1 else f"campaigns {labels}"
