"""What every attempted write leaves behind: a record that is there before the request leaves, and its ending.

async with writing(app, "delete_campaign", org, campaign_number=6, confirmation="typed", before=...) as write:
    await app.github.campaigns.delete(org, 6, receipt=write.receipt)
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import anyio.to_thread

from server import audit_log
from server.context import AppContext
from server.domain.audit import AuditRecord, Confirmation, Outcome, json_line
from server.domain.checks import check_org, read_number
from server.errors import CampaignsError, GitHubError, Refused, StoreFailed
from server.github.answers import Receipt
from server.signin.caller import Caller, current_caller

_LOG = logging.getLogger(__name__)
_NOT_SENT = ("org", "campaign_number", "dry_run", "preview")  # arguments that are no part of a change


@dataclass
class Write:
    """A write under way.

    Attributes:
        record: what is known before it.
        receipt: to be filled with what GitHub answers.
        facts: what is known after it: `campaign_number`, `after`, `why`.
        note: when it could not be recorded, a sentence that says so.
    """

    record: AuditRecord
    receipt: Receipt = field(default_factory=Receipt)
    facts: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def notes(self) -> list[str]:
        """The note, if there is one."""
        return [self.note] if self.note else []


_begun: ContextVar[list[str] | None] = ContextVar("writes_begun", default=None)


@contextmanager
def writes_begun(begun: list[str]) -> Iterator[None]:
    """Add the tool's name to a list for every `writing` that begins inside: that has a record of its own."""
    token = _begun.set(begun)
    try:
        yield
    finally:
        _begun.reset(token)


@asynccontextmanager
async def writing(
    app: AppContext,
    tool: str,
    org: str,
    *,
    campaign_number: int | None = None,
    account: str | None = None,
    change: Mapping[str, Any] | None = None,
    confirmation: Confirmation = "not required",
    before: Mapping[str, Any] | None = None,
    key: int | None = None,
) -> AsyncIterator[Write]:
    """Record a write: the block makes it, and nothing else. Its end is recorded even when the call is cancelled.

    Args:
        app: the server's parts.
        tool: the tool that writes.
        org, campaign_number: what it is about.
        account: the acting account; None to look it up.
        change: what is sent, alerts being counted.
        confirmation: how a person confirmed it.
        before: the changed fields as they are, or a whole campaign.
        key: under which it is recorded, for a creation that of its publication; by default a new one.

    Raises:
        StoreFailed: the operator requires the audit, and the record could not be written; the block did not run.
        CampaignsError: whatever the block raises, with `recorded` set.
    """
    record = AuditRecord(
        org=org,
        tool=tool,
        at=app.clock.stamp(),
        campaign_number=campaign_number,
        account=account or await _account(app, org),
        change=change or {},
        confirmation=confirmation,
        before=before,
        **_by(current_caller()),
    )
    write = Write(record if key is None else replace(record, key=key))
    if (begun := _begun.get()) is not None:
        begun.append(tool)
    await _begin(app, write)
    try:
        yield write
    except CampaignsError as error:
        error.recorded = True
        if isinstance(error, GitHubError):
            write.receipt.status = error.status or write.receipt.status
            write.receipt.request_id = error.request_id or write.receipt.request_id
        await _end(app, write, _outcome_of(error), why=error.what)
        raise
    except BaseException as interruption:  # a cancelled call, or a fault of this program
        kind = type(interruption).__name__
        if write.receipt.sent:
            await _end(app, write, "unknown", why=f"The call ended before it was known what came of it ({kind}).")
        else:
            await _end(app, write, "failed", why=f"The call ended before anything was sent ({kind}).")
        raise
    await _end(app, write, "done", **write.facts)


