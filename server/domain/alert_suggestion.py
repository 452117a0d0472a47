"""The one further criterion that makes a selection fit a campaign, found by trying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import floor
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from server.domain.alert_filter import AlertFilter
from server.domain.alert_matching import newest_of_age
from server.domain.alerts import SEVERITIES, VALIDITIES, AnyAlert, CodeAlert, SecretAlert, urgency

_TRIED_AGES = (90, 180, 365, 730, 1095, 1825)

_PLACES = len(SEVERITIES) + 1  # a severity that is not known comes after all others

_Value = TypeVar("_Value", bound=Hashable)
_Alert = TypeVar("_Alert", CodeAlert, SecretAlert, AnyAlert)


class Suggestion(BaseModel):
    """A further criterion that makes a selection small enough.

    Attributes:
        add: the fragment of an AlertFilter; what it names takes the place of what the filter has there.
        alerts: how many of the alerts are left by it.
    """

    model_config = ConfigDict(frozen=True)

    add: dict[str, Any]
    alerts: int


class _Candidate(NamedTuple):
    """A fragment of a filter, and how many alerts it leaves by urgency, the most urgent first."""

    add: dict[str, Any]
    leaves: tuple[int, ...]


def suggest(
    alerts: Sequence[AnyAlert], now: datetime, limit: int, *, given: AlertFilter | None = None
) -> Suggestion | None:
    """Find the single further criterion that leaves at most `limit` alerts, and of those the most urgent.

    The one is taken that leaves the most critical alerts (of secrets: active ones), of equals the one that leaves the
    most high ones, and so on. Tried are the worst severities together (of secrets: validities), ages, and each CWE,
    rule, repository, language and tool (of secrets: type, repository, publicly leaked) alone; of equals the first.

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
    fitting = [candidate for candidate in _candidates(alerts, floor(now.timestamp())) if _fits(candidate, limit)]
    fitting.sort(key=lambda candidate: candidate.leaves, reverse=True)  # stable: of equals the first stays the first
    best = next((candidate for candidate in fitting if _can_take(known, candidate.add)), None)
    return Suggestion(add=best.add, alerts=sum(best.leaves)) if best else None


def _fits(candidate: _Candidate, limit: int) -> bool:
    return 0 < sum(candidate.leaves) <= limit


def _can_take(known: Mapping[str, Any], add: Mapping[str, Any]) -> bool:
    """Tell whether a filter with these criteria can have the fragment, and then means no other alerts than before."""
    if any("*" in item for field in ("rules", "repositories") for item in add.get(field, [])):
        return False  # in a name that is no pattern
    try:
        cwes = AlertFilter.model_validate({**known, **add}).cwes
    except ValidationError:
        return False  # such as a rule id too long for a filter
    return "cwes" not in known or set(cwes) <= set(known["cwes"])


def _candidates(alerts: Sequence[AnyAlert], now: int) -> Iterator[_Candidate]:
    code = [alert for alert in alerts if isinstance(alert, CodeAlert)]
    secrets = [alert for alert in alerts if isinstance(alert, SecretAlert)]
    yield from _worst("severities", SEVERITIES[:-1], code)  # for `none` no filter can ask
    yield from _worst("validity", VALIDITIES, secrets)
    for days in _TRIED_AGES:
        newest = newest_of_age(days, now)
        yield _Candidate({"min_age_days": days}, _by_urgency(alert for alert in alerts if alert.created_at <= newest))
    for number, leaves in sorted(_each(code, lambda alert: alert.cwes).items()):
        yield _Candidate({"cwes": [str(number)]}, leaves)
    yield from _named("rules", code, lambda alert: alert.rule)
    yield from _named("secret_types", secrets, lambda alert: alert.secret_type)
    yield from _named("repositories", alerts, lambda alert: alert.repository)
    yield from _named("languages", code, lambda alert: alert.language)
    for tool in _named("tool", code, lambda alert: alert.tool):
        yield tool._replace(add={"tool": tool.add["tool"][0]})
    yield _Candidate({"publicly_leaked": True}, _by_urgency(alert for alert in secrets if alert.publicly_leaked))


def _worst(field: str, ranked: Sequence[str], alerts: Iterable[AnyAlert]) -> Iterator[_Candidate]:
    """Take the most urgent, then the two most urgent, and so on, of those that there are."""
    found = _by_urgency(alerts)
    named: list[str] = []
    for place, name in enumerate(ranked):
        if found[place]:
            named.append(name)
            yield _Candidate({field: list(named)}, (*found[: place + 1], *(0,) * (_PLACES - place - 1)))


def _named(field: str, alerts: Sequence[_Alert], name_of: Callable[[_Alert], str]) -> Iterator[_Candidate]:
    """Count names as a filter compares them, without regard to case. None with spaces around it can be in a filter."""
    spelled: dict[str, str] = {}
    for name in sorted({name_of(alert) for alert in alerts}):
        spelled.setdefault(name.casefold(), name)
    for form, leaves in _each(alerts, lambda alert: (name_of(alert).casefold(),)).items():
        if form == form.strip():
            yield _Candidate({field: [spelled[form]]}, leaves)


def _each(alerts: Iterable[_Alert], values_of: Callable[[_Alert], Iterable[_Value]]) -> dict[_Value, tuple[int, ...]]:
    """Count alerts by urgency for each value that they have."""
    found = Counter((value, urgency(alert)) for alert in alerts for value in set(values_of(alert)))
    values = dict.fromkeys(value for value, _ in found)
    return {value: tuple(found[value, place] for place in range(_PLACES)) for value in values}


def _by_urgency(alerts: Iterable[AnyAlert]) -> tuple[int, ...]:
    found = Counter(urgency(alert) for alert in alerts)
    return tuple(found[place] for place in range(_PLACES))
