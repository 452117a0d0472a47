"""Progress reports: what GitHub says now, together with what this server remembers of earlier readings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import anyio

from server.context import AppContext
from server.domain.dates import wire
from server.domain.measures import Reported
from server.domain.models import Campaign
from server.domain.report_making import progress_report
from server.domain.reports import LAST_REPORT, ProgressReport
from server.domain.snapshots import Reading, snapshot_of
from server.errors import CampaignsError, NotFound, Refused, StoreFailed
from server.tracking import recall, tracked

Since = datetime | Literal["last_report"] | None
Progress = Callable[[int, int | None], None]
"""Told how many campaigns are read, and of how many as far as that is known."""

_AT_ONCE = 4  # GitHub asks for restraint with concurrent requests
_LOG = logging.getLogger(__name__)


async def remember(app: AppContext, org: str, campaigns: Iterable[Campaign]) -> list[str]:
    """Keep a snapshot of each campaign that came with its counts, at most one an hour unless something changed.

    Returns:
        A sentence when that failed: it costs the trend, never the answer.
    """
    now = app.now()
    readings = [
        Reading(campaign.number, campaign.created_at, snapshot)
        for campaign in campaigns
        if (snapshot := snapshot_of(campaign, now)) is not None
    ]
    try:
        await app.store.note_all(org, readings)
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
        return [f"This reading could not be kept for the trend: {failure.what}"]
    return []


@dataclass
class Collected:
    """What a report is made of.

    Attributes:
        orgs: the organizations that could be read whole.
        reported: the campaigns that could be read, and what is known about them.
        partial: what could not be read.
        notes: what else is to be said.
    """

    orgs: list[str] = field(default_factory=list)
    reported: list[Reported] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, sentences: Iterable[str]) -> None:
        """Add sentences, each once."""
        self.notes += [sentence for sentence in dict.fromkeys(sentences) if sentence not in self.notes]

    def made(self, now: datetime, since: datetime | None = None, *, detail: bool = False) -> ProgressReport:
        """Make the report; the arguments are those of `progress_report`."""
        return progress_report(self.reported, now, since=since, detail=detail, partial=self.partial, notes=self.notes)


async def collect(
    app: AppContext,
    orgs: Sequence[str],
    campaign_number: int | None = None,
    *,
    named: bool = False,
    progress: Progress | None = None,
) -> Collected:
    """Read one campaign, or every open one of some organizations, afresh, and remember it.

    Args:
        app: the server's parts.
        orgs: the organizations; one of them when a campaign is named.
        campaign_number: the campaign; None for all open ones.
        named: tell each campaign's organization even when there is only one.
        progress: told after every campaign.

    Raises:
        CampaignsError: nothing could be read. What is only partly read is told in what is returned.
    """
    reading = _Reading(app, len(orgs), progress)
    found: dict[str, Collected] = {}
    failures: dict[str, CampaignsError] = {}

    async def read(org: str) -> None:
        try:
            found[org] = await reading.of_organization(org, campaign_number, named=named or len(orgs) > 1)
        except CampaignsError as failure:
            failures[org] = failure

    async with anyio.create_task_group() as group:
        for org in orgs:
            group.start_soon(read, org)
    if failures and not found:
        raise failures[orgs[0]]
    collected = Collected()
    for org in orgs:
        if org in failures:
            collected.partial.append(str(failures[org]))
        else:
            collected.orgs += found[org].orgs
            collected.reported += found[org].reported
            collected.partial += found[org].partial
            collected.note(found[org].notes)
    return collected


class Made(NamedTuple):
    """A report, and of which organizations it tells everything, so that the next may begin where it ends."""

    report: ProgressReport
    orgs: tuple[str, ...]


async def report(
    app: AppContext,
    orgs: Sequence[str],
    campaign_number: int | None = None,
    since: Since = None,
    *,
    detail: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Report on one campaign, or on every open one of some organizations.

    Args:
        app, orgs, campaign_number, progress: as for `collect`.
        since: from when on changes are told; "last_report" is when the organizations were last reported on.
        detail: as for a file: each campaign whole, and with its organization.

    Raises:
        Refused: `since` lies in the future.
        CampaignsError: nothing could be read. What is only partly read is told in the report.
    """
    collected = await collect(app, orgs, campaign_number, named=detail, progress=progress)
    now = app.now()
    if isinstance(since, datetime) and since > now:
        raise Refused(f"`since` {wire(since)} lies in the future: by GitHub's clock it is {wire(now)}.")
    made = collected.made(now, await _moment(app, orgs, since, collected), detail=detail)
    if made.partial and not made.campaigns and collected.reported:
        raise CampaignsError(made.partial[0])
    return Made(made, () if campaign_number is not None else tuple(collected.orgs))


