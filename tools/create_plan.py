"""What create_campaign would do: every check before publishing, the preview's words and the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import MISSING

from server.context import AppContext, CallContext, app_of
from server.domain.dates import spoken, wire
from server.domain.models import NAME_LIMIT, OPEN_CAMPAIGNS_LIMIT, Campaign
from server.domain.text import counted, quote
from server.errors import InvalidInput, Refused
from server.guards.confirmation import can_ask, refuse_used_answer_to_publish, require_asking
from server.guards.policy import Effect
from server.guards.preview import check_preview, digest
from tools.answers import SentRequest
from tools.campaign_alerts import CampaignAlerts, Shown, chosen_alerts, require_one
from tools.checks import check_managers, require_future
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

_REPOSITORIES_WARNING = 100  # GitHub's web interface has named this limit; the API's documents do not


@dataclass(frozen=True)
class CreatePlan:
    """What would be published and what would be asked first."""

    org: str
    fields: dict[str, Any]
    ends_at: datetime
    alerts: CampaignAlerts
    sentence: str
    notes: list[str]
    question: str | None
    preview: str
    account: str

    @property
    def body(self) -> dict[str, Any]:
        """What is sent to GitHub."""
        return self.fields | self.alerts.body

    @property
    def recorded(self) -> dict[str, Any]:
        """What is sent, for the audit: the alerts counted by repository, with the filter that chose them."""
        wanted = self.alerts.wanted
        return self.fields | self.alerts.counted_body | ({"filter": wanted.canonical()} if wanted else {})

    @property
    def request(self) -> SentRequest:
        """The request that publishes it, for a person or model to read."""
        return SentRequest(method="POST", path=f"/orgs/{self.org}/campaigns", body=self.fields | self.alerts.shown_body)


async def plan_creation(
    ctx: CallContext,
    org: Org,
    name: Name,
    description: Description,
    ends_at: EndsAt,
    filter: Filter,  # noqa: A002 - the tool's argument
    alerts: Alerts,
    if_too_many: IfTooMany,
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
    require_one(alerts, filter, if_too_many)
    require_future(ends_at, app.clock, InvalidInput)
    if filter is not MISSING and filter.kind == "secret":
        require_secret_campaigns(app, org, generate_issues=generate_issues)
    if filter is not MISSING and preview is MISSING and not dry_run:
        raise InvalidInput(
            "`preview` is missing, so nobody has seen what the filter yields.",
            "Call with dry_run, show the person the result, then call again with its preview.",
        )
    await refuse_used_answer_to_publish(lambda: app.github.campaigns.all_open(org), org)
    asks = app.policy.asks(Effect.OPEN_ISSUES if generate_issues else Effect.OTHER_WRITE)
    if asks and not dry_run:
        require_asking(ctx, "Publishing this campaign", f"Create it at {app.page(org)}")
    account = await app.github.people.acting_account(org)
    named, notes = await check_managers(app, org, managers, team_managers)
    open_campaigns = await app.github.campaigns.all_open(org)
    require_future(ends_at, app.clock)  # again, now that GitHub has told the time
    require_room(org, open_campaigns, name, ends_at)
    shown = Shown(account, org, filter, if_too_many, "" if preview is MISSING else preview.strip())
    chosen = await chosen_alerts(ctx, alerts, filter, shown, afresh=dry_run)
    fields = _fields(name, description, ends_at, managers, team_managers, contact_link, generate_issues)
    question = _question(account, org, fields, chosen) if asks else None
    notes += _notes(ctx, chosen, dry_run=dry_run, asks=asks)
    sentence = (
        f"{quote(name)} ({len(name)} of {NAME_LIMIT} characters) in {org} with {chosen.described}, ending "
        f"{spoken(ends_at)}, managed by {named}, acting as {account}."
        + (f" Would open {counted(len(chosen.pairs), 'issue')}." if generate_issues else "")
        + f" {_open(open_campaigns)}"
    )
    current = digest(
        {
            "tool": "create_campaign",
            "account": account,
            "org": org.lower(),
            "body": fields | chosen.body,
            "asks": question,
        }
    )
    if not dry_run:
        check_preview(preview, current, f"Now it would publish {sentence}" if chosen.selection else "")
    await (replace(shown, preview=current) if dry_run else shown).keep(app, chosen)
    return CreatePlan(org, fields, ends_at, chosen, sentence, notes, question, current, account)


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


def require_secret_campaigns(app: AppContext, org: str, *, generate_issues: bool) -> None:
    """Refuse a campaign of secret scanning alerts unless the operator allows to try.

    Raises:
        Refused: with the ways on.
        InvalidInput: issues are wanted, which GitHub does not open for such campaigns.
    """
    if not app.settings.experimental_secret_campaigns:
        raise Refused(
            "GitHub's API names campaigns of secret scanning alerts but does not define them, so they are not "
            "published here.",
            f"Create it at {app.page(org)}, or let the operator start the server with --experimental-secret-campaigns.",
        )
    if generate_issues:
        raise InvalidInput("`generate_issues`: GitHub opens no issues for secret scanning alerts; leave it out.")


def _open(campaigns: Sequence[Campaign]) -> str:
    """Name the open campaigns: one may be about the same already."""
    named = ", ".join(quote(campaign.name) for campaign in campaigns)
    return f"{len(campaigns)} of {OPEN_CAMPAIGNS_LIMIT} campaigns are open{': ' if named else ''}{named}."


def _notes(ctx: CallContext, chosen: CampaignAlerts, *, dry_run: bool, asks: bool) -> list[str]:
    notes = list(chosen.notes)
    if dry_run and chosen.selection is None:
        notes.append("The alerts were not looked up; GitHub decides which of them it takes.")
    if dry_run and asks and not can_ask(ctx):
        notes.append("This client cannot ask a person, so publishing would be refused.")
    if len(chosen.pairs) > _REPOSITORIES_WARNING:
        notes.append(f"More than {_REPOSITORIES_WARNING} repositories: GitHub may not take all of them.")
    if chosen.kind == "secret":
        notes.append("Unproven: GitHub's API names campaigns of secret scanning alerts but does not define them.")
    return notes


def _fields(
    name: str,
    description: str,
    ends_at: datetime,
    managers: Sequence[str] | MISSING,
    team_managers: Sequence[str] | MISSING,
    contact_link: str | MISSING,
    generate_issues: bool,
) -> dict[str, Any]:
    """Return GitHub's request without the alerts."""
    fields = {
        "name": name,
        "description": description,
        "ends_at": wire(ends_at),
        "managers": managers,
        "team_managers": team_managers,
        "contact_link": contact_link,
        "generate_issues": True if generate_issues else MISSING,
    }
    return {field: value for field, value in fields.items() if value is not MISSING}


def _question(account: str, org: str, fields: dict[str, Any], chosen: CampaignAlerts) -> str:
    where = "one in each repository" if len(chosen.pairs) > 1 else "in that repository"
    issues = f", and open {counted(len(chosen.pairs), 'issue')}, {where}" if "generate_issues" in fields else ""
    named = [*fields.get("managers", []), *fields.get("team_managers", [])]
    return (
        f"{account} will publish campaign {quote(fields['name'])} in {org} with {chosen.described}, ending "
        f"{fields['ends_at'][:10]}, managed by {', '.join(named) or 'nobody'}{issues}. Go on?"
    )
