from __future__ import annotations

import pytest

from server.domain.course import of_alerts, of_snapshots
from server.domain.forecast import SURE, forecast, project
from server.domain.models import AlertStats
from server.domain.pace import Pace, held, needed, rounded
from server.domain.snapshots import Snapshot
from tests.domain.progress_samples import END, START, alert, alerts_closed, at, seconds, snapshot

STATS = AlertStats(open_count=108, in_progress_count=0, closed_count=60)


@pytest.mark.parametrize(
    ("day", "closed"),
    [(-5, 10), (4, 10), (9, 20), (14, 30), (19, 45), (24, 60), (99, 60)],
)
def test_what_lies_between_two_snapshots_is_taken_to_be_even(day: float, closed: float) -> None:
    course = of_snapshots([snapshot(4, 10), snapshot(14, 30)], STATS, at(24))
    assert course.closed_at(seconds(day)) == closed


def test_a_snapshot_of_now_gives_way_to_the_counts_of_now() -> None:
    course = of_snapshots([snapshot(4, 10), snapshot(24, 99)], STATS, at(24))
    assert [point.closed for point in course.points] == [10, 60]


def test_a_snapshot_from_a_clock_that_was_wrong_is_left_out() -> None:
    course = of_snapshots([snapshot(30, 99), snapshot(4, 10)], STATS, at(24))
    assert [point.closed for point in course.points] == [10, 60]


def test_of_two_snapshots_at_one_time_the_one_stored_later_counts() -> None:
    course = of_snapshots([snapshot(4, 10), snapshot(4, 12)], STATS, at(24))
    assert [point.closed for point in course.points] == [12, 60]


def test_what_is_left_includes_what_is_in_progress() -> None:
    course = of_snapshots([snapshot(4, 10)._replace(open_count=100, in_progress_count=58)], STATS, at(24))
    assert [point.left for point in course.points] == [158, 108]


def test_alerts_tell_to_the_second_when_they_were_closed() -> None:
    course = of_alerts(alerts_closed([1, 2, 2], 1), START, at(10))
    moments = [seconds(1) - 1, seconds(1), seconds(2) - 1, seconds(2), seconds(10)]
    assert [course.closed_at(moment) for moment in moments] == [0, 1, 1, 3, 3]
    assert [(point.at, point.left) for point in course.points] == [
        (seconds(0), 4),
        (seconds(1), 3),
        (seconds(2), 1),
        (seconds(10), 1),
    ]


@pytest.mark.parametrize("closed_at", [None, seconds(-3)])
def test_an_alert_closed_before_the_campaign_or_at_a_time_not_told_is_nobodys_pace(closed_at: int | None) -> None:
    course = of_alerts([alert(1, 1, closed_at=closed_at), alert(2)], START, at(10))
    assert [(point.closed, point.left) for point in course.points] == [(1, 1), (1, 1)]
    pace = held(course, 7)
    assert pace is not None
    assert pace.a_day == 0


def test_an_alert_closed_later_than_now_is_closed_now() -> None:
    course = of_alerts([alert(1, 20)], START, at(10))
    assert [(point.at, point.closed) for point in course.points] == [(seconds(0), 0), (seconds(10), 1)]


def test_an_open_alert_counts_as_never_closed() -> None:
    course = of_alerts([alert(1)._replace(closed_at=seconds(2))], START, at(10))
    assert [point.closed for point in course.points] == [0, 0]


def test_an_alert_opened_later_is_left_from_then_on() -> None:
    course = of_alerts([alert(1), alert(2, created_at=seconds(3))], START, at(10))
    assert [(point.at, point.left) for point in course.points] == [(seconds(0), 1), (seconds(3), 2), (seconds(10), 2)]


@pytest.mark.parametrize(
    ("window", "known", "days"),
    [(7, 3.49, None), (7, 3.5, 3.5), (7, 6, 6), (7, 7, 7), (7, 50, 7), (28, 13.9, None), (28, 14, 14), (28, 50, 28)],
)
def test_a_pace_is_told_when_half_of_its_window_is_known(window: int, known: float, days: float | None) -> None:
    history = [snapshot(100 - known, 10)]
    if known > window:  # a day before its beginning, as even as the rest
        history.append(snapshot(99 - window, 10 + int(known - window - 1)))
    pace = held(of_snapshots(history, STATS, at(100)), window)
    assert (pace and pace.days) == (days and pytest.approx(days))
    if pace:
        assert pace.whole == (known >= window)
        assert pace.closed == pytest.approx(50 * pace.days / known)


@pytest.mark.parametrize(
    ("window", "reading", "told"),
    [(7, 89.5, True), (7, 89.4, False), (7, 96.5, True), (7, 96.6, False), (28, 58, True), (28, 57.9, False)],
)
def test_a_pace_is_not_guessed_when_nothing_was_read_near_the_beginning_of_its_window(
    window: int, reading: float, told: bool
) -> None:
    course = of_snapshots([snapshot(0, 0), snapshot(reading, 40)], STATS, at(100))
    assert (held(course, window) is not None) is told


