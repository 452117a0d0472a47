"""The alerts of a campaign as they stand now, where this server knows them: by repository, severity and outcome."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal, NamedTuple

from server.domain.alerts import SEVERITIES, rank
from server.domain.models import AlertStats
from server.domain.reports import RepositoryProgress
from server.domain.snapshots import Snapshot
from server.domain.text import clean

READING_SECONDS = 60
"""What may lie between GitHub's counting and the time of the snapshot that holds the count."""

_LONGEST_NAME = 60


class TrackedAlert(NamedTuple):
    """An alert that a campaign was published with, as GitHub tells it now.

    Attributes:
        repository_id, alert_number: what makes it one.
        repository: the repository's name, without the organization.
        severity: one of SEVERITIES; empty for a secret.
        state: `open` may also be an alert that was closed and came back.
        created_at: seconds since 1970, UTC.
        closed_at: when it was closed last, seconds since 1970, UTC; None when it is open, or GitHub does not say.
    """

    repository_id: int
    alert_number: int
    repository: str
    severity: str
    state: Literal["open", "fixed", "dismissed"]
    created_at: int
    closed_at: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is left to be done; one that is in progress is."""
        return self.state == "open"


class Stood(NamedTuple):
    """How a campaign's alerts stood when GitHub counted them so."""

    stats: AlertStats
    at: datetime
    alerts: list[TrackedAlert]


class Outcomes(NamedTuple):
    """Closed alerts, told apart."""

    fixed: int
    dismissed: int


def each_once(alerts: Iterable[TrackedAlert]) -> tuple[TrackedAlert, ...]:
    """Return the alerts by repository and number. Of one that comes twice the first counts."""
    each: dict[tuple[int, int], TrackedAlert] = {}
    for alert in alerts:
        each.setdefault((alert.repository_id, alert.alert_number), alert)
    return tuple(alert for _, alert in sorted(each.items()))


def outcomes(alerts: Iterable[TrackedAlert], since: float | None = None) -> Outcomes:
    """Count the closed alerts, or those closed after `since` (seconds since 1970)."""
    found = Counter(
        alert.state for alert in alerts if since is None or (alert.closed_at is not None and alert.closed_at > since)
    )
    return Outcomes(found["fixed"], found["dismissed"])


def left_by_severity(alerts: Iterable[TrackedAlert]) -> dict[str, int]:
    """Count the open alerts by severity, the worst first; there are none for secrets."""
    found = Counter(alert.severity for alert in alerts if alert.is_open and alert.severity)
    return dict(sorted(found.items(), key=lambda item: rank(item[0], SEVERITIES)))


def by_repository(alerts: Sequence[TrackedAlert]) -> list[RepositoryProgress]:
    """Return how the repositories stand, the most left first.

    Args:
        alerts: as `each_once` returns them.
    """
    found = [_repository(list(group)) for _, group in groupby(alerts, key=lambda alert: alert.repository_id)]
    return sorted(found, key=lambda repository: (-repository.left, repository.repository))


def _repository(alerts: list[TrackedAlert]) -> RepositoryProgress:
    fixed, dismissed = outcomes(alerts)
    return RepositoryProgress(
        repository=clean(alerts[0].repository, _LONGEST_NAME) or "(no name)",
        left=sum(alert.is_open for alert in alerts),
        fixed=fixed,
        dismissed=dismissed,
    )


def shortened(repositories: Sequence[RepositoryProgress], most: int) -> list[RepositoryProgress]:
    """Return the first so many repositories, and the sum of the others under the name `N more`, if there are any.

    No repository can be called so: GitHub takes no space in a name.
    """
    named, others = repositories[:most], repositories[most:]
    if not others:
        return list(named)
    return [
        *named,
        RepositoryProgress(
            repository=f"{len(others)} more",
            left=sum(each.left for each in others),
            fixed=sum(each.fixed for each in others),
            dismissed=sum(each.dismissed for each in others),
        ),
    ]


def reopened(alerts: Sequence[TrackedAlert], history: Iterable[Snapshot], now: datetime, unseen: int = 0) -> int | None:
    """Return how many alerts are known to have come back after they had been closed.

    An alert that came back keeps no trace of it. But when a snapshot counted more closed alerts than have been closed
    since before it, the others came back after it. The most that any snapshot shows is told: at least so many.

    Args:
        alerts: as `each_once` returns them.
        history: the snapshots.
        now: GitHub's time.
        unseen: how many of the alerts seem to be open and are not, so that they did not come back.

    Returns:
        None when no snapshot counts as many alerts as there are here.
    """
    closings = sorted(alert.closed_at or 0 for alert in alerts if not alert.is_open)
    back = [
        snapshot.closed_count - bisect_right(closings, snapshot.at.timestamp() + READING_SECONDS)
        for snapshot in history
        if snapshot.at <= now and snapshot.stats.total == len(alerts)
    ]
    return max(0, max(back) - unseen) if back else None
