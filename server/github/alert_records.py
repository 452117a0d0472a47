"""Small records made out of GitHub's large alert objects, so that the page itself can be let go.

Source: GitHub REST reference, "Code scanning" and "Secret scanning". Others wrote what is in them, so nothing here
trusts a shape. The secret of a secret scanning alert is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from server.domain.alerts import SEVERITIES, VALIDITIES, AlertKind, AnyAlert, CodeAlert, SecretAlert
from server.domain.languages import language_of
from server.domain.weaknesses import cwes_of
from server.github.pages import no_list

_SEVERITY = {name: name for name in SEVERITIES}
_LARGEST_NUMBER = 2**63 - 1
_MOST_SHARED = 20_000
_NOTHING: dict[str, object] = {}


class Repository(NamedTuple):
    """Whose alerts a repository's own list holds: there the items do not say it."""

    id: int
    name: str


class Shared:
    """Keeps one copy of each text that comes again and again: a hundred thousand alerts have few different ones."""

    def __init__(self, most: int = _MOST_SHARED) -> None:
        self._most = most
        self._texts: dict[str, str] = {}

    def text(self, value: object) -> str:
        """Return a text equal to `value`; an empty one when it is none."""
        if not isinstance(value, str):
            return ""
        if len(self._texts) >= self._most:
            self._texts.clear()  # what is in records stays; only later ones get a copy of their own
        return self._texts.setdefault(value, value)


@dataclass(frozen=True, slots=True)
class AlertPage:
    """What is kept of one page of a list.

    Attributes:
        alerts: the open ones, as GitHub ordered them.
        size: how many items the page had.
        unreadable: how many of them lack what an alert cannot be without.
    """

    alerts: tuple[AnyAlert, ...]
    size: int
    unreadable: int

    def __len__(self) -> int:
        """Return the number of records, as a cache counts them."""
        return len(self.alerts)


@dataclass(frozen=True)
class PageReader:
    """Reads the pages of one kind of list; equal ones read alike.

    Attributes:
        kind: what the list holds.
        repository: whose list it is; None for an organization's.
        shared: where texts are shared.
    """

    kind: AlertKind
    repository: Repository | None = None
    shared: Shared = field(default_factory=Shared, compare=False, repr=False)

    def __call__(self, content: object) -> AlertPage:
        """Make the records of a page.

        Raises:
            UnexpectedAnswer: the page is no list.
        """
        if not isinstance(content, list):
            raise no_list(f"{self.kind} scanning alerts")
        make = code_alert if self.kind == "code" else secret_alert
        unreadable = 0
        alerts: list[AnyAlert] = []
        for item in content:
            made = make(item, self.repository, self.shared)
            if made is None:
                unreadable += 1
            elif item.get("state") in ("open", None):
                alerts.append(made)
        return AlertPage(tuple(alerts), len(content), unreadable)


def code_alert(item: object, repository: Repository | None, shared: Shared) -> CodeAlert | None:
    """Make the record of a code scanning alert; None when number, repository or time of creation is missing."""
    head = _head(item, repository)
    if head is None or not isinstance(item, dict):
        return None
    number, home, created_at = head
    rule, instance = _object(item, "rule"), _object(item, "most_recent_instance")
    rule_id = shared.text(rule.get("id"))
    path = shared.text(_object(instance, "location").get("path"))
    category = instance.get("category")
    tags, assignees = rule.get("tags"), item.get("assignees")
    return CodeAlert(
        home.id,
        number,
        shared.text(home.name),
        _severity(rule),
        rule_id,
        cwes_of(tags) if isinstance(tags, list) else (),
        shared.text(_object(item, "tool").get("name")),
        language_of(rule_id, category if isinstance(category, str) else "", path),
        path,
        created_at,
        _logins(assignees, shared) if isinstance(assignees, list) and assignees else (),
    )


def secret_alert(item: object, repository: Repository | None, shared: Shared) -> SecretAlert | None:
    """Make the record of a secret scanning alert; None when number, repository or time of creation is missing."""
    head = _head(item, repository)
    if head is None or not isinstance(item, dict):
        return None
    number, home, created_at = head
    return SecretAlert(
        home.id,
        number,
        shared.text(home.name),
        shared.text(item.get("secret_type")),
        _validity(item.get("validity")),
        item.get("publicly_leaked") is True,
        created_at,
    )


def distinct(alerts: Iterable[AnyAlert]) -> list[AnyAlert]:
    """Return each alert once, by repository and number; the first one counts."""
    seen: dict[int, set[int]] = {}
    found = []
    for alert in alerts:
        numbers = seen.get(alert.repository_id)
        if numbers is None:
            numbers = seen[alert.repository_id] = set()
        if alert.alert_number not in numbers:
            numbers.add(alert.alert_number)
            found.append(alert)
    return found


def whole_number(value: object) -> int | None:
    """Return a number as GitHub counts things, from 1; None when it is something else."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST_NUMBER:
        return value
    return None


def _head(item: object, repository: Repository | None) -> tuple[int, Repository, int] | None:
    """Return what an alert cannot be without: its number, whose it is, and when it was created."""
    if not isinstance(item, dict):
        return None
    number, created_at = whole_number(item.get("number")), seconds(item.get("created_at"))
    home = repository or repository_of(item.get("repository"))
    return None if number is None or home is None or created_at is None else (number, home, created_at)


def repository_of(told: object) -> Repository | None:
    """Return the repository that an item names; None when it names none."""
    if not isinstance(told, dict) or (number := whole_number(told.get("id"))) is None:
        return None
    full_name, name = told.get("full_name"), told.get("name")
    if isinstance(full_name, str):
        name = full_name.rpartition("/")[2]
    return Repository(number, name if isinstance(name, str) else "")


def seconds(moment: object) -> int | None:
    """Return a moment as GitHub writes it in seconds since 1970; None when it is something else."""
    if not isinstance(moment, str):
        return None
    try:
        read = datetime.fromisoformat(moment)
        return None if read.tzinfo is None else int(read.timestamp())
    except (ValueError, OverflowError):
        return None


def _severity(rule: dict[str, object]) -> str:
    given = rule.get("security_severity_level") or rule.get("severity")
    known = given.lower() if isinstance(given, str) else ""
    return _SEVERITY.get(known, "none")


def _validity(given: object) -> str:
    return given if isinstance(given, str) and given in VALIDITIES else "unknown"


def _logins(assignees: list[object], shared: Shared) -> tuple[str, ...]:
    logins = (person.get("login") for person in assignees if isinstance(person, dict))
    return tuple(shared.text(login) for login in logins if isinstance(login, str) and login)


def _object(item: dict[str, object], name: str) -> dict[str, object]:
    found = item.get(name)
    return found if isinstance(found, dict) else _NOTHING
