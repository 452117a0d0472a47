"""The alert selection: the alerts that are to become a campaign, and those that had to be left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from server.domain import alert_counts
from server.domain.alert_counts import VALIDITIES, rank
from server.domain.alerts import SEVERITIES, AlertKind, AnyAlert, CodeAlert
from server.domain.models import ALERTS_LIMIT, AlertPairs
from server.errors import Refused

_DIGEST_LENGTH = 16
_same: Callable[[AnyAlert], tuple[int, int]] = attrgetter("repository_id", "alert_number")


class TooManyAlerts(Refused):
    """More alerts than fit. Who catches it has the alerts, and can say more with `alert_counts.suggest`.

    Attributes:
        total: how many alerts there are.
        limit: how many fit.
    """

    def __init__(self, total: int, limit: int) -> None:
        super().__init__(f"The filter selects {total} alerts; a campaign takes at most {limit}.", "Narrow the filter.")
        self.total = total
        self.limit = limit


@dataclass(frozen=True)
class AlertSelection:
    """Alerts of one kind, each once.

    Attributes:
        kind: code or secret scanning alerts.
        alerts: the chosen ones, by `repository_id` and `alert_number`.
        left_out: those that did not fit, in the same order.
    """

    kind: AlertKind
    alerts: tuple[AnyAlert, ...]
    left_out: tuple[AnyAlert, ...] = ()

    def pairs(self) -> list[AlertPairs]:
        """Return the chosen alerts as GitHub's create call wants them, ascending."""
        return [
            AlertPairs(repository_id=repository, alert_numbers=[alert.alert_number for alert in alerts])
            for repository, alerts in groupby(self.alerts, key=attrgetter("repository_id"))
        ]

    def digest(self) -> str:
        """Return 16 hexadecimal digits of the kind and the chosen pairs; no other fact of an alert is part of it."""
        chosen = json.dumps([self.kind, [_same(alert) for alert in self.alerts]])
        return hashlib.sha256(chosen.encode()).hexdigest()[:_DIGEST_LENGTH]

    @property
    def by_severity(self) -> dict[str, int]:
        """The chosen alerts by severity, the worst first; empty for secrets."""
        return alert_counts.by_severity(self.alerts)

    @property
    def by_repository(self) -> dict[str, int]:
        """The chosen alerts by repository, the largest first and the tail summed."""
        return alert_counts.by_repository(self.alerts)

    @property
    def left_out_by_severity(self) -> dict[str, int]:
        """As `by_severity`, for those left out."""
        return alert_counts.by_severity(self.left_out)


def choose(
    kind: AlertKind, alerts: Iterable[AnyAlert], limit: int = ALERTS_LIMIT, *, most_severe_first: bool = False
) -> AlertSelection:
    """Choose the alerts of a campaign.

    Args:
        kind: of all of them.
        alerts: in any order. Of one that comes twice the first counts.
        limit: how many fit.
        most_severe_first: when there are more, choose the most severe, of equals the oldest. Secrets have no severity:
            active ones come first, then those of unknown validity; of equals those leaked in public, then the oldest.

    Raises:
        TooManyAlerts: there are more, and nobody said which to choose.
    """
    each: dict[tuple[int, int], AnyAlert] = {}
    for alert in alerts:
        each.setdefault(_same(alert), alert)
    if len(each) > limit and not most_severe_first:
        raise TooManyAlerts(len(each), limit)
    ranked = by_urgency(each.values())
    return AlertSelection(
        kind=kind,
        alerts=tuple(sorted(ranked[:limit], key=_same)),
        left_out=tuple(sorted(ranked[limit:], key=_same)),
    )


def by_urgency(alerts: Iterable[AnyAlert]) -> list[AnyAlert]:
    """Return alerts in the order in which they are chosen when not all fit: see `choose`."""
    return sorted(alerts, key=_urgency)


def _urgency(alert: AnyAlert) -> tuple[Any, ...]:
    if isinstance(alert, CodeAlert):
        worst: tuple[int, ...] = (rank(alert.severity, SEVERITIES),)
    else:
        worst = (rank(alert.validity, VALIDITIES), not alert.publicly_leaked)
    return (*worst, alert.created_at, *_same(alert))