async def note_refusal(
    app: AppContext,
    tool: str,
    arguments: Mapping[str, Any],
    error: CampaignsError,
    caller: Caller | None,
    *,
    unread: bool = False,
) -> None:
    """Record a call that was to write and ended before anything was sent, unless it has a record.

    Args:
        app: the server's parts.
        tool: the tool.
        arguments: the call's.
        error: why it ended.
        caller: who called; None where nobody signs in.
        unread: nobody has looked at the arguments, which then are not recorded.
    """
    if error.recorded:
        return
    error.recorded = True
    record = AuditRecord(
        org=_org(arguments.get("org")) or app.settings.org or "",
        tool=tool,
        at=app.clock.stamp(),
        campaign_number=_number(arguments.get("campaign_number")),
        change={} if unread else _change(arguments),
        **_by(caller),
    )
    outcome: Outcome = "refused" if isinstance(error, (Refused, StoreFailed)) else "failed"
    status = {"status": error.status, "request_id": error.request_id} if isinstance(error, GitHubError) else {}
    await _keep(app, record.ended(outcome, app.clock.stamp(), why=error.what, **status), urgent=not unread)


async def _account(app: AppContext, org: str) -> str | None:
    if not app.store.kept and app.settings.audit_log is None:
        return None
    try:
        return await app.github.people.acting_account(org)
    except CampaignsError:
        return None


async def _begin(app: AppContext, write: Write) -> None:
    try:
        await app.store.audit.attempt(write.record)
    except StoreFailed as failure:
        if app.settings.audit == "required":
            refusal = StoreFailed(
                f"The audit record could not be written, so nothing was sent. {failure.what}", failure.remedy
            )
            # The same record: it may be there, when only the answer of the store was lost.
            refusal.recorded = True
            await _keep(app, write.record.ended("refused", app.clock.stamp(), why=refusal.what))
            raise refusal from failure
        _LOG.warning("%s", failure)  # the ending is then written with everything that is known


async def _end(app: AppContext, write: Write, outcome: Outcome, **facts: Any) -> None:
    facts = {"status": write.receipt.status, "request_id": write.receipt.request_id, **facts}
    failure = await _keep(app, write.record.ended(outcome, app.clock.stamp(), **facts))
    if failure is not None:
        write.note = f"The audit record of this call could not be kept: {failure.what}"


async def _keep(app: AppContext, record: AuditRecord, *, urgent: bool = True) -> StoreFailed | None:
    """Keep an ending in the store and in the log; neither fails the call."""
    failed = None
    with anyio.CancelScope(shield=True):
        try:
            await app.store.audit.ended(record, urgent=urgent)
        except StoreFailed as failure:
            _LOG.warning("%s", failure)
            failed = failure
        await log_line(app, record)
    return failed


async def log_line(app: AppContext, record: AuditRecord) -> None:
    """Append a record that has ended to the operator's log, if there is one; what fails is a warning."""
    if app.settings.audit_log is None:
        return
    line = json_line(record, app.store.audit.host)
    try:
        await anyio.to_thread.run_sync(audit_log.append, app.settings.audit_log, line)
    except (OSError, RuntimeError) as problem:
        _LOG.warning("--audit-log cannot be written: %s", type(problem).__name__)


def _outcome_of(error: CampaignsError) -> Outcome:
    if isinstance(error, (Refused, StoreFailed)):
        return "refused"
    return "failed" if error.nothing_written else "unknown"


def _by(caller: Caller | None) -> dict[str, Any]:
    if caller is None:
        return {}
    return {"caller": caller.name, "caller_subject": caller.subject, "caller_issuer": caller.issuer}


def _org(value: object) -> str | None:
    try:
        return check_org(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(value: object) -> int | None:
    """Return a campaign's number where it is one, also as JSON may write it (6.0) and as text."""
    try:
        return read_number(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
    except ValueError:
        return None


def _change(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a call would have sent, as far as its arguments tell; alerts by number are counted."""
    change = {name: value for name, value in arguments.items() if name not in _NOT_SENT and value is not None}
    pairs = change.get("alerts")
    if isinstance(pairs, str):  # some hosts send a list as text, and the SDK reads it
        pairs = json.loads(pairs)
    if isinstance(pairs, list):
        change["alerts"] = {str(pair["repository_id"]): len(pair["alert_numbers"]) for pair in pairs}
    return change
