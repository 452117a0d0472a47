"""Campaigns as MCP resources, for hosts where a person attaches one to a conversation. JSON, read afresh each time."""

from __future__ import annotations

import json
import re

from mcp.server.mcpserver import MCPServer

from server.context import AppContext, CallContext, app_of
from server.domain.answers import row
from server.domain.checks import check_number, check_org
from server.errors import InvalidInput

JSON = "application/json"
_PAGE = 100  # GitHub's largest page; more than that no one reads


async def campaign_list(org: str, ctx: CallContext) -> str:
    """Describe the newest 100 campaigns of an organization."""
    app = app_of(ctx)
    org = _allowed_org(app, org)
    found = await app.github.campaigns.page(org, state=None, sort="created", direction="desc", page=1, per_page=_PAGE)
    now = app.now()
    return _json([row(campaign, now).model_dump(mode="json", exclude_none=True) for campaign in found.campaigns])


async def campaign(org: str, campaign_number: str, ctx: CallContext) -> str:
    """Describe one campaign whole."""
    app = app_of(ctx)
    org = _allowed_org(app, org)
    found = await app.github.campaigns.get(org, number_in(campaign_number))
    return _json(app.describe(org, found).model_dump(mode="json", exclude_none=True))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))  # the SDK's own form is indented


def _allowed_org(app: AppContext, org: str) -> str:
    try:
        return app.policy.org(check_org(org))
    except ValueError as problem:
        raise InvalidInput(f"`org`: {problem}.") from None


def number_in(text: str) -> int:
    """Read a campaign's number from text.

    Raises:
        InvalidInput: when it is none.
    """
    try:
        if not re.fullmatch(r"[0-9]{1,16}", text):
            raise ValueError("must be a positive whole number")
        return check_number(int(text))
    except ValueError as problem:
        raise InvalidInput(f"`campaign_number`: {problem}.") from None


def register_resources(mcp: MCPServer[AppContext]) -> None:
    """Add both resource templates to the server."""
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
