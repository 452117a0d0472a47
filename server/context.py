"""What one running server holds, handed to every tool, prompt and resource."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio
from mcp.server.mcpserver import Context

from server.domain.answers import CampaignDetail, campaign_url, campaigns_url, detail
from server.domain.models import Campaign
from server.domain.tracked_alerts import Stood
from server.github.connection import GitHub
from server.guards.policy import Policy
from server.settings import Settings
from server.store.selections import Selections
from server.store.store import Store

_LOOK_EVERY = 30.0  # seconds


@dataclass(frozen=True)
class AppContext:
    """The server's parts for as long as it runs.

    Attributes:
        settings: what the operator configured.
        github: the connection to GitHub.
        policy: the operator's bounds.
        store: what GitHub does not remember.
        selections: what filters yielded, kept for ten minutes for the call that publishes it.
        looked: when something of an organization was last looked at for `is_due`, in monotonic seconds.
        stood: how the alerts of campaigns stood when they were last read: by organization (lower case), number and
            creation of the campaign.
        creating: one lock per organization (lower case), so that creating looks and publishes without a rival here.
    """

    settings: Settings
    github: GitHub
    policy: Policy
    store: Store
    selections: Selections[Any] = field(default_factory=Selections)
    looked: dict[tuple[str, str], float] = field(default_factory=dict)
    stood: dict[tuple[str, int, datetime], Stood] = field(default_factory=dict)
    creating: defaultdict[str, anyio.Lock] = field(default_factory=lambda: defaultdict(anyio.Lock))

    def is_due(self, what: str, org: str) -> bool:
        """Tell whether something of an organization was not looked at for half a minute; then it counts as looked at.

        For what an earlier process may have left behind: lists are asked for more often than a process dies.
        """
        key, now = (what, org.lower()), time.monotonic()
        due = now - self.looked.get(key, -_LOOK_EVERY) >= _LOOK_EVERY
        if due:
            self.looked[key] = now
        return due

    def now(self) -> datetime:
        """Return GitHub's time."""
        return self.github.clock.now()

    def page(self, org: str, number: int | None = None) -> str:
        """Return the address of a campaign's page, or of the organization's list."""
        web = self.settings.web_url
        return campaigns_url(web, org) if number is None else campaign_url(web, org, number)

    def describe(self, org: str, campaign: Campaign) -> CampaignDetail:
        """Describe a campaign whole, as of now."""
        return detail(campaign, self.now(), self.page(org, campaign.number))


CallContext = Context[AppContext]


def app_of(ctx: CallContext) -> AppContext:
    """Return the server's parts for the call under way."""
    return ctx.request_context.lifespan_context
