"""report_progress: how one campaign or all open ones are going."""

from __future__ import annotations

from typing import Annotated

from mcp_types import CallToolResult
from pydantic import MISSING

from server.context import CallContext, app_of
from server.domain.reports import ProgressReport
from tools.answers import answered
from tools.parameters import OneCampaign, Org, Since


async def report_progress(
    ctx: CallContext, org: Org = MISSING, campaign_number: OneCampaign = MISSING, since: Since = MISSING
) -> Annotated[CallToolResult, ProgressReport]:
    """Report how one campaign or all open ones are going, worst first: status, pace, forecast, what changed."""
    from server.reporting import note_reported, report  # noqa: PLC0415 - a plain start must not pay for it

    app = app_of(ctx)
    one = None if campaign_number is MISSING else campaign_number
    orgs = [app.policy.org(org)] if one is not None else app.policy.orgs(org)
    made = await report(app, orgs, one, None if since is MISSING else since)
    unkept = await note_reported(app, made)
    return answered(made.report.model_copy(update={"notes": [*(made.report.notes or []), *unkept] or None}))
