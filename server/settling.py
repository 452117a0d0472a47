"""What became of writes whose process ended before it knew: found out by looking, when somebody lists or writes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import anyio

from server.auditing import log_line
from server.context import AppContext
from server.domain.audit import AuditRecord
from server.domain.audit_settling import Ending, settled_deletion, settled_update
from server.domain.models import Campaign
from server.errors import CampaignsError, NotFound, RateLimited, StoreFailed, Unavailable
from server.github.campaigns import CampaignPage
from server.github.pages import LARGEST_PAGE

_LOG = logging.getLogger(__name__)
_MOST_SAID = 3
_MOST_UNANSWERED = 2  # each is tried several times, and somebody waits


async def settle(app: AppContext, org: str) -> list[str]:
    """Find out what became of some writes whose process came to no ending, and say so.

    Nothing that fails here is an error: a later look tries again.

    Args:
        app: the server's parts.
        org: the organization.

    Returns:
        A sentence for each change or deletion, or one for all; creations are told of with their publications.
    """
    if not app.store.kept or not app.is_due("audit", org):
        return []
    said: list[str] = []
    try:
        with anyio.CancelScope(shield=True):  # what ends in the store is also in the log
            for created in await app.store.audit.settle_creations(org, app.now()):
                await log_line(app, created)
        await _settle_some(app, org, await app.store.audit.unsettled(org, app.now()), said)
    except CampaignsError as failure:
        _LOG.warning("Earlier writes could not be settled: %s", failure)
    return briefly(said)


def briefly(said: Sequence[str]) -> list[str]:
    """Return what there is to say of earlier calls, in one sentence where it is much: a list's answer stays a list."""
    if len(said) <= _MOST_SAID:
        return list(said)
    return [f"What became of {len(said)} earlier calls was looked up; `security-campaigns-mcp audit` tells."]


async def _settle_some(app: AppContext, org: str, records: Sequence[AuditRecord], said: list[str]) -> None:
    """Settle what can be; a campaign that cannot be read is not in the way of the others.

    Raises:
        CampaignsError: no other record could be settled either.
    """
    if not records:
        return
    look, unanswered = _Look(app, org, await app.github.campaigns.page(org, per_page=LARGEST_PAGE)), 0
    for record in records:
        try:
            ending = await _ending(app, look, record)
        except (RateLimited, StoreFailed):
            raise
        except CampaignsError as failure:
            unanswered += isinstance(failure, Unavailable)
            if unanswered == _MOST_UNANSWERED:
                raise
            _LOG.warning("An earlier write could not be settled: %s", failure)
            continue
        if ending is not None and await _ended(app, record, ending):
            said.append(
                f"An earlier {record.tool} of campaign {org}/{record.campaign_number}, of which nobody knew what came: "
                f"{ending.outcome}. {ending.why}"
            )


async def _ending(app: AppContext, look: _Look, record: AuditRecord) -> Ending | None:
    if record.campaign_number is None:
        return None
    found = await look.campaign(record.campaign_number)
    settled = settled_deletion if record.tool == "delete_campaign" else settled_update
    return settled(record, found, await app.store.audit.rivals(record), app.now())


async def _ended(app: AppContext, record: AuditRecord, ending: Ending) -> bool:
    """End a record in the store and in the log, unless somebody else has."""
    now = app.now()
    with anyio.CancelScope(shield=True):
        mine = await app.store.audit.settle(record.key, ending, now)
        if mine:
            await log_line(app, record.ended(ending.outcome, now, why=ending.why, after=ending.after))
    return mine


class _Look:
    """One look at an organization's campaigns, each being read once.

    Args:
        app: the server's parts.
        org: the organization.
        newest: the beginning of the list of its campaigns, which tells that they are not all hidden.
    """

    def __init__(self, app: AppContext, org: str, newest: CampaignPage) -> None:
        self._app = app
        self._org = org
        self._listed = {campaign.number for campaign in newest.campaigns}
        self._whole = newest.next_page is None
        self._found: dict[int, Campaign | None] = {}

    async def campaign(self, number: int) -> Campaign | None:
        """Return a campaign, or None when it is certainly gone.

        Raises:
            CampaignsError: that cannot be told.
        """
        if self._whole and number not in self._listed:
            return None
        if number not in self._found:
            try:
                self._found[number] = await self._app.github.campaigns.get(self._org, number)
            except NotFound:
                self._found[number] = None
        return self._found[number]
