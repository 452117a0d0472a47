"""The record of an attempted write: who, what, how it was confirmed, and what came of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from server.domain.as_sent import wire_value
from server.domain.checks import without_tokens
from server.domain.models import Campaign
from server.domain.text import clean

Outcome = Literal["intended", "done", "refused", "failed", "unknown"]
"""`intended` while it is under way, or when its process ended before it knew; then `done`; `refused` when this server
sent nothing; `failed` when GitHub did not do it, or could not be asked; or `unknown`."""
Confirmation = Literal["not required", "typed", "yes"]

GRACE = timedelta(minutes=2)
"""For so long after its beginning a write may still be under way."""
_ENDED_UNKNOWING = "The process that made the call ended before it knew what came of it."
_KEY_BITS = 63  # what a signed column of eight bytes holds
_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class AuditRecord:
    """One attempted write.

    Attributes:
        org: the organization's login, kept in lower case; empty when the call named none.
        tool: the tool that was called.
        at: when it began, in GitHub's time, in whole milliseconds.
        campaign_number: None for a new campaign until its number is known.
        caller, caller_subject, caller_issuer: who called, as they signed in; None where nobody signs in.
        account: the account that acts on GitHub, where it is known.
        change: what would be sent, alerts being counted by repository.
        confirmation: how a person confirmed it; None when it was refused.
        outcome: what came of it.
        why: of a refusal and a failure the sentence; of what was settled later how it was found.
        status, request_id: of GitHub's last answer: to the write, or to the look before it that failed.
        before, after: the changed fields; of a deletion, the whole campaign before.
        ended_at: when the outcome was known.
        key: under which it is kept; a creation's publication is kept under the same.
    """

    org: str
    tool: str
    at: datetime
    campaign_number: int | None = None
    caller: str | None = None
    caller_subject: str | None = None
    caller_issuer: str | None = None
    account: str | None = None
    change: Mapping[str, Any] = field(default_factory=dict)
    confirmation: str | None = None
    outcome: Outcome = "intended"
    why: str | None = None
    status: int | None = None
    request_id: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    ended_at: datetime | None = None
    key: int = field(default_factory=lambda: secrets.randbits(_KEY_BITS))

    def __post_init__(self) -> None:
        """Bring everything into the form in which it is kept, and take out what looks like a token."""
        object.__setattr__(self, "org", self.org.lower())
        object.__setattr__(self, "at", _milliseconds(self.at))
        for name in ("change", "before", "after"):
            object.__setattr__(self, name, without_tokens(getattr(self, name)))
        if self.why is not None:
            object.__setattr__(self, "why", clean(without_tokens(self.why), _LONGEST_TEXT))
        if self.ended_at is not None:
            object.__setattr__(self, "ended_at", _milliseconds(self.ended_at))

    def ended(self, outcome: Outcome, at: datetime, **facts: Any) -> AuditRecord:
        """Return the record as it is when the outcome is known."""
        return replace(self, outcome=outcome, ended_at=at, **facts)

    def as_seen(self, now: datetime) -> AuditRecord:
        """Return the record as a reader should see it: what has long been under way is not known."""
        if self.outcome != "intended" or now - self.at < GRACE:
            return self
        return replace(self, outcome="unknown", why=self.why or _ENDED_UNKNOWING)


FIELDS = (
    *("id", "at", "host", "org", "tool", "campaign_number", "caller", "caller_subject", "caller_issuer", "account"),
    *("change", "confirmation", "outcome", "why", "status", "request_id", "before", "after", "ended_at"),
)
"""The names under which a record is written, in order."""


def written(record: AuditRecord, host: str) -> dict[str, Any]:
    """Return a record under the names of FIELDS, ready for JSON. The id is text, being larger than JSON's numbers."""
    known = {
        "id": str(record.key),
        "host": host,
        "at": _moment(record.at),
        "ended_at": None if record.ended_at is None else _moment(record.ended_at),
    }
    return {name: known[name] if name in known else getattr(record, name) for name in FIELDS}


def json_line(record: AuditRecord, host: str) -> str:
    """Write a record as one line of JSON, all in ASCII, so that nothing in it acts on a terminal."""
    return json.dumps(written(record, host), separators=(",", ":")) + "\n"


def whole(campaign: Campaign) -> dict[str, Any]:
    """Return everything GitHub told of a campaign, for the record of its deletion."""
    told = campaign.model_dump(mode="json", exclude_none=True, exclude={"altered"})
    return {name: wire_value(campaign, name) if name.endswith("_at") else value for name, value in told.items()}


def _milliseconds(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
