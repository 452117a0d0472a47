"""The alerts of campaigns as they stand now: those that the store knows, with what GitHub says became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from server.context import AppContext
from server.domain.alerts import AlertKind, ClosedAlert
from server.domain.measures import started
from server.domain.models import Campaign
from server.domain.snapshots import Snapshot
from server.domain.tracked_alerts import TrackedAlert
from server.errors import GitHubError, StoreFailed
from server.github.closed_alerts import ClosedQuery
from server.store.records import KeptAlert, PublishedAlerts

_BEFORE_START = timedelta(days=1)  # an alert may have been closed between being chosen and the campaign's start
_MOST_TYPES = 50  # in one request's address

_Closed = Mapping[tuple[int, int], ClosedAlert]


class Remembered(NamedTuple):
    """A campaign with what the store knows of it.

    Attributes:
        campaign: as GitHub tells it now.
        history: its snapshots, the oldest first.
        published: what it was published with; None when that is not known.
    """

    campaign: Campaign
    history: Sequence[Snapshot] = ()
    published: PublishedAlerts | None = None


async def recall(app: AppContext, org: str, campaigns: Sequence[Campaign]) -> tuple[list[Remembered], list[str]]:
    """Look campaigns up in the store.

    Returns:
        The campaigns, and a sentence when the store failed: that costs the trend, never the answer.
    """
    found = []
    try:
        for campaign in campaigns:
            history = await app.store.history(org, campaign.number, campaign.created_at)
            published = await app.store.alerts_of(org, campaign.number)
            same = published is not None and published.created_at == campaign.created_at
            found.append(Remembered(campaign, history, published if same else None))
    except StoreFailed as failure:
        sentence = f"Earlier readings could not be looked up, so there is no trend: {failure.what}"
        return [Remembered(campaign) for campaign in campaigns], [sentence]
    return found, []


async def tracked(
    app: AppContext, org: str, remembered: Iterable[Remembered]
) -> tuple[dict[int, list[TrackedAlert]], list[str]]:
    """Find out how the alerts of campaigns stand now.

    The closed ones are read once for all campaigns; what is not among them is open. So where none of a campaign's
    alerts is closed nothing is asked.

    Returns:
        The alerts by campaign number, of the campaigns where they are known, and sentences about what failed.
    """
    known = [each for each in remembered if each.published is not None and each.published.alerts]
    alerts: dict[int, list[TrackedAlert]] = {}
    notes: list[str] = []
    kinds: tuple[AlertKind, ...] = ("code", "secret")
    for kind in kinds:
        of_kind = [
            (each, each.published) for each in known if each.published and each.published.publication.kind == kind
        ]
        moved = [each for each in of_kind if _has_closed(each[0].campaign)]
        try:
            closed = await app.github.alerts.closed_since(_query(org, kind, moved)) if moved else {}
        except GitHubError as failure:
            notes.append(f"Fixed and dismissed alerts and repositories are not told apart. {failure.what}")
            continue
        for each, published in of_kind:
            alerts[each.campaign.number] = _as_they_stand(published.alerts, closed)
    return alerts, notes


def _has_closed(campaign: Campaign) -> bool:
    return campaign.alert_stats is None or campaign.alert_stats.closed_count > 0


def _query(org: str, kind: AlertKind, campaigns: Iterable[tuple[Remembered, PublishedAlerts]]) -> ClosedQuery:
    since = min(started(each.campaign) for each, _ in campaigns) - _BEFORE_START
    types = {alert.rule for _, published in campaigns for alert in published.alerts} if kind == "secret" else set()
    if None in types or len(types) > _MOST_TYPES:
        types = set()
    return ClosedQuery(org, kind, since.timestamp(), frozenset(name for name in types if name))


def _as_they_stand(alerts: Iterable[KeptAlert], closed: _Closed) -> list[TrackedAlert]:
    names = {alert.repository_id: alert.repository for alert in closed.values()}
    return [_as_it_stands(alert, closed.get(alert[:2]), names.get(alert.repository_id)) for alert in alerts]


def _as_it_stands(alert: KeptAlert, closed: ClosedAlert | None, called: str | None) -> TrackedAlert:
    return TrackedAlert(
        alert.repository_id,
        alert.alert_number,
        called or alert.repository or f"repository {alert.repository_id}",
        alert.severity or "",
        closed.outcome if closed else "open",
        alert.created_at or 0,
        closed.closed_at if closed else None,
    )
