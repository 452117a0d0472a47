"""What the prompts embed: what GitHub says, and how it is going. The wording refers to the names in here."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from server.context import AppContext
from server.domain.answers import row
from server.domain.dates import wire
from server.domain.models import OPEN_CAMPAIGNS_LIMIT, Campaign
from server.reporting import Collected, collect

Facts = dict[str, Any]

_UNUSED = {"burndown", "burndown_from"}  # drawn, not written about
_DESCRIBED = {
    *("name", "state", "ends_at", "days_left", "url"),
    *("open_count", "in_progress_count", "closed_count", "remediation_rate"),
}
"""What a campaign's description tells already: a number that comes twice looks like two."""
_BY_ALERTS = {"reopened", "left_by_severity", "left_fixed_dismissed_by_repository"}
_PACES = {"pace_needed", "pace_7_days", "pace_28_days"}


async def one_campaign(app: AppContext, org: str, number: int) -> Facts:
    """Describe one campaign whole."""
    campaign = await app.github.campaigns.get(org, number)
    return {"org": org, "as_of": wire(app.now()), "campaign": _described(app, org, campaign)}


async def one_progress(app: AppContext, org: str, number: int, *, paces: bool = True) -> Facts:
    """Describe one campaign whole and tell how it is going.

    Args:
        app, org, number: which campaign.
        paces: whether they are told as numbers; `reason` tells them in words.
    """
    collected = await collect(app, [org], number)
    (campaign,) = _campaigns(app, org, collected)
    progress = _progress(app, collected, set() if paces else _PACES)
    return {"org": org, "as_of": wire(app.now()), "campaign": campaign, "progress": progress}


async def open_progress(app: AppContext, org: str) -> Facts:
    """Describe every open campaign whole and tell how it is going, without what is known of its repositories.

    Raises:
        CampaignsError: none could be read. Of some that could not `partial` tells.
    """
    collected = await collect(app, [org])
    progress = _progress(app, collected, _BY_ALERTS)
    return {
        "org": org,
        "as_of": wire(app.now()),
        "campaigns": _campaigns(app, org, collected),
        "progress": progress,
    }


async def room(app: AppContext, org: str) -> Facts:
    """Name the open campaigns and tell how many more GitHub allows."""
    listed = await app.github.campaigns.all_open(org)
    now = app.now()
    shown = {"number", "name", "ends_at", "days_left"}
    return {
        "org": org,
        "as_of": wire(now),
        "room_left": max(0, OPEN_CAMPAIGNS_LIMIT - len(listed)),
        "open_campaigns": [
            row(campaign, now).model_dump(mode="json", exclude_none=True, include=shown) for campaign in listed
        ],
        "url": app.page(org),
    }


def _campaigns(app: AppContext, org: str, collected: Collected) -> list[Facts]:
    return [_described(app, org, each.campaign) for each in collected.reported]


def _described(app: AppContext, org: str, campaign: Campaign) -> Facts:
    return app.describe(org, campaign).model_dump(mode="json", exclude_none=True)


def _progress(app: AppContext, collected: Collected, unused: Set[str]) -> Facts:
    """Tell each campaign whole: the rows of a list have a forecast without its range."""
    left_out = dict.fromkeys(_DESCRIBED | _UNUSED | unused, True)
    exclude: Any = {"summary": True, "as_of": True, "campaigns": {"__all__": left_out}}
    report = collected.made(app.now(), detail=True)
    return report.model_dump(mode="json", exclude_none=True, exclude=exclude)
