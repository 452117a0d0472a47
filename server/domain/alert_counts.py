"""How many alerts there are, by what a person chooses by. Names that others wrote are cleaned before they are keys."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import floor
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.domain.alert_filter import AlertFilter
from server.domain.alert_matching import DAY, newest_of_age
from server.domain.alerts import SEVERITIES, AnyAlert, CodeAlert, SecretAlert
from server.domain.text import clean

VALIDITIES = ("active", "unknown", "inactive")
"""Of secrets, from what is most worth acting on."""

_LONGEST_KEY = 100
_BANDS = ((30, "0-30"), (90, "31-90"), (180, "91-180"), (365, "181-365"))
_OLDEST_BAND = "366+"
_TRIED_AGES = (90, 180, 365, 730, 1095, 1825)

_Candidate = tuple[dict[str, Any], int]  # a fragment of a filter, and how many alerts it leaves


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


class Suggestion(BaseModel):
    """A further criterion that makes a selection small enough.

    Attributes:
        add: the fragment of an AlertFilter; what it names takes the place of what the filter has there.
        alerts: how many of the alerts are left by it.
    """

    model_config = ConfigDict(frozen=True)

    add: dict[str, Any]
    alerts: int


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
        by_validity=_named((alert.validity for alert in secrets), top, nameless="unknown") or None,
        publicly_leaked=sum(alert.publicly_leaked for alert in secrets) if secrets else None,
        by_repository=by_repository(alerts, top) or None,
        by_age=_by_age(alerts, floor(now.timestamp())) or None,
    )


def by_severity(alerts: Iterable[AnyAlert]) -> dict[str, int]:
    """Count code scanning alerts by severity, the worst first; there are none for secrets."""
    found = Counter(alert.severity for alert in alerts if isinstance(alert, CodeAlert))
    return dict(sorted(found.items(), key=lambda item: rank(item[0], SEVERITIES)))


def rank(value: str, ranked: Sequence[str]) -> int:
    """Return a value's place; one that is not known comes last."""
    return ranked.index(value) if value in ranked else len(ranked)


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


def suggest(
    alerts: Sequence[AnyAlert], now: datetime, limit: int, *, given: AlertFilter | None = None
) -> Suggestion | None:
    """Find the single further criterion that leaves at most `limit` alerts, and many of them.

    The order of preference is the worst severities, age, CWE, rule, repository, language, tool (of secrets: the
    validities most worth acting on, age, type, repository, publicly leaked). The first is taken whose best choice
    leaves at least half of what the best of all leaves.

    Args:
        alerts: what the filter selected.
        now: the moment for which it did.
        limit: how many are wanted at most.
        given: the filter, so that the suggestion is one that it can take.

    Returns:
        None when they fit already, or when no single criterion makes them fit.
    """
    if len(alerts) <= limit:
        return None
    kind = "secret" if isinstance(alerts[0], SecretAlert) else "code"
    known = {"kind": kind, **(given.model_dump(exclude_defaults=True) if given else {})}
    best = [_best(found, limit, known) for found in _candidates(alerts, floor(now.timestamp()))]
    fitting = [candidate for candidate in best if candidate]
    if not fitting:
        return None
    most = max(left for _, left in fitting)
    add, left = next(candidate for candidate in fitting if 2 * candidate[1] >= most)
    return Suggestion(add=add, alerts=left)


def _best(candidates: Iterable[_Candidate], limit: int, known: Mapping[str, Any]) -> _Candidate | None:
    fitting = [candidate for candidate in candidates if 0 < candidate[1] <= limit]
    ranked = sorted(fitting, key=lambda candidate: -candidate[1])
    return next((candidate for candidate in ranked if _can_take(known, candidate[0])), None)


def _can_take(known: Mapping[str, Any], add: Mapping[str, Any]) -> bool:
    """Tell whether a filter with these criteria can have the fragment, and then means no other alerts than before."""
    if any("*" in item for field in ("rules", "repositories") for item in add.get(field, [])):
        return False  # in a name that is no pattern
    try:
        cwes = AlertFilter.model_validate({**known, **add}).cwes
    except ValidationError:
        return False  # such as a rule id too long for a filter
    return "cwes" not in known or set(cwes) <= set(known["cwes"])


def _candidates(alerts: Sequence[AnyAlert], now: int) -> Iterator[Iterable[_Candidate]]:
    code = [alert for alert in alerts if isinstance(alert, CodeAlert)]
    secrets = [alert for alert in alerts if isinstance(alert, SecretAlert)]
    yield [
        *_worst("severities", SEVERITIES[:-1], Counter(alert.severity for alert in code)),
        *_worst("validity", VALIDITIES, Counter(alert.validity for alert in secrets)),
    ]
    created = sorted(alert.created_at for alert in alerts)
    yield [({"min_age_days": days}, bisect_right(created, newest_of_age(days, now))) for days in _TRIED_AGES]
    cwes = Counter(number for alert in code for number in alert.cwes)
    yield [({"cwes": [str(number)]}, times) for number, times in sorted(cwes.items())]
    for field, names in (
        ("rules", [alert.rule for alert in code]),
        ("secret_types", [alert.secret_type for alert in secrets]),
        ("repositories", [alert.repository for alert in alerts]),
        ("languages", [alert.language for alert in code]),
    ):
        yield [({field: [name]}, times) for name, times in _by_name(names)]
    yield [({"tool": name}, times) for name, times in _by_name(alert.tool for alert in code)]
    yield [({"publicly_leaked": True}, sum(alert.publicly_leaked for alert in secrets))]


def _worst(field: str, ranked: Iterable[str], found: Mapping[str, int]) -> Iterator[_Candidate]:
    """Take the worst, then the worst two, and so on, of those that there are."""
    named: list[str] = []
    for name in ranked:
        if found.get(name):
            named.append(name)
            yield {field: list(named)}, sum(found[each] for each in named)


def _by_name(names: Iterable[str]) -> list[tuple[str, int]]:
    """Count names as a filter compares them, without regard to case. None with spaces around it can be in a filter."""
    spelled: dict[str, str] = {}
    found = Counter[str]()
    for name, number in sorted(Counter(names).items()):
        form = name.casefold()
        spelled.setdefault(form, name)
        found[form] += number
    return [(spelled[form], number) for form, number in found.items() if form == form.strip()]
