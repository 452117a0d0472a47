"""What became of a write whose process ended, or lost sight of GitHub, before it knew: told by looking later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from server.domain.as_sent import not_as_sent, wire_value
from server.domain.audit import GRACE, AuditRecord, Outcome
from server.domain.models import Campaign

_DELETED = 204  # what GitHub answers to the request that deletes, and to no other
FOR_GOOD = timedelta(days=30)
"""What could not be looked at for so long is not looked at any more: its outcome is unknown for good."""


class Ending(NamedTuple):
    """How a record ends. An outcome that stays `unknown` is final too: looking again would tell no more.

    Attributes:
        outcome: done, failed or unknown.
        why: what was seen.
        after: the changed fields as they were seen.
    """

    outcome: Outcome
    why: str
    after: dict[str, Any] | None = None


def may_be_settled(record: AuditRecord, now: datetime) -> bool:
    """Tell whether a write without a known outcome is certainly not under way any more, and not too old."""
    return record.outcome in ("intended", "unknown") and GRACE <= now - record.at < FOR_GOOD


def settled_deletion(
    record: AuditRecord, found: Campaign | None, others: Iterable[AuditRecord], now: datetime
) -> Ending | None:
    """Settle a deletion. One campaign is deleted once, so that it is gone only tells who did it when one tried.

    Args:
        record: the attempt.
        found: the campaign as it is now; None when it is certainly gone.
        others: the other attempts to delete a campaign of this number.
        now: GitHub's time.

    Returns:
        How it ends; None when that is known as soon as another attempt has ended.
    """
    if found is not None:
        return Ending("failed", "As found later: the campaign is still there.")
    rivals = [other for other in others if _made(other) == _made(record)]
    if any(rival.outcome == "done" and rival.status == _DELETED for rival in rivals):
        return Ending("failed", "As found later: the campaign is gone, and another call deleted it.")
    if any(rival.outcome == "intended" and now - rival.at < GRACE for rival in rivals):
        return None
    if any(rival.outcome in ("intended", "unknown", "done") for rival in rivals):
        return Ending("unknown", "Looked at later: the campaign is gone, by this call or by another without an answer.")
    return Ending("done", "As found later: the campaign is gone.")


def _made(deletion: AuditRecord) -> object:
    """Return when GitHub made the campaign, where that was recorded: numbers may come back."""
    return (deletion.before or {}).get("created_at")


def settled_update(record: AuditRecord, found: Campaign | None) -> Ending:
    """Settle a change: it was made when every field that was sent is shown as it was sent.

    When one is not, the change may have been made and undone, so nothing is known.

    Args:
        record: what was to be changed.
        found: the campaign as it is now; None when it is certainly gone.
    """
    if found is None:
        return Ending("unknown", "Looked at later: the campaign is gone.")
    unseen = [name for name in record.change if name not in found.model_fields_set]
    different = not_as_sent(found, record.change)
    if unseen or different:
        return Ending("unknown", f"Looked at later: {', '.join([*different, *unseen])} cannot be seen as it was sent.")
    after = {name: wire_value(found, name) for name in record.change}
    return Ending("done", "As found later: everything is as it was sent.", after)
