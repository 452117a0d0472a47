"""What can be derived from a campaign's own numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from server.domain.models import AlertStats, Campaign


def remediation_rate(stats: AlertStats) -> float | None:
    """Return closed over total as a fraction from 0 to 1, three decimals; None when there are no alerts.

    Closed includes dismissed: GitHub does not count them apart.
    """
    return round(stats.closed_count / stats.total, 3) if stats.total else None


def days_left(campaign: Campaign, now: datetime) -> int | None:
    """Return the days from today's date (UTC) to the end date of an open campaign, None for a closed one.

    0 on the last day. Negative exactly when the end has passed, so at least one day counts as overdue then.
    """
    if campaign.state == "closed":
        return None
    days = (campaign.ends_at.astimezone(UTC).date() - now.astimezone(UTC).date()).days
    return min(days, -1) if now > campaign.ends_at else days
