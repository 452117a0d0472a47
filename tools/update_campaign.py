"""update_campaign: changes fields, closes or reopens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import MISSING

from server.context import CallContext, app_of
from server.domain.as_sent import not_as_sent, unordered, wire_value
from server.domain.dates import wire
from server.domain.models import Campaign
from server.domain.text import quote
from server.errors import InvalidInput, Refused
from server.guards.confirmation import (
    GoAhead,
    can_ask,
    name_campaign,
    refuse_used_answer,
    require_account,
    require_asking,
    require_unchanged,
    require_yes,
)
from server.guards.policy import Effect
from server.guards.preview import check_preview, digest
from tools.answers import Change, SentRequest, WriteResult, answered
from tools.checks import check_managers, require_future
from tools.parameters import (
    CampaignNumber,
    Description,
    DryRun,
    EndsAt,
    Name,
    NewContactLink,
    NewManagers,
    NewState,
    NewTeamManagers,
    Org,
    Preview,
)

NOT_DONE = "Campaign {campaign_number} was not changed."


@dataclass(frozen=True)
class UpdatePlan:
    """What would change, as it was shown, and what would be asked first."""

    org: str
    shown: Campaign
    changes: dict[str, Any]
    notes: list[str]
    question: str | None
    preview: str
    account: str


async def plan_update(
    ctx: CallContext,
    org: Org,
    campaign_number: CampaignNumber,
    name: Name | MISSING,
    description: Description | MISSING,
    ends_at: EndsAt | MISSING,
    managers: NewManagers,
    team_managers: NewTeamManagers,
    contact_link: NewContactLink,
    state: NewState,
    dry_run: DryRun,
    preview: Preview,
) -> UpdatePlan:
    """Check what can be checked, look at the campaign, and word the question."""
    app = app_of(ctx)
    org = app.policy.org(org)
    changes = _given(
        name=name,
        description=description,
        ends_at=ends_at,
        managers=managers,
        team_managers=team_managers,
        contact_link=contact_link,
        state=state,
    )
    if not changes:
        raise InvalidInput("nothing to change was given.", "Name at least one field with its new value.")
    if isinstance(ends_at, datetime):
        require_future(ends_at, app.clock, InvalidInput)
    await refuse_used_answer(lambda: app.github.campaigns.get(org, campaign_number), org, campaign_number)
    shown = await app.github.campaigns.get(org, campaign_number)
    _require_change(org, shown, changes)
    if isinstance(ends_at, datetime):
        require_future(ends_at, app.clock)  # again, now that GitHub has told the time
    asks = app.policy.asks(Effect.CLOSE if state == "closed" else Effect.OTHER_WRITE)
    if asks and not dry_run:
        require_asking(ctx, "This change", f"Make it at {app.page(org, campaign_number)}")
    _, notes = await check_managers(app, org, managers, team_managers)
    if asks and not can_ask(ctx):
        notes.append("This client cannot ask a person, so the change would be refused.")
    if unseen := [field for field in changes if not _is_shown(shown, field)]:
        notes.append(f"GitHub does not show {', '.join(unseen)}, so what it was is not known.")
    if state == "open" and ends_at is MISSING and shown.ends_at <= app.now():
        notes.append("Its end date has passed; move it with ends_at.")
    account = await app.github.people.acting_account(org)
    question = _question(account, org, shown, changes) if asks else None
    current = digest(
        {
            "tool": "update_campaign",
            "campaign": f"{org.lower()}/{campaign_number}",
            "created_at": wire(shown.created_at),
            "before": {field: wire_value(shown, field) for field in changes},
            "after": changes,
            "asks": question,
        }
    )
    if not dry_run:
        check_preview(preview, current)
    return UpdatePlan(org, shown, changes, notes, question, current, account)


def _require_change(org: str, shown: Campaign, changes: Mapping[str, Any]) -> None:
    """Refuse an update after which nothing would be different.

    Raises:
        Refused: saying so.
    """
    named = f"Campaign {org}/{shown.number} {quote(shown.name)}"
    if shown.state == changes.get("state"):
        raise Refused(f"{named} is already {shown.state}.")
    if not shown.altered and all(
        _is_shown(shown, field) and unordered(wire_value(shown, field)) == unordered(value)
        for field, value in changes.items()
    ):
        raise Refused(f"{named} has these values already.")


def _is_shown(campaign: Campaign, field: str) -> bool:
    """Whether GitHub's answer holds the field. It may leave out contact_link, which then is not known to be null."""
    return field in campaign.model_fields_set


def _given(**fields: object) -> dict[str, Any]:
    """Keep what was given, in the form GitHub takes. Null stays: it clears."""
    return {
        field: wire(value) if isinstance(value, datetime) else value
        for field, value in fields.items()
        if value is not MISSING
    }


