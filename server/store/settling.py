"""What became of publications whose process ended, or lost sight of GitHub, before it knew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from server.domain.models import Campaign
from server.domain.text import clean, quote
from server.store.records import Unsettled, whole_seconds

GRACE = timedelta(minutes=2)
"""For so long after its beginning a publication may still be under way, and its campaign may still appear."""
_CLOCKS_DIFFER = timedelta(seconds=5)


class Settled(NamedTuple):
    """What became of a publication: its campaign, or None when GitHub did not make one."""

    intent: Unsettled
    campaign: Campaign | None


def settle(
    intents: Sequence[Unsettled],
    campaigns: Sequence[Campaign],
    *,
    taken: Collection[tuple[int, datetime]],
    now: datetime,
    complete_since: datetime | None,
) -> list[Settled]:
    """Decide what became of publications, as far as that is certain.

    A campaign fits when its name (white space folded) and end are those sent and GitHub made it while the publication
    could be under way. One that fits several publications, or is one of several that fit, settles nothing.

    Args:
        intents: all that have no known ending, also those that may be under way: they can claim a campaign too.
        campaigns: what GitHub lists.
        taken: number and creation of the campaigns that are known to be other publications'.
        now: GitHub's time, not later than when the list was read.
        complete_since: the list holds every campaign made since then; None when that cannot be said.
    """
    free = {campaign.number: campaign for campaign in campaigns if not _is_taken(campaign, taken)}.values()
    fitting = {intent.key: [campaign for campaign in free if _fits(intent, campaign)] for intent in intents}
    claims = Counter(campaign.number for found in fitting.values() for campaign in found)
    settled = []
    for intent in intents:
        found = fitting[intent.key]
        if may_be_under_way(intent, now):
            continue
        if len(found) == 1 and claims[found[0].number] == 1:
            settled.append(Settled(intent, found[0]))
        elif not found and complete_since is not None and complete_since <= intent.at - _CLOCKS_DIFFER:
            settled.append(Settled(intent, None))
    return settled


def may_be_under_way(intent: Unsettled, now: datetime) -> bool:
    """Tell whether a publication began so lately that nobody should settle it."""
    return now - intent.at < GRACE


def sentence(org: str, settled: Settled) -> str:
    """Say what became of a publication."""
    intent, campaign = settled
    if campaign is None:
        return (
            f"Campaign {quote(intent.name)} was not published by an earlier call that did not finish: GitHub lists "
            "none that fits."
        )
    alerts = "alert is" if intent.alert_count == 1 else "alerts are"
    return (
        f"Campaign {org}/{campaign.number} {quote(intent.name)} was published by an earlier call that did not finish; "
        f"its {intent.alert_count} {alerts} known again."
    )


def _is_taken(campaign: Campaign, taken: Collection[tuple[int, datetime]]) -> bool:
    return (campaign.number, whole_seconds(campaign.created_at)) in taken


def _fits(intent: Unsettled, campaign: Campaign) -> bool:
    return (
        _folded(campaign.name) == _folded(intent.name)
        and whole_seconds(campaign.ends_at) == intent.ends_at
        and intent.at - _CLOCKS_DIFFER <= campaign.created_at <= intent.at + GRACE
    )


def _folded(name: str) -> str:
    return " ".join(clean(name, 200).split())  # a Campaign's name was cleaned when it was read
