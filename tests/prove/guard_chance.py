"""Chance that can be had again, and that leaves nothing out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

_Card = TypeVar("_Card")


class Chance(random.Random):
    """Chance that also deals: every card of a deck comes once before any comes again."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._left: dict[tuple[str, int], list[int]] = {}

    def deal(self, deck: str, cards: Sequence[_Card]) -> _Card:
        """Return a card. Cards may differ from time to time; what counts is their place in the deck.

        Args:
            deck: its name, and its length tells it from others of that name.
            cards: all of them.
        """
        left = self._left.setdefault((deck, len(cards)), [])
        if not left:
            left.extend(range(len(cards)))
            self.shuffle(left)
        return cards[left.pop()]
