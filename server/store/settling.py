"""What became of publications whose process ended, or lost sight of GitHub, before it knew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from server.domain.models import Campaign
from server.domain.text import clean, quote
from server.store.records import Intent, Unsettled, whole_seconds

GRACE = timedelta(minutes=2)
"""For so long after its beginning a publication may still be under way, and its campaign may still appear."""
FOR_GOOD = timedelta(days=30)
"""What could not be settled for so long is not asked about any more: its ending is unknown for good."""
_CLOCKS_DIFFER = timedelta(seconds=5)

NOT_LISTED = "GitHub lists no campaign that may be it; one that was made and deleted since would not be listed."
"""Why a publication was given up by looking."""
UNDECIDED = "What GitHub lists does not tell whether a campaign was made of it: none is certainly it, and one may be."
"""Why a publication that was looked for is still without an ending."""


class Settled(NamedTuple):
    """What became of a publication: its campaign, or None when GitHub lists none that may be its."""

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

    A campaign fits when its name and description (white space folded) and end are those sent and GitHub made it while
    the publication could be under way. One whose name or end is another may have been edited since: it fits when its
    description is the one sent, nothing else that GitHub made meanwhile is without a publication, and nothing is
    missing in the list. One that fits several publications, or is one of several that fit, settles nothing. Neither
    does one that does not fit: it may be the publication's nevertheless, so only where there is none at all is the
    publication given up.

    Args:
        intents: all that have no known ending, also those that are not to be settled: they can claim a campaign too.
        campaigns: what GitHub lists.
        taken: number and creation of the campaigns that are known to be other publications'.
        now: GitHub's time, not later than when the list was read.
        complete_since: the list holds every campaign made since then; None when that cannot be said.
    """
    free = {campaign.number: campaign for campaign in campaigns if not _is_taken(campaign, taken)}.values()
    possible = {intent.key: [campaign for campaign in free if _is_of_the_time(intent, campaign)] for intent in intents}
    listed = {intent.key for intent in intents if complete_since and complete_since <= intent.at - _CLOCKS_DIFFER}
    fitting = _fitting(intents, possible, listed)
    claims = Counter(campaign.number for found in fitting.values() for campaign in found)
    settled = []
    for intent in intents:
        found = fitting[intent.key]
        if not may_be_settled(intent, now):
            continue
        if len(found) == 1 and claims[found[0].number] == 1:
            settled.append(Settled(intent, found[0]))
        elif not possible[intent.key] and intent.key in listed:
            settled.append(Settled(intent, None))
    return settled


def may_be_settled(intent: Unsettled, now: datetime) -> bool:
    """Tell whether a publication is certainly not under way any more, and not too old to be asked about."""
    return GRACE <= now - intent.at < FOR_GOOD


def undecided(intents: Sequence[Unsettled], now: datetime) -> list[Unsettled]:
    """Return what a look could not settle and later ones hardly will: all that can claim its campaign has come to rest.

    Args:
        intents: what is still without a known ending after a look.
        now: GitHub's time.
    """
    at_rest = 2 * GRACE + _CLOCKS_DIFFER
    return [intent for intent in intents if intent.why != UNDECIDED and at_rest <= now - intent.at < FOR_GOOD]


def rival_of(intent: Intent, intents: Sequence[Unsettled], now: datetime) -> Unsettled | None:
    """Return a publication that may be under way elsewhere, and of the same campaign: the same name and end.

    Args:
        intent: the publication that is about to begin.
        intents: all that have no known ending.
        now: GitHub's time.
    """
    name, ends_at = _folded(intent.publication.name, 200), intent.publication.ends_at
    for other in intents:
        under_way = other.why is None and now - other.at < GRACE  # one that ended unknown has told its caller so
        if under_way and other.key != intent.key and (_folded(other.name, 200), other.ends_at) == (name, ends_at):
            return other
    return None


def doubt(intent: Unsettled) -> str:
    """Say that it cannot be told what became of a publication."""
    return (
        f"It cannot be told whether an earlier call, which did not finish, published {quote(intent.name)}: none of the "
        "campaigns that GitHub lists is certainly it."
    )


def sentence(org: str, settled: Settled) -> str:
    """Say what became of a publication."""
    intent, campaign = settled
    if campaign is None:
        return (
            "GitHub lists no campaign that an earlier call, which did not finish, may have published as "
            f"{quote(intent.name)}."
        )
    alerts = "alert is" if intent.alert_count == 1 else "alerts are"
    renamed = "" if _has_its_name(intent, campaign) else f" as {quote(intent.name)}"
    return (
        f"Campaign {org}/{campaign.number} {quote(campaign.name)} was published{renamed} by an earlier call that did "
        f"not finish; its {intent.alert_count} {alerts} known again."
    )


def _fitting(
    intents: Sequence[Unsettled], possible: Mapping[int, Sequence[Campaign]], listed: Collection[int]
) -> dict[int, list[Campaign]]:
    fitting = {intent.key: [each for each in possible[intent.key] if _fits(intent, each)] for intent in intents}
    claimed = {campaign.number for found in fitting.values() for campaign in found}
    for intent in intents:
        if intent.key in listed and len(possible[intent.key]) == 1:
            [only] = possible[intent.key]
            if only.number not in claimed and _fits_edited(intent, only):
                fitting[intent.key] = [only]
    return fitting


def _is_taken(campaign: Campaign, taken: Collection[tuple[int, datetime]]) -> bool:
    return (campaign.number, whole_seconds(campaign.created_at)) in taken


def _is_of_the_time(intent: Unsettled, campaign: Campaign) -> bool:
    return intent.at - _CLOCKS_DIFFER <= campaign.created_at <= intent.at + GRACE


def _fits(intent: Unsettled, campaign: Campaign) -> bool:
    as_named = _has_its_name(intent, campaign) and whole_seconds(campaign.ends_at) == intent.ends_at
    return as_named and (intent.description is None or _has_its_description(intent, campaign))


def _has_its_name(intent: Unsettled, campaign: Campaign) -> bool:
    return _folded(campaign.name, 200) == _folded(intent.name, 200)


def _fits_edited(intent: Unsettled, campaign: Campaign) -> bool:
    return bool(intent.description) and _has_its_description(intent, campaign)


def _has_its_description(intent: Unsettled, campaign: Campaign) -> bool:
    return _folded(campaign.description, 1000) == _folded(intent.description or "", 1000)


def _folded(text: str, limit: int) -> str:
    return " ".join(clean(text, limit).split())  # a Campaign's texts were cleaned and cut when they were read
