"""What a progress report says: one campaign's, or those of an organization. Small, since a model reads it whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from server.domain.models import CampaignState

LAST_REPORT: Literal["last_report"] = "last_report"
"""What may be said for a date: since the report before."""

Status = Literal["done", "on_track", "at_risk", "overdue", "unknown"]
"""`at_risk` is projected to miss the end; `overdue` is past it with alerts left; `unknown` says why in `reason`."""


class Forecast(BaseModel):
    """When the last alert is expected to be closed, at the pace held; `latest` alone left out: not in sight."""

    expected: date
    earliest: date | None = Field(
        default=None, description="Left out in a list, and when too few readings tell a range"
    )
    latest: date | None = None


class RepositoryProgress(NamedTuple):
    """A campaign's alerts in one repository, as they stand now; in JSON an array, which costs a model half."""

    repository: str
    left: int
    fixed: int
    dismissed: int


class CampaignProgress(BaseModel):
    """How one campaign is going. Rates and paces count closed alerts, fixed and dismissed together.

    In a list of several only what is needed to choose one is told: `docs/progress.md` says what.
    """

    campaign_number: int
    name: str
    org: str | None = Field(default=None, description="Only when the report is about several")
    state: CampaignState | None = Field(default=None, description="Left out in a tool's answer when open")
    status: Status
    reason: str | None = Field(
        default=None,
        description="Why it has this status; in a tool's answer only when unknown, since the summary tells it",
    )
    open_count: int
    in_progress_count: int
    closed_count: int
    remediation_rate: float | None = Field(default=None, description="Closed over total, 0 to 1")
    ends_at: datetime | None = Field(default=None, description="Left out in a list")
    days_left: int | None = Field(default=None, description="Negative when overdue")
    time_used: float | None = Field(default=None, description="0 to 1 of the time from publishing to the end")
    pace_needed: float | None = Field(default=None, description="Alerts a day to finish in time")
    pace_7_days: float | None = Field(default=None, description="Alerts a day held in the last 7 days")
    pace_28_days: float | None = None
    forecast: Forecast | None = None
    fixed: int | None = Field(default=None, description="Where this server knows the alerts")
    dismissed: int | None = None
    reopened: int | None = None
    closed_since: int | None = Field(default=None, description="Since the date asked for")
    left_by_severity: dict[str, int] | None = None
    left_fixed_dismissed_by_repository: list[RepositoryProgress] | None = Field(
        default=None, description="Most left first; the others summed in a row named N more"
    )
    burndown: list[tuple[int, int]] | None = Field(
        default=None, description="Days since burndown_from, alerts left then"
    )
    burndown_from: date | None = None
    url: str | None = None


class ProgressReport(BaseModel):
    """How one campaign or several are going, the worst first."""

    summary: str
    as_of: datetime
    since: datetime | None = None
    campaigns: list[CampaignProgress]
    open_count: int | None = Field(default=None, description="Sums over several campaigns")
    in_progress_count: int | None = None
    closed_count: int | None = None
    closed_since: int | None = None
    partial: list[str] | None = Field(default=None, description="What could not be read")
    notes: list[str] | None = None
