"""Which alerts a new campaign gets: those given by number, or those that a filter yields."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import MISSING, BaseModel, Field

from server.context import AppContext, CallContext, app_of
from server.domain.alert_filter import AlertFilter
from server.domain.alert_selection import AlertSelection, TooMany, TooManyAlerts, choose
from server.domain.alert_suggestion import suggest
from server.domain.alerts import AlertKind, AnyAlert
from server.domain.checks import count_alerts
from server.domain.models import ALERTS_LIMIT, AlertPairs
from server.domain.selection_text import as_text, from_text
from server.domain.text import alert_count, as_name, repository_count
from server.errors import InvalidInput, Refused, StoreFailed
from server.guards.preview import digest
from server.store.selections import LIFETIME
from tools.choosing import find

_LOG = logging.getLogger(__name__)
_OURS = re.compile(r"[0-9]+ more|\(no name\)")  # what the counts themselves put among the names
_BODY_FIELDS: dict[AlertKind, str] = {"code": "code_scanning_alerts", "secret": "secret_scanning_alerts"}


class SelectionCounts(BaseModel):
    """The alerts that a filter yielded."""

    alerts: int
    repositories: int
    by_severity: dict[str, int] | None = None
    by_repository: dict[str, int] = Field(description="Largest first")
    left_out: dict[str, int] | None = Field(default=None, description="Over the limit, by severity")


@dataclass(frozen=True)
class CampaignAlerts:
    """The alerts of a new campaign.

    Attributes:
        kind: code or secret scanning alerts.
        pairs: as GitHub takes them.
        wanted: the filter they come from; None when they were given by number.
        selection: the alerts themselves, where they come from a filter.
        notes: what to know about how they were found.
    """

    kind: AlertKind
    pairs: tuple[AlertPairs, ...]
    wanted: AlertFilter | None = None
    selection: AlertSelection | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many alerts there are."""
        return count_alerts(self.pairs)

    @property
    def body(self) -> dict[str, Any]:
        """The part of GitHub's request that names them."""
        return {_BODY_FIELDS[self.kind]: [pair.model_dump() for pair in self.pairs]}

    @property
    def shown_body(self) -> dict[str, Any]:
        """The same to be read: of what a filter yields the count, since a thousand numbers say nothing."""
        return self.body if self.selection is None else {_BODY_FIELDS[self.kind]: self.counted}

    @property
    def counted_body(self) -> dict[str, Any]:
        """The same with a number for each repository, by name where that is known."""
        names = {alert.repository_id: alert.repository for alert in self.selection.alerts} if self.selection else {}
        counts = {
            names.get(pair.repository_id, str(pair.repository_id)): len(pair.alert_numbers) for pair in self.pairs
        }
        return {_BODY_FIELDS[self.kind]: counts}

    @property
    def counted(self) -> str:
        """Such as `214 alerts in 9 repositories`."""
        return f"{alert_count(self.total)} in {repository_count(len(self.pairs))}"

    @property
    def described(self) -> str:
        """The same with what the alerts are, where that is known: by severity and by repository."""
        if self.selection is None:
            return self.counted
        counts = [self.selection.by_severity, self.selection.by_repository]
        return f"{self.counted} ({'; '.join(_listed(found) for found in counts if found)})"

    @property
    def counts(self) -> SelectionCounts | None:
        """The counts of what a filter yielded."""
        if self.selection is None:
            return None
        return SelectionCounts(
            alerts=self.total,
            repositories=len(self.pairs),
            by_severity=self.selection.by_severity or None,
            by_repository=self.selection.by_repository,
            left_out=dict(self.selection.left_out) or None,
        )


