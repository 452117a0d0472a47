"""What one running server holds, handed to every tool, prompt and resource."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.mcpserver import Context

from server.domain.answers import CampaignDetail, campaign_url, campaigns_url, detail
from server.domain.models import Campaign
from server.guards.policy import Policy
from server.settings import Settings

if TYPE_CHECKING:
    from server.domain.tracked_alerts import Stood
    from server.github.clock import Clock
    from server.github.connection import GitHub
    from server.store.selections import Selections
    from server.store.store import Store

_LOOK_EVERY = 30.0  # seconds


@dataclass(frozen=True)
class AppContext:
    """The server's parts for as long as it runs.

    Attributes:
        settings: what the operator configured.
        policy: the operator's bounds.
        connect, open_store: make the connection to GitHub and the store, which whoever opened all of this closes.
        looked: when something of an organization was last looked at for `is_due`, in monotonic seconds.
        stood: how the alerts of campaigns stood when they were last read: by organization (lower case), number and
            creation of the campaign.
        creating: one lock per organization (lower case), so that creating looks and publishes without a rival here.
    """

    settings: Settings
    policy: Policy
    connect: Callable[[Clock], GitHub]
    open_store: Callable[[], Store]
    looked: dict[tuple[str, str], float] = field(default_factory=dict)
    stood: dict[tuple[str, int, datetime], Stood] = field(default_factory=dict)
    creating: defaultdict[str, anyio.Lock] = field(default_factory=lambda: defaultdict(anyio.Lock))

    @cached_property
    def github(self) -> GitHub:
        """The connection to GitHub, made when it is first used: listing the tools needs none.

        Raises:
            ConfigurationError: the environment names a proxy that cannot be used.
        """
        return self.connect(self.clock)

    @cached_property
    def clock(self) -> Clock:
        """The time as GitHub tells it, once it has. It is there without the connection."""
        from server.github.clock import Clock  # noqa: PLC0415 - a plain start must not pay for it

        return Clock()

    @cached_property
    def store(self) -> Store:
        """What GitHub does not remember; made when it is first used, and opened even later."""
        return self.open_store()

    @cached_property
    def selections(self) -> Selections[Any]:
        """What filters yielded, kept for ten minutes for the call that publishes it."""
        from server.store.selections import Selections  # noqa: PLC0415 - a plain start must not pay for it

        return Selections()

    def make_ready(self) -> None:
        """Make at once what is otherwise made when it is first used: a service has the time, and no call waits for it.

        Raises:
            ConfigurationError: as `github` does.
        """
        _ = self.github, self.store

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
        return self.clock.now()

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
