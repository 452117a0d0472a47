"""create_campaign: publishes a campaign. Publishing notifies people and cannot be recalled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import MISSING, Field

from server.context import AppContext, CallContext, app_of
from server.domain.as_sent import not_as_sent
from server.domain.text import alert_count
from server.errors import CampaignsError
from server.guards.confirmation import GoAhead, require_account, require_yes
from tools.answers import WriteResult, answered
from tools.campaign_alerts import SelectionCounts
from tools.checks import require_future
from tools.create_plan import CreatePlan, plan_creation, require_room
from tools.parameters import (
    Alerts,
    ContactLink,
    Description,
    DryRun,
    EndsAt,
    Filter,
    GenerateIssues,
    IfTooMany,
    Managers,
    Name,
    Org,
    Preview,
    TeamManagers,
)

if TYPE_CHECKING:
    from server.github.campaigns import Published

NOT_DONE = "Nothing was published."


class CreateResult(WriteResult):
    """What was published, or with dry_run what would be."""

    selection: SelectionCounts | None = Field(default=None, description="dry_run: what the filter yields")


async def ask_to_create(plan: Annotated[CreatePlan, Resolve(plan_creation)], dry_run: DryRun) -> Elicit[GoAhead] | None:
    """Ask the planned question, unless nothing will be written."""
    return Elicit(plan.question, GoAhead) if plan.question and not dry_run else None


async def create_campaign(
    ctx: CallContext,
    name: Name,
    description: Description,
    ends_at: EndsAt,
    plan: Annotated[CreatePlan, Resolve(plan_creation)],
    answer: Annotated[ElicitationResult[GoAhead], Resolve(ask_to_create)],
    org: Org = MISSING,
    filter: Filter = MISSING,  # noqa: A002 - the tool's argument
    alerts: Alerts = MISSING,
    if_too_many: IfTooMany = "refuse",
    managers: Managers = MISSING,
    team_managers: TeamManagers = MISSING,
    contact_link: ContactLink = MISSING,
    generate_issues: GenerateIssues = False,
    dry_run: DryRun = False,
    preview: Preview = MISSING,
) -> Annotated[CallToolResult, CreateResult]:
    """Publish a security campaign: it notifies developers and cannot be recalled. Preview with dry_run first."""
    from server.reporting import remember  # noqa: PLC0415 - a plain start must not pay for it
    from tools.publication import publish, settle_earlier  # noqa: PLC0415 - likewise

    if dry_run:
        return answered(
            CreateResult(
                summary=f"Would publish {plan.sentence} {NOT_DONE}",
                notes=plan.notes or None,
                selection=plan.alerts.counts,
                request=plan.request,
                would_ask=plan.question,
                preview=plan.preview,
            )
        )
    if plan.question:
        require_yes(answer)
    app = app_of(ctx)
    async with app.creating[plan.org.lower()]:
        settled = await settle_earlier(app, plan.org)
        open_campaigns = await app.github.campaigns.all_open(plan.org)
        require_room(plan.org, open_campaigns, name, ends_at)
        require_future(ends_at, app.clock)
        if plan.question:
            require_account(plan.account, await app.github.people.acting_account(plan.org))
        known = {found.number for found in open_campaigns}
        published, unkept = await publish(app, plan, known)
    published = await with_counts(app, plan.org, published)
    unkept = unkept or await remember(app, plan.org, [published.campaign])  # one sentence about the store is enough
    return answered(_described(app, plan, published, [*settled, *unkept]))


async def with_counts(app: AppContext, org: str, published: Published) -> Published:
    """Read the campaign again when GitHub's answer to creating it had no counts to compare with what was sent."""
    if published.campaign.alert_stats is not None:
        return published
    try:
        return replace(published, campaign=await app.github.campaigns.get(org, published.campaign.number))
    except CampaignsError:
        return published


def _described(app: AppContext, plan: CreatePlan, published: Published, more: Sequence[str]) -> CreateResult:
    campaign = published.campaign
    described = app.describe(plan.org, campaign)
    sent = plan.alerts.total
    notes = [*plan.notes, *more]
    if published.found:
        notes.append(
            "GitHub's answer was lost; this campaign was found by looking. It is new and has the name, description, "
            "end date and managers that were sent."
        )
    if different := not_as_sent(campaign, plan.body):
        notes.append(f"GitHub answers with another {', '.join(different)} than was sent.")
    if campaign.alert_stats is None:
        notes.append("GitHub does not say how many alerts it took.")
    counted = campaign.alert_stats.total if campaign.alert_stats else sent
    fewer = "" if counted == sent else f" (GitHub counts {alert_count(counted)}; {sent} were sent)"
    return CreateResult(
        summary=f"Published {plan.alerts.counted} as campaign {campaign.number}: {described.url}{fewer}",
        notes=notes or None,
        campaign=described,
    )