def test_a_campaign_that_lost_alerts_begins_anew() -> None:
    history = [snapshot(0, 50, 200), snapshot(5, 60, 200), snapshot(9, 45), snapshot(12, 45, 190), snapshot(14, 50)]
    course = of_snapshots(history, STATS, at(20))
    assert [(point.at, point.closed) for point in course.points] == [(seconds(14), 50), (seconds(20), 60)]
    assert course.shrunk == 32 + 22


def test_a_pace_is_less_what_came_back() -> None:
    pace = held(of_snapshots([snapshot(0, 60), snapshot(3, 80), snapshot(7, 74)], STATS, at(14)), 7)
    assert pace is not None
    assert pace.a_day == -2


@pytest.mark.parametrize(
    ("history", "error"),
    [
        ([snapshot(0, 44), snapshot(14, 52)], 16**0.5 / 28),  # evenly: by chance alone
        ([snapshot(0, 76), snapshot(14, 68)], 16**0.5 / 28),  # and so for what came back
        ([snapshot(0, 60), snapshot(14, 60)], 1 / 28),  # nothing closed is as uncertain as one
        # All in one of four weeks: 8, 0, 0, 0 a day.
        ([snapshot(0, 4), snapshot(7, 60), snapshot(14, 60), snapshot(21, 60)], 4 / 2),
        # All in the first of two parts: 8 a day for 7 days and 0 for 21 are 12 off 2 in the square.
        ([snapshot(0, 4), snapshot(7, 60)], 12**0.5),
        # One reading soon after the beginning, so the parts are 2 and 26 days: (2 * 26**2 + 26 * 2**2) / 28 = 52.
        ([snapshot(0, 4), snapshot(2, 60)], 52**0.5),
        ([snapshot(0, 4)], None),  # between two readings everything is possible
    ],
)
def test_how_sure_a_pace_is_comes_from_chance_or_from_its_parts(history: list[Snapshot], error: float | None) -> None:
    pace = held(of_snapshots(history, STATS, at(28)), 28)
    assert pace is not None
    assert pace.error == (error and pytest.approx(error))


def test_the_short_window_is_looked_at_by_days() -> None:
    # 7 on one of seven days: 7, 0, 0, 0, 0, 0, 0 a day are sqrt(7) apart, over sqrt(7) that is 1.
    pace = held(of_snapshots([snapshot(0, 53), *(snapshot(day, 60) for day in range(1, 7))], STATS, at(7)), 7)
    assert pace is not None
    assert pace.error == pytest.approx(1)


@pytest.mark.parametrize(
    ("left", "hours", "pace"),
    [(48, 24 * 10, 4.8), (48, 36, 32), (48, 1, 1152), (48, 0, 1152), (48, -1, None), (0, 240, None)],
)
def test_the_pace_needed_is_of_the_time_that_is_left(left: int, hours: float, pace: float | None) -> None:
    assert needed(left, END, at(82 - hours / 24)) == (pace and pytest.approx(pace))


@pytest.mark.parametrize(
    ("pace", "told"),
    [(6.08, 6.1), (1.04, 1.0), (0.996, 1.0), (0.036, 0.04), (-0.001, 0.0), (-1.26, -1.3), (0, 0.0)],
)
def test_a_pace_is_told_to_a_tenth_and_below_one_to_a_hundredth(pace: float, told: float) -> None:
    assert rounded(pace) == told
    assert str(rounded(pace)) != "-0.0"


def pace(a_day: float, error: float | None) -> Pace:
    return Pace(28, seconds(0), 28, 28 * a_day, error)


@pytest.mark.parametrize(
    ("left", "held_pace", "expected"),
    [
        (100, pace(4, 1 / SURE), ("2026-06-26", "2026-06-21", "2026-07-04")),  # 25, 20 and 33.3 days
        (100, pace(4, 4 / SURE), ("2026-06-26", "2026-06-13", None)),  # the slow end closes nothing
        (730, pace(1, 0.5 / SURE), ("2028-05-31", "2027-09-30", None)),  # 730 days, 486.7, and too far away
        (731, pace(1, 0), None),
        (100, pace(4, None), ("2026-06-26", None, None)),
        (100, pace(0, 1), None),
        (100, pace(-1, 1), None),
    ],
)
def test_the_range_comes_from_the_fast_and_the_slow_pace_and_ends_in_two_years(
    left: int, held_pace: Pace, expected: tuple[str, str | None, str | None] | None
) -> None:
    told = forecast(project(left, held_pace), START)
    if told is not None:
        found = (told.expected, told.earliest, told.latest)
        assert tuple(day and day.isoformat() for day in found) == expected
    else:
        assert expected is None
