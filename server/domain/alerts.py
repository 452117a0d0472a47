"""Alerts as this server keeps them while choosing: as small as they can be, since there may be a hundred thousand.

Texts are as GitHub sent them. Others wrote them, so whoever shows one cleans it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

AlertKind = Literal["code", "secret"]
Severity = Literal["critical", "high", "medium", "low", "error", "warning", "note"]
"""What GitHub's alert lists take as `severity`; the first four are security severities, the others a rule's own."""
SEVERITIES: tuple[str, ...] = ("critical", "high", "medium", "low", "error", "warning", "note", "none")
"""Severities from the worst on. `none` is an alert whose tool gave none."""

VALIDITIES: tuple[str, ...] = ("active", "unknown", "inactive")
"""Of secrets, from what is most worth acting on."""


class CodeAlert(NamedTuple):
    """An open code scanning alert on a default branch.

    Attributes:
        repository_id: GitHub's numeric id; with `alert_number` what a campaign is made of.
        alert_number: its number in the repository.
        repository: the repository's name, without the organization.
        severity: the security severity where there is one, otherwise the rule's; one of SEVERITIES.
        rule: the rule's id; empty when the tool gives none.
        cwes: the numbers of the weaknesses that the rule's tags name.
        tool: the tool's name.
        language: a key of `languages.LANGUAGES`, or empty when it cannot be told.
        path: the file; empty when not known.
        created_at: seconds since 1970, UTC.
        assignees: logins.
    """

    repository_id: int
    alert_number: int
    repository: str
    severity: str
    rule: str
    cwes: tuple[int, ...]
    tool: str
    language: str
    path: str
    created_at: int
    assignees: tuple[str, ...]


class SecretAlert(NamedTuple):
    """An open secret scanning alert. It never holds the secret itself.

    Attributes:
        repository_id, alert_number, repository, created_at: as for CodeAlert.
        secret_type: GitHub's identifier of the kind of secret, such as `adafruit_io_key`.
        validity: `active`, `inactive` or `unknown`.
        publicly_leaked: whether GitHub has seen it in public.
    """

    repository_id: int
    alert_number: int
    repository: str
    secret_type: str
    validity: str
    publicly_leaked: bool
    created_at: int


AnyAlert = CodeAlert | SecretAlert


class ClosedAlert(NamedTuple):
    """An alert that is closed.

    Attributes:
        repository_id, alert_number, repository: as for CodeAlert.
        outcome: what it was closed as; of a secret, `fixed` means revoked and every other resolution is `dismissed`.
        closed_at: seconds since 1970, UTC; None when GitHub does not tell.
        updated_at: when anything of it changed last; None when GitHub does not tell.
    """

    repository_id: int
    alert_number: int
    repository: str
    outcome: Literal["fixed", "dismissed"]
    closed_at: int | None
    updated_at: int | None


def urgency(alert: AnyAlert) -> int:
    """Return how urgent an alert is, 0 being the most: its place in SEVERITIES, or for a secret in VALIDITIES."""
    return rank(alert.severity, SEVERITIES) if isinstance(alert, CodeAlert) else rank(alert.validity, VALIDITIES)


def rank(value: str, ranked: tuple[str, ...]) -> int:
    """Return the place of a value, the first being 0; one that is not there comes last."""
    return ranked.index(value) if value in ranked else len(ranked)


@dataclass(frozen=True)
class AlertQuery:
    """The part of a filter that GitHub can apply itself, or that ends a reading early. What comes back may hold more.

    Attributes:
        kind: code or secret scanning alerts.
        repositories: names, without patterns, each of which is read by itself; empty reads the organization's list.
        passes: the query parameters of each reading of a list, as pairs; at least one, `()` for all that is open.
        oldest_first: the order, by creation.
        stop: when set, nothing that comes later in this order than this moment (seconds since 1970) is wanted.
    """

    kind: AlertKind
    repositories: tuple[str, ...] = ()
    passes: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    oldest_first: bool = False
    stop: int | None = None
