"""From an alert filter to the alerts that meet it, and to words for how that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.context import AppContext, CallContext, app_of
from server.domain.alert_filter import AlertFilter
from server.domain.alert_matching import Filtered
from server.domain.alerts import AlertQuery, AnyAlert
from server.github.alerts import AlertReading

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
    if query.stop is not None and not app.github.clock.told:  # so that it does not stop by a clock that is wrong
        await app.github.client.request("GET", "/rate_limit", org=org, about="GitHub's time")  # costs nothing of it
        now = app.now()
        query = wanted.query(now)
    reading = await app.github.alerts.read(org, query, progress=report)
    filtered = wanted.select(reading.alerts, now)
    emptied = "" if filtered.alerts else await _why_empty(app, org, query, reading, filtered)
    return Found(filtered.alerts, reading.gaps, reading.notes, emptied)


async def _why_empty(app: AppContext, org: str, query: AlertQuery, reading: AlertReading, filtered: Filtered) -> str:
    """Say which criterion removed the last alerts."""
    if filtered.emptied_by:
        last = "the last alert" if filtered.before == 1 else f"the last {filtered.before} alerts"
        return f"`{filtered.emptied_by}` removed {last}."
    if reading.beyond:
        return f"`{'min' if query.oldest_first else 'max'}_age_days` removed the last alerts."
    if reading.gaps:
        return "Nothing in what could be read."
    named = f"open {query.kind} scanning alert"
    if query.repositories:
        return f"There is no {named} in {', '.join(query.repositories)}{_narrowed(query)}."
    if query.passes != ((),):
        anything = await app.github.alerts.read(org, AlertQuery(query.kind, stop=_BEYOND_ALL))  # one page is enough
        if anything.beyond:
            return f"{org} has {named}s, but none{_narrowed(query)}."
    return f"{org} has no {named} that this token can see."


def _narrowed(query: AlertQuery) -> str:
    """Word what GitHub itself was asked to narrow down to."""
    asked: dict[str, dict[str, None]] = {}
    for parameters in query.passes:
        for name, value in parameters:
            asked.setdefault(name, {})[value] = None
    if not asked:
        return ""
    return " with " + " and ".join(f"{name} {' or '.join(values)}" for name, values in asked.items())


def alert_count(number: int) -> str:
    """Write a number of alerts."""
    return f"{number} alert{'s' if number != 1 else ''}"


def repository_count(number: int) -> str:
    """Write a number of repositories."""
    return f"{number} repositor{'ies' if number != 1 else 'y'}"
