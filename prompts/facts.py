"""Reads from GitHub what the prompts embed. Names in here are GitHub's, so that the wording can refer to them."""

from __future__ import annotations

from collections.abc import Iterable

import anyio

from server.context import AppContext
from server.domain.answers import row
from server.domain.dates import wire
from server.domain.models import OPEN_CAMPAIGNS_LIMIT, Campaign
from server.errors import CampaignsError, NotFound

Facts = dict[str, object]

_AT_ONCE = 4  # GitHub asks for restraint with concurrent requests


async def one_campaign(app: AppContext, org: str, number: int) -> Facts:
    """Describe one campaign whole."""
    campaign = await app.github.campaigns.get(org, number)
    return {"org": org, "as_of": wire(app.now()), "campaign": _described(app, org, campaign)}


async def open_campaigns(app: AppContext, org: str) -> Facts:
    """Describe every open campaign whole. Each is read by itself, since a list's items may lack their counts."""
    listed = await app.github.campaigns.all_open(org)
    found = await _read_each(app, org, [campaign.number for campaign in listed])
    return {"org": org, "as_of": wire(app.now()), "campaigns": [_described(app, org, campaign) for campaign in found]}


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


def _described(app: AppContext, org: str, campaign: Campaign) -> Facts:
    return app.describe(org, campaign).model_dump(mode="json", exclude_none=True)


async def _read_each(app: AppContext, org: str, numbers: Iterable[int]) -> list[Campaign]:
    """Read campaigns at the same time, a few at once, and keep their order. One deleted meanwhile is left out.

    Raises:
        CampaignsError: the first that a read failed with; the others are given up.
    """
    found: dict[int, Campaign | None] = dict.fromkeys(numbers)
    failures: list[CampaignsError] = []
    slots = anyio.CapacityLimiter(_AT_ONCE)

    async def read(number: int) -> None:
        try:
            async with slots:
                found[number] = await app.github.campaigns.get(org, number)
        except NotFound:
            return
        except CampaignsError as failure:
            failures.append(failure)
            reading.cancel_scope.cancel()

    async with anyio.create_task_group() as reading:
        for number in found:
            reading.start_soon(read, number)
    if failures:
        raise failures[0]
    return [campaign for campaign in found.values() if campaign is not None]
