"""Which alerts a new campaign gets: those given by number, or those that a filter yields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import MISSING, BaseModel, Field

from server.context import AppContext, CallContext, app_of
from server.domain.alert_counts import suggest
from server.domain.alert_filter import AlertFilter
from server.domain.alert_selection import AlertSelection, TooManyAlerts, choose
from server.domain.alerts import AlertKind, AnyAlert
from server.domain.checks import count_alerts
from server.domain.models import ALERTS_LIMIT, AlertPairs
from server.errors import InvalidInput, Refused
from server.guards.preview import digest
from tools.choosing import alert_count, find, repository_count

TooMany = Literal["refuse", "most_severe_first"]

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
        """The same for a person or model to read: what a filter yields is a thousand numbers that say nothing."""
        if self.selection is None:
            return self.body
        return {_BODY_FIELDS[self.kind]: f"{self.counted} (selection {self.selection.digest()})"}

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
            left_out=_left_out(self.selection) or None,
        )


def require_one(alerts: Sequence[AlertPairs] | MISSING, wanted: AlertFilter | MISSING) -> None:
    """Refuse a call that names the alerts in both ways or in none.

    Raises:
        InvalidInput: saying how to name them.
    """
    if (alerts is MISSING) == (wanted is MISSING):
        wrong = "are both given" if alerts is not MISSING else "are both missing"
        raise InvalidInput(f"`filter` and `alerts` {wrong}; give one.", "find_alerts shows what a filter yields.")


async def chosen_alerts(
    ctx: CallContext,
    org: str,
    alerts: Sequence[AlertPairs] | MISSING,
    wanted: AlertFilter | MISSING,
    if_too_many: TooMany,
    kept_for: str | None,
) -> CampaignAlerts:
    """Return the alerts of a new campaign. What a filter yields is kept for ten minutes, for the call that publishes.

    Args:
        ctx: the call.
        org: the organization.
        alerts: those given by number.
        wanted: the filter, if they are not.
        if_too_many: whether more than a campaign takes are refused or cut.
        kept_for: the preview that showed what is to be published; an empty text takes what this filter last yielded;
            None looks afresh.

    Raises:
        Refused: the filter yields nothing, too much, or could not be read whole.
        GitHubError: nothing could be read.
    """
    if not isinstance(wanted, AlertFilter):
        return CampaignAlerts("code", () if alerts is MISSING else tuple(alerts))
    app = app_of(ctx)
    key = _key(org, wanted, if_too_many)
    kept: CampaignAlerts | None = app.selections.get(f"{key} {kept_for}") if kept_for is not None else None
    if kept is not None:
        return kept
    found = await _resolved(ctx, org, wanted, if_too_many)
    app.selections.keep(f"{key} ", found)
    return found


def keep_for_preview(app: AppContext, org: str, found: CampaignAlerts, if_too_many: TooMany, preview: str) -> None:
    """Keep what a preview showed, so that exactly that is published."""
    if found.wanted is not None:
        app.selections.keep(f"{_key(org, found.wanted, if_too_many)} {preview}", found)


def _key(org: str, wanted: AlertFilter, if_too_many: TooMany) -> str:
    return digest({"org": org.lower(), "filter": wanted.canonical(), "if_too_many": if_too_many})


async def _resolved(ctx: CallContext, org: str, wanted: AlertFilter, if_too_many: TooMany) -> CampaignAlerts:
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
            f"Left out, being over {ALERTS_LIMIT}: {alert_count(len(selection.left_out))} "
            f"({_listed(_left_out(selection))})."
        )
    return CampaignAlerts(wanted.kind, tuple(selection.pairs()), wanted, selection, tuple(notes))


def _advice(app: AppContext, alerts: Sequence[AnyAlert], wanted: AlertFilter) -> str:
    suggestion = suggest(alerts, app.now(), ALERTS_LIMIT, given=wanted)
    if suggestion is None:
        return "Narrow the filter, or "
    return f"With {json.dumps(suggestion.add)} in it {suggestion.alerts} are left. Narrow it so, or "


def _left_out(selection: AlertSelection) -> dict[str, int]:
    return selection.left_out_by_severity or {"alerts": len(selection.left_out)} if selection.left_out else {}


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())
