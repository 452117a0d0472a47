"""Campaigns with a history, to report on; and any others that Hypothesis can think of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from server.domain.campaign_report import whole
from server.domain.measures import Reported, measure
from server.domain.models import Campaign
from server.domain.reports import CampaignProgress
from server.domain.snapshots import Snapshot
from server.domain.standing import standing
from server.domain.tracked_alerts import TrackedAlert

START = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
END = datetime(2026, 8, 22, tzinfo=UTC)  # 82 days later
HOUR = 3600
DAY = 24 * HOUR


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def seconds(days: float) -> int:
    return int(at(days).timestamp())


def campaign(closed: int, total: int = 168, *, in_progress: int = 0, **fields: Any) -> Campaign:
    stats = {"open_count": total - closed - in_progress, "in_progress_count": in_progress, "closed_count": closed}
    told = {
        "number": 14,
        "name": "Stop XSS in payments",
        "state": "open",
        "created_at": START,
        "updated_at": START,
        "published_at": START,
        "ends_at": END,
        "alert_stats": stats,
    }
    return Campaign.model_validate({**told, **fields})


def campaign_progress(
    told: Campaign,
    history: Sequence[Snapshot],
    now: datetime,
    *,
    alerts: Iterable[TrackedAlert] | None = None,
    since: datetime | None = None,
    describe: Callable[..., CampaignProgress] = whole,
) -> CampaignProgress:
    """One campaign of a report, described whole."""
    measured = measure(Reported(told, history, alerts), now)
    return describe(measured, standing(measured), since)


def snapshot(days: float, closed: int, total: int = 168, **fields: Any) -> Snapshot:
    return Snapshot(at(days), total - closed, 0, closed, END, "open")._replace(**fields)


def alert(number: int, closed: float | None = None, **fields: Any) -> TrackedAlert:
    """One that was fixed so many days after the start; open without them."""
    told = TrackedAlert(1, number, "payments-web", "high", "open", seconds(-30))
    if closed is not None:
        told = told._replace(state="fixed", closed_at=seconds(closed))
    return told._replace(**fields)


def alerts_closed(days: Sequence[float], left: int) -> list[TrackedAlert]:
    """Return alerts fixed so many days after the start each, and so many that are open."""
    closed = [alert(number, day) for number, day in enumerate(days)]
    return [*closed, *(alert(number) for number in range(len(days), len(days) + left))]


def counted(alerts: Sequence[TrackedAlert], **fields: Any) -> Campaign:
    """A campaign whose counts are those of its alerts."""
    return campaign(sum(not each.is_open for each in alerts), len(alerts), **fields)


COUNTS = st.integers(0, 300)
HOURS = st.integers(-500, 4000)  # since the start: some before it, some later than now
NOWS = st.integers(-100, 24 * 200).map(lambda hours: at(hours / 24))
SNAPSHOTS = st.builds(
    Snapshot,
    at=HOURS.map(lambda hours: at(hours / 24)),
    open_count=COUNTS,
    in_progress_count=COUNTS,
    closed_count=COUNTS,
    ends_at=st.sampled_from([END, at(10), at(300)]),
    state=st.sampled_from(["open", "closed"]),
)
HISTORIES = st.lists(SNAPSHOTS, max_size=7)
SINCES = st.none() | HOURS.map(lambda hours: at(hours / 24))
ALERTS = st.lists(
    st.builds(
        TrackedAlert,
        repository_id=st.integers(1, 7),
        alert_number=st.integers(1, 9),
        repository=st.sampled_from(["web", "api", "a\u202eb", ""]),
        severity=st.sampled_from(["critical", "low", "odd", ""]),
        state=st.sampled_from(["open", "fixed", "dismissed"]),
        created_at=HOURS.map(lambda hours: seconds(hours / 24)),
        closed_at=st.none() | HOURS.map(lambda hours: seconds(hours / 24)),
    ),
    max_size=10,
)


@st.composite
def campaigns(draw: st.DrawFn, *, states: Sequence[str] = ("open", "closed")) -> Campaign:
    state = draw(st.sampled_from(states))
    closed, left, in_progress = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    return campaign(
        closed,
        closed + left + in_progress,
        in_progress=in_progress,
        number=draw(st.integers(1, 50)),
        state=state,
        ends_at=draw(HOURS.map(lambda hours: at(hours / 24))),
        published_at=draw(st.none() | st.just(START) | st.just(at(5))),
        closed_at=draw(st.none() | st.just(at(40))) if state == "closed" else None,
    )


@st.composite
def reported(draw: st.DrawFn, *, states: Sequence[str] = ("open", "closed")) -> Reported:
    """Any campaign: with no alerts known, with as many as GitHub counts, or with others."""
    told, alerts = draw(campaigns(states=states)), draw(st.none() | ALERTS)
    if alerts and draw(st.booleans()):
        alerts = list({(each.repository_id, each.alert_number): each for each in alerts}.values())
        stats = counted(alerts).alert_stats
        told = told.model_copy(update={"alert_stats": stats})
    return Reported(told, draw(HISTORIES), alerts)
