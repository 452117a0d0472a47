"""What is kept, as plain records. Moments are in UTC and whole seconds, as GitHub's are."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from server.domain.alerts import AlertKind, AnyAlert, CodeAlert

_KEY_BITS = 63  # what a signed column of eight bytes holds


class KeptAlert(NamedTuple):
    """An alert of a publication. All but the first two are None where an alert was only given by its numbers.

    Attributes:
        repository_id, alert_number: what the campaign was made of.
        repository: the repository's name, without the organization.
        severity: of a code scanning alert; one of SEVERITIES.
        rule: the rule's id, or the type of the secret. Never the secret.
        created_at: seconds since 1970, UTC.
    """

    repository_id: int
    alert_number: int
    repository: str | None = None
    severity: str | None = None
    rule: str | None = None
    created_at: int | None = None

    @classmethod
    def of(cls, alert: AnyAlert) -> KeptAlert:
        """Take from an alert what is worth keeping."""
        severity, rule = (alert.severity, alert.rule) if isinstance(alert, CodeAlert) else (None, alert.secret_type)
        return cls(alert.repository_id, alert.alert_number, alert.repository, severity, rule, alert.created_at)


@dataclass(frozen=True)
class Publication:
    """A campaign that is about to be published, or was.

    Attributes:
        org: the organization's login; kept in lower case, since GitHub does not tell cases apart.
        kind: what its alerts are.
        name, description, ends_at: as sent to GitHub.
        alerts: each once.
        at: when publishing began, in GitHub's time.
        filter: the criteria that chose the alerts, in their canonical JSON; None when alerts were given by number.
        account: the acting account, where it is known.
    """

    org: str
    kind: AlertKind
    name: str
    ends_at: datetime
    alerts: tuple[KeptAlert, ...]
    at: datetime
    description: str | None = None
    filter: str | None = None
    account: str | None = None

    def __post_init__(self) -> None:
        """Bring everything into the form in which it is kept, so that what comes back equals what went in."""
        once = {(alert.repository_id, alert.alert_number): alert for alert in reversed(self.alerts)}
        object.__setattr__(self, "org", self.org.lower())
        object.__setattr__(self, "alerts", tuple(once[pair] for pair in sorted(once)))
        object.__setattr__(self, "ends_at", whole_seconds(self.ends_at))
        object.__setattr__(self, "at", whole_seconds(self.at))


@dataclass(frozen=True)
class Intent:
    """A publication with the key under which it is kept, chosen before anything is written.

    Processes and machines that share a store never meet in a key, and an ending is found again after the file was
    replaced.
    """

    publication: Publication
    key: int = field(default_factory=lambda: secrets.randbits(_KEY_BITS))


@dataclass(frozen=True)
class Unsettled:
    """A publication of which it is not known whether GitHub made a campaign of it.

    Attributes:
        key: the intent's.
        name, description, ends_at, at, account: the publication's.
        alert_count: how many alerts were sent.
        why: what was said about the unknown outcome; None when the process came to no ending.
    """

    key: int
    name: str
    description: str | None
    ends_at: datetime
    at: datetime
    account: str | None
    alert_count: int
    why: str | None


@dataclass(frozen=True)
class PublishedAlerts:
    """What a campaign was published with.

    Attributes:
        publication: what was sent.
        campaign_number: the campaign's number.
        created_at: GitHub's, of the campaign: tells it from another one with this number, as after an organization's
            name went to somebody else.
    """

    publication: Publication
    campaign_number: int
    created_at: datetime

    @property
    def alerts(self) -> tuple[KeptAlert, ...]:
        """The alerts that were sent, by repository and number."""
        return self.publication.alerts


def whole_seconds(moment: datetime) -> datetime:
    """Return a timezone-aware moment in UTC, without fractions of a second."""
    return moment.astimezone(UTC).replace(microsecond=0)
