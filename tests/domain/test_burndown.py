from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.burndown import burndown
from server.domain.course import Course, Point, of_alerts
from tests.domain.progress_samples import START, alerts_closed, at, seconds

MOST = 16


def drawn(*points: tuple[float, int], exact: bool = False) -> list[tuple[int, int]]:
    course = Course(tuple(Point(seconds(day), 0, left) for day, left in points), exact)
    return burndown(course, points[-1][1], MOST).points


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0, 9)], [(0, 9)]),
        ([(0.2, 9), (0.9, 4)], [(0, 4)]),  # one day has one point, the last
        ([(0.2, 9), (0.9, 4), (1.1, 3), (1.9, 2)], [(0, 9), (1, 2)]),  # of the first day the first reading
        ([(0, 9), (1, 8), (2, 7), (3, 6)], [(0, 9), (3, 6)]),  # on the line
        ([(0, 9), (1, 9), (2, 9), (3, 0)], [(0, 9), (2, 9), (3, 0)]),
        ([(0, 9), (1, 12), (2, 7)], [(0, 9), (1, 12), (2, 7)]),  # some came back
        ([(5.5, 9), (8.1, 2)], [(0, 9), (3, 2)]),  # days since the first reading
    ],
)
def test_only_points_that_bend_the_line_are_drawn(
    points: list[tuple[float, int]], expected: list[tuple[int, int]]
) -> None:
    assert drawn(*points) == expected


def test_between_readings_nothing_is_made_up_but_alerts_tell_of_every_day() -> None:
    assert drawn((0, 9), (10, 3), (20, 3)) == [(0, 9), (10, 3), (20, 3)]
    assert drawn((0, 9), (10, 3), (20, 3), exact=True) == [(0, 9), (9, 9), (10, 3), (20, 3)]


def test_it_begins_with_the_day_of_the_first_point() -> None:
    course = of_alerts(alerts_closed([2], 1), START, at(4.5))
    assert burndown(course, 1, MOST) == (date(2026, 6, 1), [(0, 2), (1, 2), (2, 1), (4, 1)])


def test_it_ends_with_what_github_counts_now() -> None:
    course = of_alerts(alerts_closed([2], 1), START, at(4.5))
    assert burndown(course, 0, MOST).points[-1] == (4, 0)


def test_of_many_days_those_that_bend_the_line_most_are_drawn() -> None:
    steep = [(day, 300 - (100 if day >= 50 else 0) - day % 2) for day in range(101)]
    found = drawn(*steep)
    assert len(found) == MOST
    assert {(49, 299), (50, 200)} <= set(found)
    assert (found[0], found[-1]) == ((0, 300), (100, 200))


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 1000)), min_size=1, max_size=60), st.booleans())
def test_every_drawn_point_was_so(readings: list[tuple[int, int]], exact: bool) -> None:
    points = sorted(dict(readings).items())
    found = drawn(*points, exact=exact)
    begin = points[0][0]
    for day, left in found:
        assert left == [reading for at_day, reading in points if at_day <= begin + day][-1]
        assert exact or begin + day in dict(points)
    assert found[0][0] == 0
    assert found[-1] == (points[-1][0] - begin, points[-1][1])