def _question(account: str, org: str, shown: Campaign, changes: Mapping[str, Any]) -> str:
    """Word the question; it tells every change that the call would make."""
    # The old value too: on 2026-07-28 a question that reads differently when the answer arrives is asked again.
    others = [
        f"{field} from {_spoken(wire_value(shown, field)) if _is_shown(shown, field) else 'what GitHub does not show'} "
        f"to {_spoken(value)}"
        for field, value in changes.items()
        if field != "state"
    ]
    named = f"campaign {name_campaign(org, shown)}"
    match changes.get("state"):
        case "closed":
            does, after = f"close {named}", " Its data is kept and it can be reopened."
        case "open":
            does, after = f"reopen {named}", ""
        case _:
            does, after = f"update {named}", ""
    also = f", changing {', '.join(others)}" if others else ""
    return f"{account} will {does}{also}.{after} Go on?"


def _spoken(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(quote(str(item)) for item in value) or "nobody"
    return "nothing" if value is None else quote(str(value), 2000)


async def ask_to_update(plan: Annotated[UpdatePlan, Resolve(plan_update)], dry_run: DryRun) -> Elicit[GoAhead] | None:
    """Ask the planned question, unless nothing will be written."""
    return Elicit(plan.question, GoAhead) if plan.question and not dry_run else None


async def update_campaign(
    ctx: CallContext,
    campaign_number: CampaignNumber,
    plan: Annotated[UpdatePlan, Resolve(plan_update)],
    answer: Annotated[ElicitationResult[GoAhead], Resolve(ask_to_update)],
    org: Org = MISSING,
    name: Name | MISSING = MISSING,
    description: Description | MISSING = MISSING,
    ends_at: EndsAt | MISSING = MISSING,
    managers: NewManagers = MISSING,
    team_managers: NewTeamManagers = MISSING,
    contact_link: NewContactLink = MISSING,
    state: NewState = MISSING,
    dry_run: DryRun = False,
    preview: Preview = MISSING,
) -> Annotated[CallToolResult, WriteResult]:
    """Change a security campaign; state closes (data kept) or reopens it. Left out means unchanged."""
    named = f"campaign {plan.org}/{campaign_number} {quote(plan.shown.name)}"
    if dry_run:
        return answered(
            WriteResult(
                summary=f"Would {_worded(named, plan.changes, done=False)}. Nothing was changed.",
                notes=plan.notes or None,
                changes=_compared(plan.shown, plan.changes),
                request=SentRequest(
                    method="PATCH", path=f"/orgs/{plan.org}/campaigns/{campaign_number}", body=plan.changes
                ),
                would_ask=plan.question,
                preview=plan.preview,
            )
        )
    from server.auditing import writing  # noqa: PLC0415 - a plain start must not pay for it
    from server.reporting import remember  # noqa: PLC0415 - likewise
    from server.settling import settle  # noqa: PLC0415 - likewise

    app = app_of(ctx)
    before = plan.shown
    if plan.question:
        require_yes(answer)
        before = await app.github.campaigns.get(plan.org, campaign_number)
        require_unchanged(plan.org, plan.shown, before, also=plan.changes)
        require_account(plan.account, await app.github.people.acting_account(plan.org))
        if isinstance(ends_at, datetime):
            require_future(ends_at, app.clock)  # it may have passed while the person was thinking
    async with writing(
        app,
        "update_campaign",
        plan.org,
        campaign_number=campaign_number,
        account=plan.account,
        change=plan.changes,
        confirmation="yes" if plan.question else "not required",
        before={field: wire_value(before, field) for field in plan.changes},
    ) as write:
        campaign = await app.github.campaigns.update(plan.org, campaign_number, plan.changes, receipt=write.receipt)
        after = {field: wire_value(campaign, field) for field in plan.changes}
        write.facts["after"] = after
    unkept = [*write.notes, *await remember(app, plan.org, [campaign]), *await settle(app, plan.org)]
    different = not_as_sent(campaign, plan.changes)
    return answered(
        WriteResult(
            summary=f"GitHub took the change of {named}, but answers with another {', '.join(different)}."
            if different
            else f"{_capital(_worded(named, plan.changes, done=True))}.",
            notes=[*plan.notes, *unkept] or None,
            changes=_compared(before, after),
            campaign=app.describe(plan.org, campaign),
        )
    )


def _compared(before: Campaign, after: Mapping[str, Any]) -> dict[str, Change]:
    return {field: Change(before=wire_value(before, field), after=value) for field, value in after.items()}


def _worded(named: str, changes: Mapping[str, Any], *, done: bool) -> str:
    """Word what would be done, or what was: `close campaign octo-org/3 "Name" and change ends_at`."""
    others = ", ".join(field for field in changes if field != "state")
    change = "changed" if done else "change"
    match changes.get("state"):
        case "closed":
            verb = "closed" if done else "close"
        case "open":
            verb = "reopened" if done else "reopen"
        case _:
            return f"{change} {others} of {named}"
    return f"{verb} {named} and {change} {others}" if others else f"{verb} {named}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
