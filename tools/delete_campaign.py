"""delete_campaign: irreversible, so a person types which campaign is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import MISSING

from server.context import CallContext, app_of
from server.domain.models import Campaign
from server.domain.text import quote
from server.guards.confirmation import (
    TypedCampaign,
    name_campaign,
    refuse_used_answer,
    require_account,
    require_asking,
    require_typed,
    require_unchanged,
)
from server.guards.policy import Effect
from tools.answers import DeleteResult, answered
from tools.parameters import CampaignNumber, Org

NOT_DONE = "Campaign {campaign_number} was not deleted."


@dataclass(frozen=True)
class DeletePlan:
    """What would be deleted, as it was shown, and whether a person has to confirm it."""

    org: str
    shown: Campaign
    question: str | None
    account: str | None = None

    @property
    def expected(self) -> str:
        """What the person types."""
        return f"{self.org}/{self.shown.number}"


async def plan_deletion(ctx: CallContext, org: Org, campaign_number: CampaignNumber) -> DeletePlan:
    """Look at the campaign and word the question."""
    app = app_of(ctx)
    org = app.policy.org(org)
    await refuse_used_answer(lambda: app.github.campaigns.get(org, campaign_number), org, campaign_number)
    asks = app.policy.asks(Effect.DELETE)
    if asks:
        require_asking(ctx, "Deleting", f"Delete it at {app.page(org, campaign_number)}")
    shown = await app.github.campaigns.get(org, campaign_number)
    if not asks:
        return DeletePlan(org, shown, None)
    account = await app.github.people.acting_account(org)
    question = (
        f"{account} will delete campaign {name_campaign(org, shown)}. Its progress data is lost for good; its alerts "
        f"stay. Type {org}/{campaign_number} to confirm."
    )
    return DeletePlan(org, shown, question, account)


async def ask_to_delete(plan: Annotated[DeletePlan, Resolve(plan_deletion)]) -> Elicit[TypedCampaign] | None:
    """Ask the planned question."""
    return Elicit(plan.question, TypedCampaign) if plan.question else None


async def delete_campaign(
    ctx: CallContext,
    campaign_number: CampaignNumber,
    plan: Annotated[DeletePlan, Resolve(plan_deletion)],
    answer: Annotated[ElicitationResult[TypedCampaign], Resolve(ask_to_delete)],
    org: Org = MISSING,
) -> Annotated[CallToolResult, DeleteResult]:
    """Delete a security campaign and its progress data for good. Closing keeps them: update_campaign, state closed."""
    from server.auditing import writing  # noqa: PLC0415 - a plain start must not pay for it
    from server.domain.audit import whole  # noqa: PLC0415 - likewise
    from server.settling import settle  # noqa: PLC0415 - likewise

    app = app_of(ctx)
    before = plan.shown
    if plan.question:
        require_typed(answer, plan.expected)
        before = await app.github.campaigns.get(plan.org, campaign_number)
        require_unchanged(plan.org, plan.shown, before)
        require_account(plan.account, await app.github.people.acting_account(plan.org))
    async with writing(
        app,
        "delete_campaign",
        plan.org,
        campaign_number=campaign_number,
        account=plan.account,
        confirmation="typed" if plan.question else "not required",
        before=whole(before),
    ) as write:
        await app.github.campaigns.delete(plan.org, campaign_number, receipt=write.receipt)
    said = [f"Deleted {plan.expected} {quote(plan.shown.name)}.", *write.notes, *await settle(app, plan.org)]
    return answered(
        DeleteResult(
            summary=" ".join(said),
            org=plan.org,
            campaign_number=campaign_number,
            name=plan.shown.name,
        )
    )
