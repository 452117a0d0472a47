"""From an alert filter to the alerts that meet it, and to words for how that went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.context import AppContext, CallContext, app_of
from server.domain.alert_filter import AlertFilter
from server.domain.alert_matching import Filtered
from server.domain.alerts import AlertQuery, AnyAlert
from server.domain.text import as_name
from server.errors import GitHubError

if TYPE_CHECKING:
    from server.github.alerts import AlertReading

_MOST_NAMED = 8
_BEYOND_ALL = 2**60  # a moment that no alert's creation reaches


@dataclass(frozen=True)
class Found:
    """The alerts that meet a filter.

    Attributes:
        alerts: each once.
        gaps: what is missing and why, in sentences; empty when everything was read.
        notes: what else to know about the reading, in sentences.
        emptied: when there is no alert, why not; otherwise an empty text.
    """

    alerts: Sequence[AnyAlert]
    gaps: tuple[str, ...]
    notes: tuple[str, ...]
    emptied: str


async def find(ctx: CallContext, org: str, wanted: AlertFilter) -> Found:
    """Read the alerts that GitHub narrows down to, and keep those that meet every criterion.

    The client is told of the progress, page by page.

    Raises:
        GitHubError: nothing could be read. What is only partly read is no error; `gaps` tells.
    """
    app = app_of(ctx)

    async def report(pages: int, of: int | None) -> None:
        await ctx.report_progress(pages, of, "pages of alerts read")

    now = app.now()
    query = wanted.query(now)
    if query.stop is not None and not app.clock.told:  # so that it does not stop by a clock that is wrong
        await _learn_time(app, org)
        now = app.now()
        query = wanted.query(now)
    reading = await app.github.alerts.read(org, query, progress=report)
    filtered = wanted.select(reading.alerts, now)
    emptied = "" if filtered.alerts else await _why_empty(app, org, query, reading, filtered)
    notes = (*reading.notes, *_unseen_names(wanted, query, reading), *_generic_secrets(wanted))
    return Found(filtered.alerts, reading.gaps, notes, emptied)


async def _learn_time(app: AppContext, org: str) -> None:
    """Let GitHub tell the time, which costs nothing of the rate limit. Where that is refused, this machine's counts."""
    with suppress(GitHubError):
        await app.github.client.request("GET", "/rate_limit", org=org, about="GitHub's time")


def _unseen_names(wanted: AlertFilter, query: AlertQuery, reading: AlertReading) -> tuple[str, ...]:
    """Name the repositories that were given whole and have no alert: a name may be misspelt."""
    whole = query.passes == ((),) and query.stop is None and not reading.gaps
    if query.repositories or not whole:
        return ()  # each was looked up, or not every open alert was asked for
    seen = {alert.repository.casefold() for alert in reading.alerts}
    unseen = [name for name in wanted.repositories if "*" not in name and name.casefold() not in seen]
    return (f"No open alert in {', '.join(unseen[:_MOST_NAMED])}; is the name right?",) if unseen else ()


def _generic_secrets(wanted: AlertFilter) -> tuple[str, ...]:
    # GitHub REST reference, "Secret scanning": generic patterns are listed only when `secret_type` names them.
    generic = wanted.kind == "secret" and not wanted.secret_types
    return ("Generic secrets, such as password, are only listed when `secret_types` names them.",) if generic else ()


async def _why_empty(app: AppContext, org: str, query: AlertQuery, reading: AlertReading, filtered: Filtered) -> str:
    """Say which criterion ruled out the last alerts."""
    if filtered.emptied_by:
        last = "the last alert" if filtered.before == 1 else f"the last {filtered.before} alerts"
        return f"`{filtered.emptied_by}` ruled out {last}{_there_are(filtered.emptied_by, reading.alerts)}."
    if reading.beyond:
        return f"`{'min' if query.oldest_first else 'max'}_age_days` ruled out the last alerts."
    if reading.gaps:
        return ""
    named = f"open {query.kind} scanning alert"
    if query.repositories:
        return f"There is no {named} in {', '.join(query.repositories)}{_narrowed(query)}."
    if query.passes != ((),):
        anything = await app.github.alerts.read(org, AlertQuery(query.kind, stop=_BEYOND_ALL))  # one page is enough
        if anything.beyond:
            return f"{org} has {named}s, but none{_narrowed(query)}."
    return f"{org} has no {named} that this token can see."


def _there_are(criterion: str, alerts: Sequence[AnyAlert]) -> str:
    """Name what there is of what a criterion names, the most frequent first: a name may be misspelt."""
    attribute = {"repositories": "repository", "tool": "tool", "languages": "language"}.get(criterion)
    if attribute is None:
        return ""
    found = Counter(name for alert in alerts if (name := getattr(alert, attribute)))
    named = ", ".join(as_name(name, 60) for name, _ in found.most_common(_MOST_NAMED))
    return f"; there are {named}" if named else ""


def _narrowed(query: AlertQuery) -> str:
    """Word what GitHub itself was asked to narrow down to."""
    asked: dict[str, dict[str, None]] = {}
    for parameters in query.passes:
        for name, value in parameters:
            asked.setdefault(name, {})[value] = None
    if not asked:
        return ""
    return " with " + " and ".join(f"{name} {' or '.join(map(as_name, values))}" for name, values in asked.items())
