"""The alert selection: the alerts that are to become a campaign, and those that had to be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal

from server.domain import alert_counts
from server.domain.alerts import AlertKind, AnyAlert, SecretAlert, urgency
from server.domain.models import ALERTS_LIMIT, AlertPairs

TooMany = Literal["refuse", "most_severe_first"]
"""What becomes of more alerts than fit."""

_pair: Callable[[AnyAlert], tuple[int, int]] = attrgetter("repository_id", "alert_number")


class TooManyAlerts(Exception):
    """More alerts than fit. Who catches it has the alerts, and can say more with `alert_suggestion.suggest`.

    Attributes:
        total: how many alerts there are.
        limit: how many fit.
    """

    def __init__(self, total: int, limit: int) -> None:
        super().__init__(f"{total} alerts, and {limit} fit")
        self.total = total
        self.limit = limit


@dataclass(frozen=True)
class AlertSelection:
    """Alerts of one kind, each once.

    Attributes:
        kind: code or secret scanning alerts.
        alerts: the chosen ones, by `repository_id` and `alert_number`.
        left_out: how many did not fit, by severity (of secrets: by validity), the most urgent first.
    """

    kind: AlertKind
    alerts: tuple[AnyAlert, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def pairs(self) -> list[AlertPairs]:
        """Return the chosen alerts as GitHub's create call wants them, ascending."""
        return [
            AlertPairs(repository_id=repository, alert_numbers=[alert.alert_number for alert in alerts])
            for repository, alerts in groupby(self.alerts, key=attrgetter("repository_id"))
        ]

    @property
    def by_severity(self) -> dict[str, int]:
        """The chosen alerts by severity, the worst first; empty for secrets."""
        return alert_counts.by_severity(self.alerts)

    @property
    def by_repository(self) -> dict[str, int]:
        """The chosen alerts by repository, the largest first and the tail summed."""
        return alert_counts.by_repository(self.alerts)


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
        each.setdefault(_pair(alert), alert)
    if len(each) > limit and not most_severe_first:
        raise TooManyAlerts(len(each), limit)
    ranked = by_urgency(each.values())
    return AlertSelection(
        kind=kind,
        alerts=tuple(sorted(ranked[:limit], key=_pair)),
        left_out=alert_counts.by_severity(ranked[limit:]) or alert_counts.by_validity(ranked[limit:]),
    )


def by_urgency(alerts: Iterable[AnyAlert]) -> list[AnyAlert]:
    """Return alerts in the order in which they are chosen when not all fit: see `choose`."""
    return sorted(alerts, key=_order)


def _order(alert: AnyAlert) -> tuple[Any, ...]:
    hidden = isinstance(alert, SecretAlert) and not alert.publicly_leaked
    return (urgency(alert), hidden, alert.created_at, *_pair(alert))
