"""Whether GitHub shows a campaign as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.domain.dates import wire
from server.domain.models import Campaign


def wire_value(campaign: Campaign, field: str) -> Any:
    """Return a campaign's field as GitHub writes it."""
    value = getattr(campaign, field)
    return wire(value) if isinstance(value, datetime) else value


def not_as_sent(campaign: Campaign, sent: Mapping[str, Any]) -> list[str]:
    """Name the fields that GitHub answers differently from what was sent.

    White space and the order and case of logins do not count; what the answer lacks cannot be compared.
    """
    known = [field for field in sent if field in campaign.model_fields_set]
    return [
        field for field in known if _folded(unordered(wire_value(campaign, field))) != _folded(unordered(sent[field]))
    ]


def unordered(value: Any) -> Any:
    """Return a list of logins or slugs in a form in which neither order nor case counts; anything else as it is."""
    return sorted(str(item).lower() for item in value) if isinstance(value, list) else value


def _folded(value: Any) -> Any:
    """GitHub may trim texts and turn line breaks."""
    return " ".join(value.split()) if isinstance(value, str) else value
