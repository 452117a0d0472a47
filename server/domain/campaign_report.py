"""How one campaign is going: the numbers put into the answer, whole or as a row of a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from server.domain.burndown import burndown
from server.domain.forecast import forecast
from server.domain.measures import Measures, Reported, measure
from server.domain.models import NAME_LIMIT, Campaign
from server.domain.pace import Pace, rounded
from server.domain.progress import days_left, remediation_rate
from server.domain.reports import CampaignProgress, Forecast
from server.domain.snapshots import Snapshot
from server.domain.standing import Standing, standing
from server.domain.text import clean
from server.domain.tracked_alerts import (
    TOP_REPOSITORIES,
    TrackedAlert,
    by_repository,
    left_by_severity,
    outcomes,
    reopened,
    summed,
)

ROW_NAME_LIMIT = 30
"""Characters of a campaign's name in a list."""


def campaign_progress(
    campaign: Campaign,
    history: Sequence[Snapshot],
    now: datetime,
    *,
    alerts: Iterable[TrackedAlert] | None = None,
    since: datetime | None = None,
    org: str | None = None,
    url: str | None = None,
    detail: bool = True,
) -> CampaignProgress:
    """Return how a campaign is going. What each number means is in `docs/progress.md`.

    Args:
        campaign: as GitHub tells it now.
        history: its snapshots, in the order in which they were stored.
        now: GitHub's time.
        alerts: those it was published with, as they stand now; None when this server does not know them.
        since: the moment from which on closed alerts are counted.
        org, url: told as they are; a row has no url.
        detail: whole; otherwise as a row of a list.

    Raises:
        NoCounts: GitHub did not tell its counts.
    """
    measured = measure(Reported(campaign, history, alerts, org, url), now)
    return (whole if detail else row)(measured, standing(measured), since)


def row(measured: Measures, stands: Standing, since: datetime | None = None) -> CampaignProgress:
    """Describe a campaign in a list: what it takes to choose one to look at."""
    campaign, pace = measured.campaign, measured.pace
    expected = _forecast(measured)
    return CampaignProgress(
        **_counts(measured, stands, since),
        name=clean(campaign.name, ROW_NAME_LIMIT),
        state=None if campaign.state == "open" else campaign.state,
        reason=stands.reason if stands.status == "unknown" else None,
        pace_7_days=_told(measured.short) if pace is measured.short else None,
        pace_28_days=_told(measured.long),
        forecast=Forecast(expected=expected.expected) if expected else None,
    )


def whole(measured: Measures, stands: Standing, since: datetime | None = None) -> CampaignProgress:
    """Describe a campaign with everything that is known of it."""
    campaign = measured.campaign
    drawn = burndown(measured.course, measured.left)
    return CampaignProgress(
        **_counts(measured, stands, since),
        **_by_alerts(measured),
        name=clean(campaign.name, NAME_LIMIT),
        state=campaign.state,
        reason=stands.reason,
        remediation_rate=remediation_rate(measured.stats),
        ends_at=campaign.ends_at,
        time_used=round(measured.time_used, 2),
        pace_7_days=_told(measured.short),
        pace_28_days=_told(measured.long),
        forecast=_forecast(measured),
        burndown=drawn.points,
        burndown_from=drawn.start,
        url=measured.reported.url,
    )


def _counts(measured: Measures, stands: Standing, since: datetime | None) -> dict[str, Any]:
    campaign = measured.campaign
    return {
        "campaign_number": campaign.number,
        "org": measured.reported.org,
        "status": stands.status,
        **measured.stats.model_dump(),
        "days_left": days_left(campaign, measured.now),
        "pace_needed": None if measured.needed is None else rounded(measured.needed),
        "closed_since": None if since is None else measured.closed_since(since),
    }


def _by_alerts(measured: Measures) -> dict[str, Any]:
    if not measured.alerts:
        return {}
    fixed, dismissed = outcomes(measured.alerts)
    repositories = by_repository(measured.alerts)
    return {
        "fixed": fixed,
        "dismissed": dismissed,
        "reopened": reopened(measured.alerts, measured.reported.history, measured.now),
        "left_by_severity": left_by_severity(measured.alerts) or None,
        "repositories": repositories[:TOP_REPOSITORIES],
        "more_repositories": summed(repositories[TOP_REPOSITORIES:]),
    }


def _told(pace: Pace | None) -> float | None:
    return None if pace is None else rounded(pace.a_day)


def _forecast(measured: Measures) -> Forecast | None:
    return forecast(measured.projection, measured.now) if measured.projection else None
