"""What became of a write whose process ended, or lost sight of GitHub, before it knew: told by looking later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from server.domain.as_sent import not_as_sent, wire_value
from server.domain.audit import GRACE, AuditRecord, Outcome
from server.domain.dates import wire
from server.domain.models import Campaign

_MAY_BE_DONE = ("intended", "unknown", "done")
_DELETED = 204  # what GitHub answers to the request that deletes, and to no other
FOR_GOOD = timedelta(days=30)
"""What could not be looked at for so long is not looked at any more: its outcome is unknown for good."""
_CLOCKS_DIFFER = timedelta(seconds=5)
_WHO = "by this call or by somebody outside this server, which GitHub does not tell"


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
    record: AuditRecord, found: Campaign | None, rivals: Iterable[AuditRecord], now: datetime
) -> Ending | None:
    """Settle a deletion. One campaign is deleted once, so that it is gone only tells who did it when one tried.

    Args:
        record: the attempt.
        found: what has the campaign's number now; None when nothing has.
        rivals: the other attempts to delete a campaign of this number.
        now: GitHub's time.

    Returns:
        How it ends; None when that is known as soon as another attempt has ended.
    """
    if found is not None and not _is_another(record, found):
        return Ending("failed", "As found later: the campaign is still there.")
    same = [rival for rival in rivals if _made(rival) == _made(record)]
    if any(rival.outcome == "done" and rival.status == _DELETED for rival in same):
        return Ending("failed", "As found later: the campaign is gone, and another call deleted it.")
    if any(_is_under_way(rival, now) for rival in same):
        return None
    if any(rival.outcome in _MAY_BE_DONE for rival in same):
        return Ending("unknown", "Looked at later: the campaign is gone, by this call or by another without an answer.")
    return Ending("done", f"As found later: the campaign is gone, {_WHO}.")


def settled_update(
    record: AuditRecord, found: Campaign | None, rivals: Iterable[AuditRecord], now: datetime
) -> Ending | None:
    """Settle a change: it was made when every field is shown as it was sent, and no other call sent one of them.

    When a field is shown otherwise, the change may have been made and undone, unless nothing was changed since.

    Args:
        record: what was to be changed.
        found: what has the campaign's number now; None when nothing has.
        rivals: the other attempts to change the campaign that may have been made at that time or later.
        now: GitHub's time.

    Returns:
        How it ends; None when that is known as soon as another attempt has ended.
    """
    if found is None or _is_another(record, found):
        return Ending("unknown", "Looked at later: the campaign is gone.")
    unseen = [name for name in record.change if name not in found.model_fields_set]
    if otherwise := [*not_as_sent(found, record.change), *unseen]:
        if found.updated_at < record.at - _CLOCKS_DIFFER:
            return Ending("failed", "As found later: nobody has changed the campaign since this call began.")
        return Ending("unknown", f"Looked at later: {', '.join(otherwise)} cannot be seen as it was sent.")
    return _settled_as_sent(record, found, rivals, now)


def _settled_as_sent(
    record: AuditRecord, found: Campaign, rivals: Iterable[AuditRecord], now: datetime
) -> Ending | None:
    """Settle a change whose fields are all shown as they were sent; as `settled_update`."""
    same = [rival for rival in rivals if rival.change.keys() & record.change.keys()]
    if any(_is_under_way(rival, now) for rival in same):
        return None
    if any(rival.outcome in _MAY_BE_DONE for rival in same):
        return Ending("unknown", "Looked at later: everything is as it was sent, by this call or by another like it.")
    if not _is_of_the_time(record, found):
        return Ending("unknown", "Looked at later: everything is as it was sent, but GitHub dates that otherwise.")
    after = {name: wire_value(found, name) for name in record.change}
    return Ending("done", f"As found later: everything is as it was sent, {_WHO}.", after)


def _made(record: AuditRecord) -> object:
    """Return when GitHub made the campaign, where that was recorded: numbers may come back."""
    return (record.before or {}).get("created_at")


def _is_another(record: AuditRecord, found: Campaign) -> bool:
    """Tell whether a campaign only has the number of the one that the attempt was about."""
    made = _made(record)
    return found.created_at > record.at + _CLOCKS_DIFFER if made is None else made != wire(found.created_at)


def _is_under_way(rival: AuditRecord, now: datetime) -> bool:
    return rival.outcome == "intended" and now - rival.at < GRACE


def _is_of_the_time(record: AuditRecord, found: Campaign) -> bool:
    """Tell whether GitHub dates a change as one of this call would be: some time in it, where it tells the time."""
    moment = found.closed_at if record.change.get("state") == "closed" else None
    seen = found.updated_at if moment is None else moment
    return record.at - _CLOCKS_DIFFER <= seen and (moment is None or moment <= record.at + GRACE)
