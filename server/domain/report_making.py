"""The report of one campaign, or of several with the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from server.domain import campaign_report
from server.domain.dates import wire
from server.domain.measures import Measures, NoCounts, Reported, measure
from server.domain.report_summary import Told, summary
from server.domain.report_words import day, several
from server.domain.reports import ProgressReport
from server.domain.snapshots import Snapshot
from server.domain.standing import standing


def progress_report(
    reported: Iterable[Reported],
    now: datetime,
    *,
    since: datetime | None = None,
    detail: bool = False,
    partial: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> ProgressReport:
    """Report how campaigns are going.

    Args:
        reported: the campaigns, in any order.
        now: GitHub's time.
        since: the moment from which on changes are told.
        detail: tell each whole, as for a page; otherwise as for a model, several as rows.
        partial: what could not be read. A campaign without counts is added to it.
        notes: what else is to be said; what is found here comes after it.

    Returns:
        The campaigns with the worst first: overdue by days, at risk by lateness, unknown, on track, done.
    """
    now = now.astimezone(UTC).replace(microsecond=0)  # as exact as GitHub's times are, and as the report tells it
    measured, unread = _measured(reported, now)
    told = sorted((Told(each, standing(each)) for each in measured), key=_place)
    describe = campaign_report.alone if len(told) == 1 else campaign_report.row
    if detail:
        describe = campaign_report.whole
    campaigns = [describe(each.measured, each.standing, since) for each in told]
    closed_since = [each.closed_since for each in campaigns if each.closed_since is not None]
    all_known = len(closed_since) == len(campaigns)
    sums = len(campaigns) > 1
    return ProgressReport(
        summary=summary(told, now, since),
        as_of=now,
        since=since.astimezone(UTC) if since else None,
        campaigns=campaigns,
        open_count=sum(each.open_count for each in campaigns) if sums else None,
        in_progress_count=sum(each.in_progress_count for each in campaigns) if sums else None,
        closed_count=sum(each.closed_count for each in campaigns) if sums else None,
        closed_since=sum(closed_since) if sums and all_known else None,
        partial=[*partial, *unread] or None,
        notes=[*notes, *_notes(told, since)] or None,
    )


def _measured(reported: Iterable[Reported], now: datetime) -> tuple[list[Measures], list[str]]:
    measured, unread = [], []
    for each in reported:
        try:
            measured.append(measure(each, now))
        except NoCounts as error:
            unread.append(str(error))
    return measured, unread


def _place(told: Told) -> tuple[tuple[int, float], int, str, int]:
    reported = told.measured.reported
    return told.standing.place, -told.measured.left, reported.org or "", reported.campaign.number


def _notes(told: Sequence[Told], since: datetime | None) -> list[str]:
    notes = [note for each in told for note in _about(each.measured, since) if note]
    if since and told:
        at = f"What was closed since {day(since, told[0].measured.now)} is"
        if dark := [each.measured.label for each in told if each.measured.closed_since(since) is None]:
            notes.append(f"{at} not known of {', '.join(dark)}: the history begins later.")
        if reckoned := [each.measured.label for each in told if each.measured.is_reckoned(since)]:
            notes.append(f"{at} reckoned for {', '.join(reckoned)}: nothing was read near that day.")
    return notes


def _about(measured: Measures, since: datetime | None) -> Iterator[str | None]:
    yield _known_alerts(measured)
    yield _moved_end(measured, since)
    campaign, course = f"Campaign {measured.label}", measured.course
    if course.shrunk:
        begin = day(course.begin, measured.now)
        yield f"{campaign}: it has {several(course.shrunk, 'alert')} fewer than before, so the trend begins on {begin}."


def _known_alerts(measured: Measures) -> str | None:
    """Say that the alerts known here are not those that GitHub counts."""
    stats, campaign = measured.stats, f"Campaign {measured.label}"
    known = measured.known
    if measured.doubtful is not None:
        return (
            f"{campaign}: GitHub counts {stats.closed_count} of {stats.total} alerts closed, of {known} known here "
            f"{measured.doubtful} are, so nothing is told of them: this token may not see every repository."
        )
    if measured.unseen:
        return (
            f"{campaign}: {several(measured.unseen, 'closed alert')} cannot be seen here and count among what is left."
        )
    if known in (0, stats.total):
        return None
    return (
        f"{campaign}: GitHub counts {stats.total} alerts, {known} are known here. Repositories, severities, fixed and "
        "dismissed are those of the known; the trend is by the history."
    )


def _moved_end(measured: Measures, since: datetime | None) -> str | None:
    """Say that the end is not what it was at `since`, or in the first snapshot when that is later."""
    reference = _reading(measured.reported.history, since, measured.now)
    if reference is None:
        return None
    earlier, later = wire(reference.ends_at), wire(measured.campaign.ends_at)
    if earlier == later:
        return None
    if earlier[:10] != later[:10]:
        earlier, later = earlier[:10], later[:10]
    return f"Campaign {measured.label}: the end was moved from {earlier} to {later}."


def _reading(history: Iterable[Snapshot], since: datetime | None, now: datetime) -> Snapshot | None:
    """Return the last snapshot up to `since`, or the first when there is none."""
    readings = sorted((reading for reading in history if reading.at <= now), key=lambda reading: reading.at)
    earlier = [reading for reading in readings if since and reading.at <= since]
    return earlier[-1] if earlier else next(iter(readings), None)
