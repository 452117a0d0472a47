"""Progress reports: what GitHub says now, together with what this server remembers of earlier readings."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import anyio

from server.context import AppContext
from server.domain.measures import Reported
from server.domain.models import Campaign
from server.domain.report_making import progress_report
from server.domain.reports import ProgressReport
from server.domain.snapshots import Snapshot, snapshot_of
from server.errors import CampaignsError, NotFound, StoreFailed

LAST_REPORT: Literal["last_report"] = "last_report"
Since = datetime | Literal["last_report"] | None

_AT_ONCE = 4  # GitHub asks for restraint with concurrent requests
_LOG = logging.getLogger(__name__)


async def remember(app: AppContext, org: str, campaigns: Iterable[Campaign]) -> list[str]:
    """Keep a snapshot of each campaign that came with its counts, at most one an hour unless something changed.

    Returns:
        A sentence when that failed: it costs the trend, never the answer.
    """
    now = app.now()
    try:
        for campaign in campaigns:
            if (snapshot := snapshot_of(campaign, now)) is not None:
                await app.store.note(org, campaign.number, campaign.created_at, snapshot)
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
        return [f"This reading could not be kept for the trend: {failure.what}"]
    return []


@dataclass
class _Collected:
    """What a report is made of."""

    reported: list[Reported] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, sentences: Iterable[str]) -> None:
        """Add sentences, each once."""
        self.notes += [sentence for sentence in sentences if sentence not in self.notes]


async def report(
    app: AppContext, orgs: Sequence[str], campaign_number: int | None = None, since: Since = None
) -> ProgressReport:
    """Report on one campaign, or on every open one of some organizations. Each is read afresh, and remembered.

    Args:
        app: the server's parts.
        orgs: the organizations; one of them when a campaign is named.
        campaign_number: the campaign; None for all open ones.
        since: from when on changes are told; "last_report" is when the organizations were last reported on.

    Raises:
        CampaignsError: nothing could be read. What is only partly read is told in the report.
    """
    collected = _Collected()
    failures: list[CampaignsError] = []
    for org in orgs:
        try:
            campaigns = await _read(app, org, campaign_number, collected)
        except CampaignsError as failure:
            failures.append(failure)
            collected.partial.append(str(failure))
            continue
        collected.note(await remember(app, org, campaigns))
        for campaign in campaigns:
            history = await _history(app, org, campaign, collected)
            named = org if len(orgs) > 1 else None
            collected.reported.append(Reported(campaign, history, org=named, url=app.page(org, campaign.number)))
    if failures and len(failures) == len(orgs):
        raise failures[0]
    moment = await _moment(app, orgs, since, collected)
    made = progress_report(
        collected.reported, app.now(), since=moment, partial=collected.partial, notes=collected.notes
    )
    if campaign_number is None:
        await _note_report(app, orgs, made.as_of)
    return made


async def _read(app: AppContext, org: str, campaign_number: int | None, collected: _Collected) -> list[Campaign]:
    """Read each campaign by itself, a few at once, since a list's items may lack their counts."""
    if campaign_number is not None:
        return [await app.github.campaigns.get(org, campaign_number)]
    numbers = [campaign.number for campaign in await app.github.campaigns.all_open(org)]
    found: dict[int, Campaign] = {}
    slots = anyio.CapacityLimiter(_AT_ONCE)

    async def read(number: int) -> None:
        async with slots:
            try:
                found[number] = await app.github.campaigns.get(org, number)
            except NotFound:
                return  # deleted meanwhile
            except CampaignsError as failure:
                collected.partial.append(f"Campaign {org}/{number} could not be read: {failure.what}")

    async with anyio.create_task_group() as reading:
        for number in numbers:
            reading.start_soon(read, number)
    return [found[number] for number in numbers if number in found]


async def _history(app: AppContext, org: str, campaign: Campaign, collected: _Collected) -> list[Snapshot]:
    try:
        return await app.store.history(org, campaign.number, campaign.created_at)
    except StoreFailed as failure:
        collected.note([f"Earlier readings could not be looked up, so there is no trend: {failure.what}"])
        return []


async def _moment(app: AppContext, orgs: Sequence[str], since: Since, collected: _Collected) -> datetime | None:
    if since != LAST_REPORT:
        return since
    try:
        reports = [await app.store.last_report(org) for org in orgs]
    except StoreFailed as failure:
        collected.note([f"When was last reported could not be looked up: {failure.what}"])
        return None
    known = [moment for moment in reports if moment is not None]
    if not known:
        collected.note(["No earlier report is known, so what changed since is not told."])
        return None
    return min(known)


async def _note_report(app: AppContext, orgs: Sequence[str], at: datetime) -> None:
    try:
        for org in orgs:
            await app.store.note_report(org, at)
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
