"""What every part of the proof has in common: how much is tried, and what came of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much is tried.

    Attributes:
        seed: where all chance begins, so that a run can be had again.
        share: 1.0 for `make prove`; the tests try a small part of it.
    """

    seed: int = 20261121
    share: float = 1.0

    def of(self, full: int, least: int = 1) -> int:
        """Return how many of so many to try."""
        return max(least, round(full * self.share))


SLICE = Size(share=0.02)
"""What the tests try."""


@dataclass
class Findings:
    """What came of a part.

    Attributes:
        title: what was tried.
        tried: how many times.
        rows: figures for a person to read: a name and a value.
        faults: what must not be, a sentence for each. None means that the part holds.
        untried: what this machine has no program for.
        seconds: how long it took.
    """

    title: str
    tried: int = 0
    rows: list[tuple[str, object]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    seconds: float = 0

    def lacks(self, what: str, why: str) -> None:
        """Note what this machine cannot try. Where the environment variable CI is set, all must be tried: a fault."""
        self.untried.append(f"{what}: {why}")
        if os.environ.get("CI"):
            self.faults.append(f"{what}: {why}")


Part = Callable[[Size, Say], Awaitable[Findings]]
"""A part of the proof; it runs in anyio, alone in its process."""


@contextmanager
def unlogged() -> Iterator[None]:
    """Write no log while a block runs: what goes wrong in it does so on purpose, and ten thousand times."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
