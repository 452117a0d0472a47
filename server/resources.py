"""What a person can attach to a conversation: campaigns, read afresh each time, and the alert templates. All JSON."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel, TypeAdapter

from server.context import AppContext, CallContext, app_of
from server.domain.alert_templates import TEMPLATES, AlertTemplate
from server.domain.answers import NO_DRAFTS, CampaignList, row
from server.domain.checks import check_org, read_number
from server.errors import InvalidInput

JSON = "application/json"
TEMPLATES_URI = "alert-templates://all"
"""With a scheme of its own, since every word after `campaigns://` may be an organization."""

_PAGE = 100  # GitHub's largest page; more than that no one reads


async def campaign_list(org: str, ctx: CallContext) -> str:
    """Describe the newest 100 campaigns of an organization, as list_campaigns would."""
    app = app_of(ctx)
    org = _allowed_org(app, org)
    found = await app.github.campaigns.page(org, state=None, sort="created", direction="desc", page=1, per_page=_PAGE)
    return _json(
        CampaignList(
            org=org,
            campaigns=[row(campaign, app.now()) for campaign in found.campaigns],
            seen=len(found.campaigns),
            has_more=found.next_page is not None,
            url=app.page(org),
            note=NO_DRAFTS,
        )
    )


async def campaign(org: str, campaign_number: str, ctx: CallContext) -> str:
    """Describe one campaign whole."""
    app = app_of(ctx)
    org = _allowed_org(app, org)
    found = await app.github.campaigns.get(org, _number(campaign_number))
    return _json(app.describe(org, found))


def alert_templates() -> str:
    """Describe the alert templates: each with its CWEs as numbers, its severities and its source, where it has them."""
    return TypeAdapter(list[AlertTemplate]).dump_json(list(TEMPLATES.values()), exclude_defaults=True).decode()


def _json(answer: BaseModel) -> str:
    return answer.model_dump_json(exclude_none=True)  # compact; the SDK's own form is indented


def _allowed_org(app: AppContext, org: str) -> str:
    try:
        return app.policy.org(check_org(org))
    except ValueError as problem:
        raise InvalidInput(f"`org`: {problem}.") from None


def _number(text: str) -> int:
    try:
        return read_number(text)
    except ValueError as problem:
        raise InvalidInput(f"`campaign_number`: {problem}.") from None


def register_resources(mcp: MCPServer[AppContext]) -> None:
    """Add the campaigns of any organization and the alert templates to the server."""
    mcp.resource(
        TEMPLATES_URI,
        name="alert_templates",
        title="Alert templates",
        description="The named alert filters: what each is for, and its CWEs or severities",
        mime_type=JSON,
    )(alert_templates)
    mcp.resource(
        "campaigns://{org}",
        name="campaigns",
        title="Campaigns of an organization",
        description="The newest 100 published campaigns",
        mime_type=JSON,
    )(campaign_list)
    mcp.resource(
        "campaigns://{org}/{campaign_number}",
        name="campaign",
        title="Campaign",
        description="One campaign with its alert counts",
        mime_type=JSON,
    )(campaign)
