"""Publishing a campaign, with its alerts written down before and marked after: no GitHub endpoint tells them."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Collection
from datetime import timedelta

from server.auditing import Write, writing
from server.context import AppContext
from server.domain.as_sent import wire_value
from server.errors import CampaignsError, OutcomeUnknown, Rejected, RivalUnderWay, StoreFailed
from server.github.campaigns import Published
from server.settling import briefly, settle
from server.store.records import Intent, KeptAlert, Publication
from server.store.settling import GRACE
from tools.create_plan import CreatePlan

_LOG = logging.getLogger(__name__)
_PAGE = 100
_NOT_SENT = "the call ended before anything was sent"


async def publish(app: AppContext, plan: CreatePlan, known: Collection[int]) -> tuple[Published, list[str]]:
    """Publish what was planned. A store that fails costs what it would have kept, and only where the audit is required
    the campaign.

    Args:
        app: the server's parts.
        plan: what to publish.
        known: numbers of campaigns that exist already.

    Returns:
        The campaign, and what to know about what was kept.

    Raises:
        StoreFailed: the audit is required, and the store failed before anything was sent.
        OutcomeUnknown: it may or may not have been published.
        GitHubError: it was not published.
    """
    # Before the audit's record, which is settled by it: a process may die between the two.
    intent = await _intend(app, _publication(app, plan))
    begun: Write | None = None
    try:
        async with writing(
            app,
            "create_campaign",
            plan.org,
            account=plan.account,
            change=plan.recorded,
            confirmation="yes" if plan.question else "not required",
            key=intent.key,
        ) as begun:
            published, notes = await _recorded(app, plan, known, intent, begun)
    except BaseException:
        if begun is None:
            await _kept(app.store.abandoned(intent, _NOT_SENT))
        raise
    return published, [*notes, *begun.notes]


async def _recorded(
    app: AppContext, plan: CreatePlan, known: Collection[int], intent: Intent, write: Write
) -> tuple[Published, list[str]]:
    """Publish, and tell the audit's record what came of it."""
    published, notes = await _publish(app, plan, known, intent, write)
    campaign = published.campaign
    write.facts["campaign_number"] = campaign.number
    write.facts["after"] = {
        name: wire_value(campaign, name) for name in plan.fields if name in campaign.model_fields_set
    }
    if published.found:
        write.facts["why"] = "GitHub's answer was lost; the campaign was found by looking."
    return published, notes


async def _publish(
    app: AppContext, plan: CreatePlan, known: Collection[int], intent: Intent, write: Write
) -> tuple[Published, list[str]]:
    try:
        await _refuse_rival(app, intent)
        published = await app.github.campaigns.create(plan.org, plan.body, known=known, receipt=write.receipt)
    except OutcomeUnknown as unclear:
        await _kept(app.store.unknown(intent, unclear.what))
        raise
    except CampaignsError as refusal:
        await _kept(app.store.abandoned(intent, refusal.what))
        _explain(refusal, app, plan)
        raise
    except BaseException:  # a cancelled call, or a fault of this program
        if not write.receipt.sent:
            await _kept(app.store.abandoned(intent, _NOT_SENT))
        raise
    became = app.store.published(intent, published.campaign.number, published.campaign.created_at)
    failure = await _kept(became)
    return published, [
        f"Which alerts it holds could not be kept, and GitHub does not tell: {failure.what}"
    ] if failure else []


async def settle_earlier(app: AppContext, org: str) -> list[str]:
    """Find out what became of publications and other writes whose process came to no ending, and say so.

    Nothing that fails here is an error: the next look tries again.
    """
    return [*briefly(await _settle_publications(app, org)), *await settle(app, org)]


async def _settle_publications(app: AppContext, org: str) -> list[str]:
    if not app.store.kept or not app.is_due("publications", org):
        return []
    try:
        now = app.now()
        unsettled = await app.store.unsettled(org, now)
        if not unsettled:
            return []
        newest = await app.github.campaigns.page(org, sort="created", direction="desc", per_page=_PAGE)
        oldest = newest.campaigns[-1].created_at if newest.next_page and newest.campaigns else None
        complete_since = oldest + timedelta(seconds=1) if oldest else unsettled[0].at - timedelta(days=1)
        return await app.store.settle(org, newest.campaigns, now=now, complete_since=complete_since)
    except CampaignsError as failure:
        _LOG.warning("Earlier publications could not be settled: %s", failure)
        return []


def _publication(app: AppContext, plan: CreatePlan) -> Publication:
    alerts, wanted = plan.alerts, plan.alerts.wanted
    if alerts.selection is not None:
        kept = tuple(KeptAlert.of(alert) for alert in alerts.selection.alerts)
    else:
        kept = tuple(KeptAlert(pair.repository_id, number) for pair in alerts.pairs for number in pair.alert_numbers)
    return Publication(
        org=plan.org,
        kind=alerts.kind,
        name=plan.fields["name"],
        description=plan.fields["description"],
        ends_at=plan.ends_at,
        alerts=kept,
        at=app.now(),
        filter=json.dumps(wanted.canonical(), sort_keys=True) if wanted else None,
        account=plan.account,
    )


async def _intend(app: AppContext, publication: Publication) -> Intent:
    """Write down what will be published, without which nobody could settle a call that comes to no ending.

    Raises:
        StoreFailed: the operator requires the audit, and it could not be written; nothing was sent.
    """
    intent = Intent(publication)
    try:
        return await app.store.intend(publication, intent.key)
    except StoreFailed as failure:
        if app.settings.audit != "required":
            _LOG.warning("%s", failure)
            return intent  # with which `published` writes everything down that is not there yet
        await _kept(app.store.abandoned(intent, _NOT_SENT))  # it may be there, when only the answer was lost
        raise StoreFailed(
            f"What is to be published could not be written down, so nothing was sent. {failure.what}", failure.remedy
        ) from failure


async def _refuse_rival(app: AppContext, intent: Intent) -> None:
    """Refuse while another call, of this process or another that shares the store, may be publishing the same.

    Looking at GitHub's list is not enough: a campaign that is being made is not in it yet.
    """
    try:
        rival = await app.store.rival(intent, app.now())
    except StoreFailed:
        if app.settings.audit == "required":
            raise
        return  # as one that could not be written down
    if rival is not None:
        raise RivalUnderWay(
            f"Another call began to publish a campaign with this name and end date at {rival.at:%H:%M:%S} UTC, and "
            "what came of it is not known yet. This call published nothing.",
            f"Look with list_campaigns; if the campaign is not there at {rival.at + GRACE:%H:%M:%S} UTC, call again.",
        )


async def _kept(work: Awaitable[object]) -> StoreFailed | None:
    try:
        await work
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
        return failure
    return None


def _explain(refusal: CampaignsError, app: AppContext, plan: CreatePlan) -> None:
    """Say why a campaign of secrets was refused: GitHub's own words cannot."""
    if plan.alerts.kind == "secret" and isinstance(refusal, Rejected):
        refusal.remedy = (
            "GitHub's API names campaigns of secret scanning alerts but does not define them, and it refused this one. "
            f"Create it at {app.page(plan.org)}."
        )
