"""create_campaign: publishes a campaign. Publishing notifies people and cannot be recalled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import MISSING

from server.context import AppContext, CallContext, app_of
from server.domain.checks import count_alerts
from server.domain.dates import spoken, wire
from server.domain.models import NAME_LIMIT, OPEN_CAMPAIGNS_LIMIT, AlertPairs, Campaign
from server.domain.text import quote
from server.errors import InvalidInput, Refused
from server.github.campaigns import Published
from server.guards.confirmation import (
    GoAhead,
    can_ask,
    refuse_used_answer_to_publish,
    require_account,
    require_asking,
    require_yes,
)
from server.guards.policy import Effect
from server.guards.preview import check_preview, digest
from tools.answers import SentRequest, WriteResult, answered
from tools.checks import check_managers, not_as_sent, require_future
from tools.parameters import (
    Alerts,
    ContactLink,
    Description,
    DryRun,
    EndsAt,
    GenerateIssues,
    Managers,
    Name,
    Org,
    Preview,
    TeamManagers,
)

NOT_DONE = "Nothing was published."
_REPOSITORIES_WARNING = 100  # GitHub's web interface has named this limit; the API's documents do not


@dataclass(frozen=True)
class CreatePlan:
    """What would be published and what would be asked first."""

    org: str
    body: dict[str, Any]
    sentence: str
    notes: list[str]
    question: str | None
    preview: str
    account: str

    @property
    def request(self) -> SentRequest:
        """The request that publishes it."""
        return SentRequest(method="POST", path=f"/orgs/{self.org}/campaigns", body=self.body)


async def plan_creation(
    ctx: CallContext,
    org: Org,
    name: Name,
    description: Description,
    ends_at: EndsAt,
    alerts: Alerts,
    managers: Managers,
    team_managers: TeamManagers,
    contact_link: ContactLink,
    generate_issues: GenerateIssues,
    dry_run: DryRun,
    preview: Preview,
) -> CreatePlan:
    """Check everything that can be checked before publishing, and word the question."""
    app = app_of(ctx)
    org = app.policy.org(org)
    require_future(ends_at, app.github.clock, InvalidInput)
    await refuse_used_answer_to_publish(lambda: app.github.campaigns.all_open(org), org)
    effect = Effect.OPEN_ISSUES if generate_issues else Effect.OTHER_WRITE
    asks = app.policy.asks(effect)
    if asks and not dry_run:
        require_asking(ctx, "Publishing this campaign", f"Create it at {app.page(org)}")
    account = await app.github.people.acting_account(org)
    named, notes = await check_managers(app, org, managers, team_managers)
    open_campaigns = await app.github.campaigns.all_open(org)
    require_future(ends_at, app.github.clock)  # again, now that GitHub has told the time
    require_room(org, open_campaigns, name, ends_at)
    body = _body(name, description, ends_at, managers, team_managers, contact_link, alerts, generate_issues)
    question = _question(account, org, body) if asks else None
    if dry_run:
        notes.append("The alerts were not looked up; GitHub decides which of them it takes.")
    if dry_run and asks and not can_ask(ctx):
        notes.append("This client cannot ask a person, so publishing would be refused.")
    if len(alerts) > _REPOSITORIES_WARNING:
        notes.append(f"More than {_REPOSITORIES_WARNING} repositories: GitHub may not take all of them.")
    sentence = (
        f"{quote(name)} ({len(name)} of {NAME_LIMIT} characters) in {org} with {_alerts(alerts)}, ending "
        f"{spoken(ends_at)}, managed by {named}, acting as {account}."
        + (f" Would open {_issues(len(alerts))}." if generate_issues else "")
        + f" {len(open_campaigns)} of {OPEN_CAMPAIGNS_LIMIT} campaigns are open."
    )
    current = digest({"tool": "create_campaign", "org": org.lower(), "body": body, "asks": question})
    if not dry_run:
        check_preview(preview, current)
    return CreatePlan(org, body, sentence, notes, question, current, account)


def require_room(org: str, open_campaigns: Sequence[Campaign], name: str, ends_at: datetime) -> None:
    """Refuse a campaign that exists already, or one too many.

    Raises:
        Refused: naming the campaigns that are in the way.
    """
    wanted = (name.strip(), ends_at)  # a name that is read back has no outer spaces
    same = [found for found in open_campaigns if (found.name, found.ends_at) == wanted]
    if same:
        raise Refused(
            f"Campaign {org}/{same[0].number} with this name and end date is open already, published "
            f"{spoken(same[0].published_at or same[0].created_at)}. An earlier call may have published it.",
            "Use that one, or choose another name or end date.",
        )
    if len(open_campaigns) >= OPEN_CAMPAIGNS_LIMIT:
        named = ", ".join(f"{found.number} {quote(found.name)}" for found in open_campaigns[:OPEN_CAMPAIGNS_LIMIT])
        raise Refused(
            f"{org} has {len(open_campaigns)} open campaigns, and GitHub allows {OPEN_CAMPAIGNS_LIMIT}: {named}.",
            "Close one first.",
        )


def _body(
    name: str,
    description: str,
    ends_at: datetime,
    managers: Sequence[str] | MISSING,
    team_managers: Sequence[str] | MISSING,
    contact_link: str | MISSING,
    alerts: Sequence[AlertPairs],
    generate_issues: bool,
) -> dict[str, Any]:
    body = {
        "name": name,
        "description": description,
        "ends_at": wire(ends_at),
        "managers": managers,
        "team_managers": team_managers,
        "contact_link": contact_link,
        "code_scanning_alerts": [pair.model_dump() for pair in alerts],
        "generate_issues": True if generate_issues else MISSING,
    }
    return {field: value for field, value in body.items() if value is not MISSING}


def _alerts(alerts: Sequence[AlertPairs]) -> str:
    repositories = f"{len(alerts)} repositor{'ies' if len(alerts) != 1 else 'y'}"
    return f"{_alert_count(count_alerts(alerts))} in {repositories}"


def _alert_count(number: int) -> str:
    return f"{number} alert{'s' if number != 1 else ''}"


def _issues(repositories: int) -> str:
    return f"{repositories} issue{'s' if repositories != 1 else ''}"


def _question(account: str, org: str, body: dict[str, Any]) -> str:
    pairs = [AlertPairs.model_validate(pair) for pair in body["code_scanning_alerts"]]
    where = "one in each repository" if len(pairs) > 1 else "in that repository"
    issues = f", and open {_issues(len(pairs))}, {where}" if "generate_issues" in body else ""
    named = [*body.get("managers", []), *body.get("team_managers", [])]
    return (
        f"{account} will publish campaign {quote(body['name'])} in {org} with {_alerts(pairs)}, ending "
        f"{body['ends_at'][:10]}, managed by {', '.join(named) or 'nobody'}{issues}. Go on?"
    )


async def ask_to_create(plan: Annotated[CreatePlan, Resolve(plan_creation)], dry_run: DryRun) -> Elicit[GoAhead] | None:
    """Ask the planned question, unless nothing will be written."""
    return Elicit(plan.question, GoAhead) if plan.question and not dry_run else None


async def create_campaign(
    ctx: CallContext,
    name: Name,
    description: Description,
    ends_at: EndsAt,
    alerts: Alerts,
    plan: Annotated[CreatePlan, Resolve(plan_creation)],
    answer: Annotated[ElicitationResult[GoAhead], Resolve(ask_to_create)],
    org: Org = MISSING,
    managers: Managers = MISSING,
    team_managers: TeamManagers = MISSING,
    contact_link: ContactLink = MISSING,
    generate_issues: GenerateIssues = False,
    dry_run: DryRun = False,
    preview: Preview = MISSING,
) -> Annotated[CallToolResult, WriteResult]:
    """Publish a security campaign: it notifies developers and cannot be recalled. Preview with dry_run first."""
    if dry_run:
        return answered(
            WriteResult(
                summary=f"Would publish {plan.sentence} {NOT_DONE}",
                notes=plan.notes or None,
                request=plan.request,
                would_ask=plan.question,
                preview=plan.preview,
            )
        )
    if plan.question:
        require_yes(answer)
    app = app_of(ctx)
    async with app.creating[plan.org.lower()]:
        open_campaigns = await app.github.campaigns.all_open(plan.org)
        require_room(plan.org, open_campaigns, name, ends_at)
        require_future(ends_at, app.github.clock)
        if plan.question:
            require_account(plan.account, await app.github.people.acting_account(plan.org))
        known = {found.number for found in open_campaigns}
        published = await app.github.campaigns.create(plan.org, plan.body, known=known)
    return answered(_described(app, plan, published))


def _described(app: AppContext, plan: CreatePlan, published: Published) -> WriteResult:
    campaign = published.campaign
    described = app.describe(plan.org, campaign)
    sent = sum(len(pair["alert_numbers"]) for pair in plan.body["code_scanning_alerts"])
    notes = list(plan.notes)
    if published.found:
        notes.append(
            "GitHub's answer was lost; this campaign was found by looking. It is new and has the name, description, "
            "end date and managers that were sent."
        )
    if different := not_as_sent(campaign, plan.body):
        notes.append(f"GitHub answers with another {', '.join(different)} than was sent.")
    counted = campaign.alert_stats.total if campaign.alert_stats else sent
    fewer = "" if counted == sent else f" (GitHub counts {_alert_count(counted)}; {sent} were sent)"
    return WriteResult(
        summary=f"Published as campaign {campaign.number}: {described.url}{fewer}",
        notes=notes or None,
        campaign=described,
    )
