"""Selections between what was shown and what is published."""

from __future__ import annotations

from dataclasses import dataclass

from server.store.selections import LIFETIME, MOST, Selections


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_what_was_kept_comes_back_as_often_as_it_is_asked_for() -> None:
    selections = Selections[list[int]]()
    kept = [1, 2, 3]
    selections.keep("digest", kept)
    assert selections.get("digest") is kept
    assert selections.get("digest") is kept
    assert selections.get("another") is None


def test_a_selection_is_gone_after_ten_minutes() -> None:
    clock = Clock()
    selections = Selections[str](clock)
    selections.keep("digest", "kept")
    clock.seconds += LIFETIME - 1
    assert selections.get("digest") == "kept"
    clock.seconds += 1
    assert selections.get("digest") is None
    assert len(selections) == 0


def test_looking_does_not_keep_it_longer_and_keeping_again_does() -> None:
    clock = Clock()
    selections = Selections[str](clock)
    selections.keep("looked at", "first")
    selections.keep("kept again", "first")
    clock.seconds += LIFETIME - 1
    selections.get("looked at")
    selections.keep("kept again", "second")
    clock.seconds += 1
    assert (selections.get("looked at"), selections.get("kept again")) == (None, "second")


def test_when_there_are_too_many_the_one_kept_the_longest_ago_goes() -> None:
    selections = Selections[int](most=3)
    for number in (1, 2, 3):
        selections.keep(str(number), number)
    selections.keep("1", 1)
    selections.keep("4", 4)
    assert [selections.get(str(number)) for number in (1, 2, 3, 4)] == [1, None, 3, 4]


def test_there_are_never_more_than_the_bound() -> None:
    selections = Selections[int]()
    for number in range(10 * MOST):
        selections.keep(str(number), number)
    assert len(selections) == MOST
