"""Prompts about a campaign that exists. A docstring is what people read in their host's list of prompts."""

from __future__ import annotations

from mcp.server.mcpserver.prompts.base import UserMessage
from pydantic import MISSING

from prompts.arguments import CampaignNumber, Channel, Language, OneCampaign, Org, ReportAudience
from prompts.facts import one_campaign, one_progress, open_progress
from prompts.render import facts_message, message
from server.context import CallContext, app_of


async def summarize_campaign_progress(
    ctx: CallContext, org: Org = MISSING, campaign_number: OneCampaign = MISSING, audience: ReportAudience = "engineers"
) -> list[UserMessage]:
    """Sum up how one campaign or all open ones are going: what is left, the pace, what may not end in time."""
    app = app_of(ctx)
    org = app.policy.org(org)
    if campaign_number is MISSING:
        scope, facts = "all open campaigns", await open_progress(app, org)
    else:
        scope, facts = "one campaign", await one_progress(app, org, campaign_number)
    wording = message(
        "summarize_campaign_progress",
        {"scope": scope, "more_fields": f"fields of {scope}", "for_audience": audience},
        org=org,
        campaign_number=campaign_number,
    )
    return [facts_message(facts), wording]


async def announce_campaign(
    ctx: CallContext,
    campaign_number: CampaignNumber,
    org: Org = MISSING,
    channel: Channel = "chat",
    language: Language = "English",
) -> list[UserMessage]:
    """Write the message that tells developers about a campaign, for a chat, an email or an issue."""
    app = app_of(ctx)
    org = app.policy.org(org)
    facts = await one_campaign(app, org, campaign_number)
    wording = message(
        "announce_campaign", {"for_channel": channel}, org=org, campaign_number=campaign_number, language=language
    )
    return [facts_message(facts), wording]


async def close_out_campaign(
    ctx: CallContext, campaign_number: CampaignNumber, org: Org = MISSING, audience: ReportAudience = "engineers"
) -> list[UserMessage]:
    """Write a campaign's closing report: what was achieved, what is left, what to learn from it."""
    app = app_of(ctx)
    org = app.policy.org(org)
    facts = await one_progress(app, org, campaign_number, paces=False)
    standing = facts["campaign"]["state"]
    if standing == "open" and app.settings.read_only:
        standing = "open, read-only"
    wording = message(
        "close_out_campaign", {"for_audience": audience, "standing": standing}, org=org, campaign_number=campaign_number
    )
    return [facts_message(facts), wording]
