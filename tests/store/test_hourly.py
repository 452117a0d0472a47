"""Which readings are worth keeping, whatever comes in whatever order."""

from __future__ import annotations

from bisect import insort
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.snapshots import Snapshot
from server.store.hourly import worth_keeping
from tests.store.samples import AT, snapshot

READINGS = st.lists(
    st.builds(
        lambda seconds, count, state: snapshot(AT + timedelta(seconds=seconds), open_count=count, state=state),
        st.integers(0, 4 * 3600),
        st.integers(0, 2),
        st.sampled_from(["open", "closed"]),
    ),
    max_size=40,
)


def hour(reading: Snapshot) -> tuple[int, int]:
    return reading.at.toordinal(), reading.at.hour


def kept_of(readings: list[Snapshot]) -> list[Snapshot]:
    """Return what a store keeps of readings that come in this order."""
    kept: list[Snapshot] = []
    for reading in readings:
        before = [each for each in kept if each.at <= reading.at]
        after = [each for each in kept if each.at > reading.at]
        if worth_keeping(before[-1] if before else None, reading, after[0] if after else None):
            insort(kept, reading)
    return kept


@given(READINGS)
def test_neighbours_differ_in_hour_or_reading_and_never_share_a_second(readings: list[Snapshot]) -> None:
    for earlier, later in pairwise(kept_of(readings)):
        assert earlier.at < later.at
        assert hour(earlier) != hour(later) or earlier[1:] != later[1:]


@given(READINGS)
def test_noting_again_what_was_noted_keeps_nothing_more(readings: list[Snapshot]) -> None:
    kept = kept_of(readings)
    assert kept_of(kept + kept) == kept


@given(READINGS)
def test_every_reading_in_order_is_told_by_the_one_kept_before_it(readings: list[Snapshot]) -> None:
    in_order = sorted({each.at: each for each in reversed(readings)}.values())
    kept = kept_of(in_order)
    for reading in in_order:
        told = [each for each in kept if each.at <= reading.at][-1]
        assert told[1:] == reading[1:]
        assert hour(told) == hour(reading)


@given(READINGS)
def test_in_any_order_no_hour_is_without_a_reading(readings: list[Snapshot]) -> None:
    kept = kept_of(readings)
    assert {hour(each) for each in kept} == {hour(each) for each in readings}


@pytest.mark.parametrize(
    ("before", "after", "worth"),
    [
        (None, None, True),
        (0, None, False),
        (None, 0, False),
        (-1, None, True),
        (None, 1, True),
        (-1, 1, True),
        (-1, 0, False),
        (0, 1, False),
    ],
)
def test_the_same_numbers_are_worth_keeping_in_another_hour(before: int | None, after: int | None, worth: bool) -> None:
    def at(hours: int, minutes: int) -> Snapshot:
        return snapshot(AT + timedelta(hours=hours, minutes=30 + minutes))

    neighbours = (None if before is None else at(before, -29), None if after is None else at(after, 29))
    assert worth_keeping(neighbours[0], at(0, 0), neighbours[1]) is worth


def test_a_second_before_the_hour_and_the_hour_are_two_hours() -> None:
    assert worth_keeping(snapshot(AT - timedelta(seconds=1)), snapshot(AT), None)
