"""Whether alerts meet criteria. A criterion looks at one thing of an alert and is asked once for each value of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from server.domain.alert_criteria import ANYBODY, NOBODY
from server.domain.alerts import AnyAlert

_MOST_FOLDERS = 4  # each doubles the ways to write a pattern
DAY = 86_400
"""Seconds."""


class Criterion(NamedTuple):
    """One criterion of a filter.

    Attributes:
        name: the filter's field.
        attribute: the alert's field that it looks at.
        holds: tells whether a value of that field meets it.
    """

    name: str
    attribute: str
    holds: Callable[[Any], bool]


class Filtered(NamedTuple):
    """What a filter leaves.

    Attributes:
        alerts: those that meet every criterion, in the order they came.
        emptied_by: when none is left though there were some, the criterion that removed the last ones.
        before: how many there were before that criterion; 0 when there is no such criterion.
    """

    alerts: list[AnyAlert]
    emptied_by: str | None = None
    before: int = 0


def keep(alerts: Sequence[AnyAlert], criteria: Iterable[Criterion]) -> Filtered:
    """Apply the criteria one after the other."""
    left = list(alerts)
    for criterion in criteria:
        before, left = len(left), _meeting(left, criterion)
        if before and not left:
            return Filtered([], criterion.name, before)
    return Filtered(left)


def _meeting(alerts: list[AnyAlert], criterion: Criterion) -> list[AnyAlert]:
    value_of, holds = attrgetter(criterion.attribute), criterion.holds
    values = [value_of(alert) for alert in alerts]
    distinct = set(values)
    met = {value for value in distinct if holds(value)}
    if len(met) == len(distinct):
        return alerts
    return [alert for alert, value in zip(alerts, values, strict=True) if value in met]


def newest_of_age(days: int, now: int) -> int:
    """Return the moment of creation of the youngest alert that is so many whole days old, in seconds since 1970."""
    return now - days * DAY


def oldest_of_age(days: int, now: int) -> int:
    """Return the moment of creation of the oldest alert that is so many whole days old and not one more."""
    return now - (days + 1) * DAY + 1


def criterion(field: str, value: Any, now: int) -> Criterion | None:
    """Return what a field of a filter asks of an alert; None when an alert does not tell, so that only GitHub can."""
    if field == "min_age_days":
        # What is created after `now`, by a clock that is ahead, is not older than nothing, but not younger either.
        return Criterion(field, "created_at", newest_of_age(value, now).__ge__ if value else lambda _: True)
    if field == "max_age_days":
        return Criterion(field, "created_at", oldest_of_age(value, now).__le__)
    if field not in _TESTS:
        return None
    attribute, test = _TESTS[field]
    return Criterion(field, attribute, test(value))


def one_form(pattern: str) -> str:
    """Return the form in which patterns that match the same texts are most often equal.

    `*` matches slashes too, so `**` says no more; but `**/` is whole folders, also none, as people know it.
    """
    return re.sub(r"\*{2,}", _run, pattern).casefold()


def _run(stars: re.Match[str]) -> str:
    return "**" if stars.string[stars.end() : stars.end() + 1] == "/" else "*"


def _ways(form: str) -> set[str]:
    """Write a form without `**/`: with no folder in its place, and with any."""
    head, folders, tail = form.partition("**/")
    if not folders:
        return {form}
    if form.count("**/") > _MOST_FOLDERS:
        return {form.replace("**/", "*")}
    return {f"{head}{way}{rest}" for way in ("", "*/") for rest in _ways(tail)}


def matcher(patterns: Iterable[str], *, below: bool = False) -> Callable[[str], bool]:
    """Make the test whether a whole text matches one of the patterns, upper and lower case being the same.

    `*` stands for any characters, also for none; nothing else is special. The time grows with the text's length only,
    however many `*` there are.

    Args:
        patterns: at least one.
        below: a pattern names files or folders, and what is below a folder matches too.
    """
    forms = {way for pattern in patterns for way in _ways(one_form(pattern))}
    if below:
        forms |= {f"{form}/*" for form in forms if "*" in form and not form.endswith("*")}
    exact = frozenset(form for form in forms if "*" not in form)
    folders = tuple(f"{form}/" for form in exact) if below else ()
    globs = [_glob(form) for form in sorted(forms - exact)]

    def matches(text: str) -> bool:
        folded = text.casefold()
        return folded in exact or folded.startswith(folders) or any(glob(folded) for glob in globs)

    return matches


def _glob(form: str) -> Callable[[str], bool]:
    first, *middle, last = form.split("*")

    def matches(text: str) -> bool:
        end = len(text) - len(last)
        if end < len(first) or not text.startswith(first) or not text.endswith(last):
            return False
        at = len(first)
        for part in middle:  # the earliest place for each leaves the most room for the rest
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return matches


def _no_match(patterns: Iterable[str]) -> Callable[[str], bool]:
    matches = matcher(patterns)
    return lambda text: not matches(text)


def _one_of(wanted: Iterable[str]) -> Callable[[str], bool]:
    forms = frozenset(text.casefold() for text in wanted)
    return lambda text: text.casefold() in forms


def _the_same(wanted: str) -> Callable[[str], bool]:
    return _one_of([wanted])


def _in_common(wanted: Iterable[int]) -> Callable[[tuple[int, ...]], bool]:
    numbers = frozenset(wanted)
    return lambda found: not numbers.isdisjoint(found)


def _assigned(wanted: Sequence[str]) -> Callable[[tuple[str, ...]], bool]:
    if wanted == [NOBODY]:
        return lambda logins: not logins
    if wanted == [ANYBODY]:
        return bool
    meant = _one_of(wanted)
    return lambda logins: any(meant(login) for login in logins)


_TESTS: Mapping[str, tuple[str, Callable[[Any], Callable[[Any], bool]]]] = {
    "severities": ("severity", _one_of),
    "cwes": ("cwes", _in_common),
    "rules": ("rule", matcher),
    "tool": ("tool", _the_same),
    "languages": ("language", _one_of),
    "repositories": ("repository", matcher),
    "exclude_repositories": ("repository", _no_match),
    "paths": ("path", partial(matcher, below=True)),
    "assignees": ("assignees", _assigned),
    "secret_types": ("secret_type", _one_of),
    "validity": ("validity", _one_of),
    "publicly_leaked": ("publicly_leaked", lambda wanted: wanted.__eq__),
}
"""For each field of a filter the field of an alert that it looks at, and how its test is made."""
