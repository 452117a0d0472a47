"""What the tools and resources answer with: GitHub's words, small, nulls left out."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from server.domain.models import AlertStats, Campaign, CampaignState
from server.domain.progress import days_left, remediation_rate


class CampaignRow(BaseModel):
    """A campaign in a list."""

    number: int
    name: str
    state: CampaignState
    description: str
    managers: list[str] = Field(default_factory=list)
    team_managers: list[str] | None = None
    ends_at: datetime
    closed_at: datetime | None = None
    days_left: int | None = Field(default=None, description="Days to the end date, negative when overdue")
    alert_stats: AlertStats | None = None
    remediation_rate: float | None = Field(default=None, description="Closed (fixed or dismissed) over total, 0 to 1")


class CampaignDetail(CampaignRow):
    """Everything GitHub tells about a campaign, and what follows from it."""

    contact_link: str | None = None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    url: str = Field(description="The campaign's page on GitHub")
    note: str | None = None


class CampaignList(BaseModel):
    """One page of an organization's campaigns."""

    org: str
    campaigns: list[CampaignRow]
    seen: int | None = Field(default=None, description="Campaigns up to the end of this page")
    has_more: bool
    next_page: int | None = None
    url: str = Field(description="The list on GitHub; add /NUMBER for a campaign's page")
    note: str


NO_DRAFTS = "GitHub's API does not show drafts."


def campaigns_url(web_url: str, org: str) -> str:
    """Return the address of an organization's campaigns on GitHub."""
    return f"{web_url}/orgs/{org}/security/campaigns"


def campaign_url(web_url: str, org: str, number: int) -> str:
    """Return the address of a campaign's page. No API field gives it; the form is seen in GitHub's own links."""
    return f"{campaigns_url(web_url, org)}/{number}"


def row(campaign: Campaign, now: datetime) -> CampaignRow:
    """Describe a campaign for a list."""
    stats = campaign.alert_stats
    return CampaignRow(
        number=campaign.number,
        name=campaign.name,
        state=campaign.state,
        description=campaign.description,
        managers=campaign.managers,
        ends_at=campaign.ends_at,
        closed_at=campaign.closed_at,
        alert_stats=stats,
        team_managers=campaign.team_managers or None,
        days_left=days_left(campaign, now),
        remediation_rate=remediation_rate(stats) if stats else None,
    )


def detail(campaign: Campaign, now: datetime, url: str) -> CampaignDetail:
    """Describe a campaign whole."""
    return CampaignDetail(
        **dict(row(campaign, now)),
        **campaign.model_dump(include={"contact_link", "created_at", "updated_at", "published_at"}),
        url=url,
    )
