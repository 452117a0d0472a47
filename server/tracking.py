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
from server.domain.tracked_alerts import Stood, TrackedAlert
from server.errors import GitHubError, StoreFailed
from server.github.closed_alerts import ClosedQuery, ClosedReading
from server.store.records import KeptAlert, PublishedAlerts

_BEFORE_START = timedelta(days=1)  # an alert may have been closed between being chosen and the campaign's start
_STANDS_FOR = timedelta(hours=1)  # while the counts stay the same, one may have come back as another was closed
_MOST_KEPT = 50  # campaigns
_MOST_TYPES = 50  # in one request's address
_KINDS: tuple[AlertKind, ...] = ("code", "secret")


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


class _Known(NamedTuple):
    """A campaign whose alerts are known."""

    campaign: Campaign
    published: PublishedAlerts

    @property
    def since(self) -> float:
        """From when on closed alerts matter."""
        return (started(self.campaign) - _BEFORE_START).timestamp()

    @property
    def has_closed(self) -> bool:
        """Whether any of them is closed, as far as GitHub tells."""
        stats = self.campaign.alert_stats
        return stats is None or stats.closed_count > 0


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
            same = published is not None and published.created_at == campaign.created_at.replace(microsecond=0)
            found.append(Remembered(campaign, history, published if same else None))
    except StoreFailed as failure:
        sentence = f"Earlier readings could not be looked up, so there is no trend: {failure.what}"
        return [Remembered(campaign) for campaign in campaigns], [sentence]
    return found, []


async def tracked(
    app: AppContext, org: str, remembered: Iterable[Remembered]
) -> tuple[dict[int, list[TrackedAlert]], list[str]]:
    """Find out how the alerts of campaigns stand now.

    The closed ones are read once for all campaigns that need it; what is not among them is open. Nothing is asked for
    a campaign of whose alerts none is closed, and for one whose counts are those of less than an hour ago.

    Returns:
        The alerts by campaign number, of the campaigns where they are known, and sentences about what failed.
    """
    known = [_Known(each.campaign, each.published) for each in remembered if each.published and each.published.alerts]
    alerts: dict[int, list[TrackedAlert]] = {}
    notes: list[str] = []
    for kind in _KINDS:
        moved = []
        for each in known:
            if each.published.publication.kind != kind:
                continue
            if (stood := _as_before(app, org, each.campaign)) is not None:
                alerts[each.campaign.number] = stood
            elif each.has_closed:
                moved.append(each)
            else:
                alerts[each.campaign.number] = _as_they_stand(each.published.alerts, {})
        if not moved:
            continue
        try:
            reading = await app.github.alerts.closed_since(_query(org, kind, moved))
        except GitHubError as failure:
            notes.append(f"Fixed and dismissed alerts and repositories are not told apart. {failure.what}")
            continue
        for each in moved:
            if _reaches(reading, each):
                alerts[each.campaign.number] = _as_they_stand(each.published.alerts, reading.alerts)
                _keep(app, org, each.campaign, alerts[each.campaign.number])
            else:
                notes.append(
                    f"Campaign {each.campaign.number}: fixed and dismissed alerts and repositories are not told apart, "
                    f"since {org} has closed too many alerts since it began."
                )
    return alerts, notes


def _as_before(app: AppContext, org: str, campaign: Campaign) -> list[TrackedAlert] | None:
    stood = app.stood.get((org.lower(), campaign.number, campaign.created_at))
    if stood is None or stood.stats != campaign.alert_stats or not timedelta() <= app.now() - stood.at < _STANDS_FOR:
        return None
    return stood.alerts


def _keep(app: AppContext, org: str, campaign: Campaign, alerts: list[TrackedAlert]) -> None:
    if campaign.alert_stats is None:
        return
    app.stood[org.lower(), campaign.number, campaign.created_at] = Stood(campaign.alert_stats, app.now(), alerts)
    while len(app.stood) > _MOST_KEPT:
        del app.stood[next(iter(app.stood))]


def _reaches(reading: ClosedReading, known: _Known) -> bool:
    return reading.since is not None and reading.since <= known.since


def _query(org: str, kind: AlertKind, campaigns: Iterable[_Known]) -> ClosedQuery:
    types = {alert.rule for each in campaigns for alert in each.published.alerts} if kind == "secret" else set()
    if None in types or len(types) > _MOST_TYPES:
        types = set()
    return ClosedQuery(org, kind, min(each.since for each in campaigns), frozenset(name for name in types if name))


def _as_they_stand(alerts: Iterable[KeptAlert], closed: Mapping[tuple[int, int], ClosedAlert]) -> list[TrackedAlert]:
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
