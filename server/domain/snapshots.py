"""Readings of a campaign over time. GitHub gives only today's numbers, so this server remembers them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from server.domain.models import AlertStats, Campaign, CampaignState


class Snapshot(NamedTuple):
    """One stored reading of a campaign.

    Attributes:
        at: when it was read, in GitHub's time, UTC, whole seconds.
        open_count, in_progress_count, closed_count: as in `alert_stats`.
        ends_at, state: as they were then.
    """

    at: datetime
    open_count: int
    in_progress_count: int
    closed_count: int
    ends_at: datetime
    state: CampaignState

    @property
    def left(self) -> int:
        """Alerts that are not closed."""
        return self.open_count + self.in_progress_count

    @property
    def stats(self) -> AlertStats:
        """The counts, as GitHub gives them."""
        return AlertStats(
            open_count=self.open_count, in_progress_count=self.in_progress_count, closed_count=self.closed_count
        )


class Reading(NamedTuple):
    """A snapshot, and of which campaign it is.

    Attributes:
        campaign_number: the campaign's number in its organization.
        created_at: GitHub's, of the campaign: tells it from another one that had this number.
        snapshot: how it stood.
    """

    campaign_number: int
    created_at: datetime
    snapshot: Snapshot


def snapshot_of(campaign: Campaign, now: datetime) -> Snapshot | None:
    """Return a reading of a campaign; None when GitHub gave no counts, as in lists it may not."""
    stats = campaign.alert_stats
    if stats is None:
        return None
    return Snapshot(
        now.replace(microsecond=0),
        stats.open_count,
        stats.in_progress_count,
        stats.closed_count,
        campaign.ends_at,
        campaign.state,
    )