async def note_reported(app: AppContext, made: Made) -> list[str]:
    """Note that a report was made, once it is sure to be delivered.

    Returns:
        A sentence when that failed: then the next one "since last_report" tells the same changes again.
    """
    try:
        for org in made.orgs:
            await app.store.note_report(org, made.report.as_of)
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
        return [f"That this was reported could not be kept, so the next report may tell it again: {failure.what}"]
    return []


class _Reading:
    """Reads campaigns, a few at once however many organizations there are."""

    def __init__(self, app: AppContext, lists: int, progress: Progress | None) -> None:
        self._app = app
        self._progress = progress
        self._slots = anyio.CapacityLimiter(_AT_ONCE)
        self._lists_to_come = lists
        self._listed = 0
        self._read = 0

    async def of_organization(self, org: str, campaign_number: int | None, *, named: bool) -> Collected:
        """Read one campaign or all open ones, with their past.

        Raises:
            CampaignsError: the one campaign, or the list, could not be read.
        """
        app, collected = self._app, Collected()
        campaigns = await self._campaigns(org, campaign_number, collected)
        if collected.partial and not campaigns:
            raise CampaignsError(f"No open campaign of {org} could be read. {collected.partial[0]}")
        if not collected.partial:
            collected.orgs.append(org)
        collected.note(await remember(app, org, campaigns))
        remembered, notes = await recall(app, org, campaigns)
        collected.note(notes)
        alerts, notes = await tracked(app, org, remembered)
        collected.note(notes)
        for campaign, history, _ in remembered:
            known, url = alerts.get(campaign.number), app.page(org, campaign.number)
            collected.reported.append(Reported(campaign, history, known, org if named else None, url))
        return collected

    async def _campaigns(self, org: str, campaign_number: int | None, collected: Collected) -> list[Campaign]:
        """Read each campaign by itself, since a list's items may lack their counts."""
        numbers = [] if campaign_number is None else [campaign_number]
        try:
            if campaign_number is None:
                async with self._slots:
                    numbers = [campaign.number for campaign in await self._app.github.campaigns.all_open(org)]
        finally:
            self._lists_to_come -= 1
            self._listed += len(numbers)
        if campaign_number is not None:
            return [await self._one(org, campaign_number)]
        found: dict[int, Campaign] = {}

        async def read(number: int) -> None:
            try:
                found[number] = await self._one(org, number)
            except NotFound:
                return  # deleted meanwhile
            except CampaignsError as failure:
                collected.partial.append(f"Campaign {org}/{number} could not be read: {failure.what}")

        async with anyio.create_task_group() as reading:
            for number in numbers:
                reading.start_soon(read, number)
        return [found[number] for number in numbers if number in found]

    async def _one(self, org: str, number: int) -> Campaign:
        try:
            async with self._slots:
                return await self._app.github.campaigns.get(org, number)
        finally:
            self._read += 1
            if self._progress is not None:
                self._progress(self._read, None if self._lists_to_come else self._listed)


async def _moment(app: AppContext, orgs: Sequence[str], since: Since, collected: Collected) -> datetime | None:
    if since != LAST_REPORT:
        return since
    try:
        reports = [await app.store.last_report(org) for org in orgs]
    except StoreFailed as failure:
        collected.note([f"When was last reported could not be looked up: {failure.what}"])
        return None
    now = app.now()
    known = [moment for moment in reports if moment is not None and moment <= now]  # not what a wrong clock left
    if not known:
        collected.note(["No earlier report is known, so what changed since is not told."])
        return None
    return min(known)
