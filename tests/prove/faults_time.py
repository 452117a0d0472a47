"""How long a call may take: what `docs/reliability.md` says of it, and what each cell of the table is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.github.retries import MOST_TRIES, backoff
from server.settings import Settings


@dataclass(frozen=True)
class Times:
    """What the settings allow, in seconds.

    Attributes:
        limit: how long one try of a request may take.
        patience: how long it is repeated and limits are waited out for it: the last try begins before.
        looks: the pauses before each look for a campaign whose creation had no clear answer.
    """

    limit: float = Settings.timeout
    patience: float = Settings.patience
    looks: Sequence[float] = Settings.look_again

    @property
    def request(self) -> float:
        """The longest that a request takes, with all its tries and waits: the last try begins in time, and hangs."""
        return self.patience + self.limit

    @property
    def creation(self) -> float:
        """The longest that a creation takes with its looks, which share its patience, and with reading what was found.

        What each look asks for and the campaign that was found are asked for at least once, with no patience left.
        """
        return self.request + sum(pause + self.limit for pause in self.looks) + self.limit

    @property
    def hanging(self) -> float:
        """The longest that a request takes, a creation apart, when nothing is answered any more."""
        passed = 0.0
        for tries in range(1, MOST_TRIES + 1):
            passed += self.limit
            pause = backoff(tries, jitter=1.0)
            if tries == MOST_TRIES or passed + pause > self.patience:
                break
            passed += pause
        return passed

    @property
    def hanging_creation(self) -> float:
        """The longest that a creation takes with its looks, from the request that creates on, when nothing is answered.

        The looks are not repeated where the limit of one try is half of the patience or more.
        """
        return self.limit + sum(pause + self.limit for pause in self.looks)

    def most(self, *, creates: bool, hangs: bool) -> float:
        """Return the longest that a call takes from the request on that the fault begins with."""
        if hangs:
            return self.hanging_creation if creates else self.hanging
        return self.creation if creates else self.request

    def most_waits(self, *, creates: bool) -> float:
        """Return how much of that is waiting, and not requests."""
        return self.patience + (sum(self.looks) if creates else 0.0)
