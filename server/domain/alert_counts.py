"""How many alerts there are, by what a person chooses by. Names that others wrote are cleaned before they are keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import floor

from pydantic import BaseModel, ConfigDict, Field

from server.domain.alert_matching import DAY
from server.domain.alerts import SEVERITIES, VALIDITIES, AnyAlert, CodeAlert, SecretAlert, rank
from server.domain.text import clean

_LONGEST_KEY = 60
_BANDS = ((30, "0-30"), (90, "31-90"), (180, "91-180"), (365, "181-365"))
_OLDEST_BAND = "366+"


class AlertCounts(BaseModel):
    """Counts of alerts, largest first: the first few, and the sum of the others under `N more`."""

    model_config = ConfigDict(frozen=True)

    total: int
    repositories: int
    by_severity: dict[str, int] | None = None
    by_cwe: dict[str, int] | None = Field(default=None, description="An alert with several counts under each")
    by_rule: dict[str, int] | None = None
    by_type: dict[str, int] | None = None
    by_validity: dict[str, int] | None = None
    publicly_leaked: int | None = None
    by_repository: dict[str, int] | None = None
    by_age: dict[str, int] | None = Field(default=None, description="Days since it was opened")


def count(alerts: Sequence[AnyAlert], now: datetime, *, top: int = 5) -> AlertCounts:
    """Count alerts; what there is none of is left out.

    Args:
        alerts: of one kind.
        now: for their age.
        top: how many keys of a count are told by name. All severities, validities and age bands are.
    """
    code = [alert for alert in alerts if isinstance(alert, CodeAlert)]
    secrets = [alert for alert in alerts if isinstance(alert, SecretAlert)]
    return AlertCounts(
        total=len(alerts),
        repositories=len({alert.repository_id for alert in alerts}),
        by_severity=by_severity(alerts) or None,
        by_cwe=_first(Counter(f"CWE-{number}" for alert in code for number in alert.cwes), top) or None,
        by_rule=_named((alert.rule for alert in code), top, nameless="(no rule id)") or None,
        by_type=_named((alert.secret_type for alert in secrets), top, nameless="(no type)") or None,
        by_validity=by_validity(alerts) or None,
        publicly_leaked=sum(alert.publicly_leaked for alert in secrets) if secrets else None,
        by_repository=by_repository(alerts, top) or None,
        by_age=_by_age(alerts, floor(now.timestamp())) or None,
    )


def by_severity(alerts: Iterable[AnyAlert]) -> dict[str, int]:
    """Count code scanning alerts by severity, the worst first; there are none for secrets."""
    found = Counter(alert.severity for alert in alerts if isinstance(alert, CodeAlert))
    return dict(sorted(found.items(), key=lambda item: rank(item[0], SEVERITIES)))


def by_validity(alerts: Iterable[AnyAlert]) -> dict[str, int]:
    """Count secret scanning alerts by validity, what is most worth acting on first; code scanning alerts have none."""
    found = Counter(alert.validity for alert in alerts if isinstance(alert, SecretAlert))
    return dict(sorted(found.items(), key=lambda item: rank(item[0], VALIDITIES)))


def by_repository(alerts: Iterable[AnyAlert], top: int = 5) -> dict[str, int]:
    """Count alerts by the names of their repositories: the `top` largest, and the sum of the others."""
    return _named((alert.repository for alert in alerts), top, nameless="(no name)")


def _named(names: Iterable[str], top: int, *, nameless: str) -> dict[str, int]:
    shown: Counter[str] = Counter()
    for name, number in Counter(names).items():
        shown[clean(name, _LONGEST_KEY) or nameless] += number
    return _first(shown, top)


def _first(found: Mapping[str, int], top: int) -> dict[str, int]:
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    first, others = dict(ranked[:top]), ranked[top:]
    if others:
        key = f"{len(others)} more"  # a rule may be called so; the sum stays right then
        first[key] = first.get(key, 0) + sum(number for _, number in others)
    return first


def _by_age(alerts: Iterable[AnyAlert], now: int) -> dict[str, int]:
    found = Counter((now - created) // DAY for created in (alert.created_at for alert in alerts))
    bands = Counter[str]()
    for days, number in found.items():
        bands[next((band for last, band in _BANDS if days <= last), _OLDEST_BAND)] += number
    return {band: bands[band] for band in (*(band for _, band in _BANDS), _OLDEST_BAND) if band in bands}
