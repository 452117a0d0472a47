"""How one campaign is going: the numbers put into the answer, whole or as a row of a list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.domain.burndown import burndown
from server.domain.forecast import forecast
from server.domain.measures import Measures
from server.domain.models import NAME_LIMIT
from server.domain.pace import Pace, rounded
from server.domain.progress import days_left, remediation_rate
from server.domain.reports import CampaignProgress, Forecast
from server.domain.standing import Standing
from server.domain.text import clean
from server.domain.tracked_alerts import (
    by_repository,
    left_by_severity,
    outcomes,
    reopened,
    shortened,
)

ROW_NAME_LIMIT = 30
"""Characters of a campaign's name in a list."""
MOST_POINTS, FEW_POINTS = 40, 12
"""Points of a burndown, for a page and for a model."""
MOST_REPOSITORIES, FEW_REPOSITORIES = 20, 4
"""Repositories that are told by name, likewise; the others are summed."""


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


def alone(measured: Measures, stands: Standing, since: datetime | None = None) -> CampaignProgress:
    """Describe the one campaign of a report for a model: without what the summary says, and coarser where it may be."""
    told = whole(measured, stands, since, points=FEW_POINTS, repositories=FEW_REPOSITORIES)
    said = {"reason": None if stands.status != "unknown" else told.reason}
    return told.model_copy(update=said | ({"state": None} if told.state == "open" else {}))


def whole(
    measured: Measures,
    stands: Standing,
    since: datetime | None = None,
    *,
    points: int = MOST_POINTS,
    repositories: int = MOST_REPOSITORIES,
) -> CampaignProgress:
    """Describe a campaign with everything that is known of it, drawn with so many points and named repositories."""
    campaign = measured.campaign
    drawn = burndown(measured.course, measured.left, points)
    return CampaignProgress(
        **_counts(measured, stands, since),
        **_by_alerts(measured, repositories),
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


def _by_alerts(measured: Measures, named: int) -> dict[str, Any]:
    if not measured.alerts:
        return {}
    fixed, dismissed = outcomes(measured.alerts)
    return {
        "fixed": fixed,
        "dismissed": dismissed,
        "reopened": reopened(measured.alerts, measured.reported.history, measured.now, measured.unseen),
        "left_by_severity": left_by_severity(measured.alerts) or None,
        "left_fixed_dismissed_by_repository": shortened(by_repository(measured.alerts), named),
    }


def _told(pace: Pace | None) -> float | None:
    return None if pace is None else rounded(pace.a_day)


def _forecast(measured: Measures) -> Forecast | None:
    return forecast(measured.projection, measured.now) if measured.projection else None
