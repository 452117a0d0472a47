"""Alert selections between what was shown and what is published, in this process.

Kept under a digest for ten minutes, so that exactly what a person saw is what gets published. Replicas keep them in
the store instead: see `sharing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

LIFETIME = 600.0
"""Seconds for which a selection is kept."""
MOST = 64
"""Selections kept at once; a selection holds up to a thousand alerts, and people look at few at a time."""

_Selection = TypeVar("_Selection")


class Selections(Generic[_Selection]):
    """Remembers selections for ten minutes; when there are too many, the one kept the longest ago goes."""

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._now = now
        self._most = most
        self._kept: dict[str, tuple[float, _Selection]] = {}  # insertion order is expiry order

    def keep(self, key: str, selection: _Selection) -> None:
        """Keep a selection from now on; one that was kept under the same key is replaced."""
        self._forget_old()
        self._kept.pop(key, None)
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._now() + LIFETIME, selection)

    def get(self, key: str) -> _Selection | None:
        """Return a selection, or None when it was never kept or is gone."""
        self._forget_old()
        expiry_and_selection = self._kept.get(key)
        return expiry_and_selection[1] if expiry_and_selection else None

    def __len__(self) -> int:
        return len(self._kept)

    def _forget_old(self) -> None:
        now = self._now()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            del self._kept[next(iter(self._kept))]
