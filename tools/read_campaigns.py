"""list_campaigns and get_campaign."""

from __future__ import annotations

from typing import Annotated

from mcp_types import CallToolResult
from pydantic import MISSING

from server.context import CallContext, app_of
from server.domain.answers import NO_DRAFTS, CampaignDetail, CampaignList, row
from tools.answers import answered
from tools.parameters import CampaignNumber, Direction, Org, PageNumber, PerPage, Sort, State


async def list_campaigns(
    ctx: CallContext,
    org: Org = MISSING,
    state: State = MISSING,
    sort: Sort = "created",
    direction: Direction = "desc",
    page: PageNumber = 1,
    per_page: PerPage = 30,
) -> Annotated[CallToolResult, CampaignList]:
    """List an organization's security campaigns, a page at a time. Drafts cannot be seen."""
    from server.reporting import remember  # noqa: PLC0415 - a plain start must not pay for it
    from tools.publication import settle_earlier  # noqa: PLC0415 - likewise

    app = app_of(ctx)
    org = app.policy.org(org)
    found = await app.github.campaigns.page(
        org,
        state=None if state is MISSING else state,
        sort=sort,
        direction=direction,
        page=page,
        per_page=per_page,
    )
    settled = await settle_earlier(app, org)
    unkept = await remember(app, org, found.campaigns)
    seen = (page - 1) * per_page + len(found.campaigns)
    past = [] if found.campaigns or page == 1 else [f"Page {page} is past the last one."]
    return answered(
        CampaignList(
            org=org,
            campaigns=[row(campaign, app.now()) for campaign in found.campaigns],
            seen=seen if found.campaigns or page == 1 else None,  # past the last page nothing was seen
            has_more=found.next_page is not None,
            next_page=found.next_page,
            url=app.page(org),
            note=" ".join([*past, *settled, *unkept, NO_DRAFTS]),
        )
    )


async def get_campaign(
    ctx: CallContext, campaign_number: CampaignNumber, org: Org = MISSING
) -> Annotated[CallToolResult, CampaignDetail]:
    """Read one security campaign: its fields, alert counts, remediation rate, days left and page."""
    from server.reporting import remember  # noqa: PLC0415 - a plain start must not pay for it

    app = app_of(ctx)
    org = app.policy.org(org)
    campaign = await app.github.campaigns.get(org, campaign_number)
    described = app.describe(org, campaign)
    described.note = " ".join(await remember(app, org, [campaign])) or None
    return answered(described)