@dataclass(frozen=True)
class Shown:
    """For what the alerts of a campaign are kept between showing and publishing them.

    Attributes:
        account, org, wanted, if_too_many: with which they were chosen; another call does not get them.
        preview: the digest under which they were shown.
    """

    account: str
    org: str
    wanted: AlertFilter | MISSING
    if_too_many: TooMany
    preview: str

    @property
    def key(self) -> str:
        """A digest of all of it."""
        criteria = self.wanted.canonical() if isinstance(self.wanted, AlertFilter) else None
        return digest(
            {
                "account": self.account,
                "org": self.org.lower(),
                "filter": criteria,
                "if_too_many": self.if_too_many,
                "preview": self.preview,
            }
        )

    async def keep(self, app: AppContext, chosen: CampaignAlerts) -> None:
        """Keep what a filter yielded for ten minutes: here, or for all replicas.

        A store that fails costs reading the alerts again; the preview still tells whether they are the same.
        """
        if chosen.selection is None:
            return
        if app.settings.audit != "required":
            app.selections.keep(self.key, chosen)
            return
        try:
            await app.store.shared.keep_selection(self.key, as_text(chosen.selection, chosen.notes), LIFETIME)
        except StoreFailed as failure:
            _LOG.warning("%s", failure)

    async def kept(self, app: AppContext) -> CampaignAlerts | None:
        """Return what was kept for this call, or None when it was not, or is gone."""
        if app.settings.audit != "required":
            found: CampaignAlerts | None = app.selections.get(self.key)
            return found
        try:
            text = await app.store.shared.selection(self.key)
        except StoreFailed as failure:
            _LOG.warning("%s", failure)
            return None
        read = None if text is None else from_text(text)
        if read is None or not isinstance(self.wanted, AlertFilter):
            return None
        selection, notes = read
        return CampaignAlerts(selection.kind, tuple(selection.pairs()), self.wanted, selection, notes)


def require_one(alerts: Sequence[AlertPairs] | MISSING, wanted: AlertFilter | MISSING, if_too_many: TooMany) -> None:
    """Refuse a call that names the alerts in both ways or in none, or means all there are.

    Raises:
        InvalidInput: saying how to name them.
    """
    if (alerts is MISSING) == (wanted is MISSING):
        wrong = "are both given" if alerts is not MISSING else "are both missing"
        raise InvalidInput(f"`filter` and `alerts` {wrong}; give one.", "find_alerts shows what a filter yields.")
    if wanted is MISSING and if_too_many != "refuse":
        raise InvalidInput("`if_too_many` is for what a filter yields.", "Leave it out, or give `filter`.")
    if isinstance(wanted, AlertFilter) and not set(wanted.canonical()) - {"kind"}:
        raise InvalidInput("`filter`: is empty, which would be every open alert.", "Give at least one criterion.")


async def chosen_alerts(
    ctx: CallContext,
    alerts: Sequence[AlertPairs] | MISSING,
    wanted: AlertFilter | MISSING,
    shown: Shown,
    *,
    afresh: bool,
) -> CampaignAlerts:
    """Return the alerts of a new campaign: those given by number, or what was shown of a filter, or what it yields now.

    Raises:
        Refused: the filter yields nothing, too much, or could not be read whole.
        GitHubError: nothing could be read.
    """
    if not isinstance(wanted, AlertFilter):
        return CampaignAlerts("code", () if alerts is MISSING else tuple(alerts))
    kept = None if afresh else await shown.kept(app_of(ctx))
    return kept or await _yielded(ctx, shown.org, wanted, shown.if_too_many)


async def _yielded(ctx: CallContext, org: str, wanted: AlertFilter, if_too_many: TooMany) -> CampaignAlerts:
    found = await find(ctx, org, wanted)
    if found.gaps:
        raise Refused(
            f"Not every alert that may meet the filter could be read: {' '.join(found.gaps)}",
            "Narrow the filter, or try again later.",
        )
    if not found.alerts:
        raise Refused(f"No open alert meets the filter: {found.emptied}", "find_alerts shows what a filter yields.")
    try:
        selection = choose(wanted.kind, found.alerts, most_severe_first=if_too_many == "most_severe_first")
    except TooManyAlerts as too_many:
        raise Refused(
            f"The filter yields {too_many.total} alerts, and a campaign takes {too_many.limit}.",
            f"{_advice(app_of(ctx), found.alerts, wanted)}take the most severe and then oldest {too_many.limit} with "
            '`if_too_many` "most_severe_first".',
        ) from None
    notes = list(found.notes)
    if selection.left_out:
        notes.append(
            f"Left out, being over {ALERTS_LIMIT}: {alert_count(sum(selection.left_out.values()))} "
            f"({_listed(selection.left_out)})."
        )
    return CampaignAlerts(wanted.kind, tuple(selection.pairs()), wanted, selection, tuple(notes))


def _advice(app: AppContext, alerts: Sequence[AnyAlert], wanted: AlertFilter) -> str:
    suggestion = suggest(alerts, app.now(), ALERTS_LIMIT, given=wanted)
    if suggestion is None:
        return "Narrow the filter, or "
    return f"With {json.dumps(suggestion.add)} in it {suggestion.alerts} are left. Narrow it so, or "


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name if _OURS.fullmatch(name) else as_name(name)} {number}" for name, number in counts.items())
