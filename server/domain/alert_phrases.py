"""Criteria in a few words. What may be any text is quoted; the rest has passed checks that leave only plain names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.domain.alert_criteria import ANYBODY, NOBODY
from server.domain.text import quote

_MOST_NAMED = 5
_WORDS = {
    "exclude_repositories": "without repositories",
    "secret_types": "secret types",
    "severities": "severity",
}
_QUOTED = ("rules", "tool", "paths")


def phrase(field: str, value: Any) -> str:
    """Say what a field of an alert filter asks, such as `at least 90 days old`. Of many items the first five."""
    if field in ("min_age_days", "max_age_days"):
        return f"at {'least' if field.startswith('min') else 'most'} {value} day{'' if value == 1 else 's'} old"
    if field == "publicly_leaked":
        return "publicly leaked" if value else "not publicly leaked"
    if field == "assignees" and list(value) in ([NOBODY], [ANYBODY]):
        return "assigned to nobody" if list(value) == [NOBODY] else "assigned to somebody"
    items = [value] if isinstance(value, str) else value
    if field == "cwes":
        return _listed([f"CWE-{number}" for number in items])
    shown = _listed([quote(item) if field in _QUOTED else item for item in items])
    return f"{'assigned to' if field == 'assignees' else _WORDS.get(field, field)} {shown}"


def _listed(items: Sequence[str]) -> str:
    items = list(dict.fromkeys(items))
    more = [f"{len(items) - _MOST_NAMED} more"] if len(items) > _MOST_NAMED else []
    return ", ".join([*items[:_MOST_NAMED], *more])
