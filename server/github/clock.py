"""GitHub's time. This machine's clock only counts how long ago GitHub last told it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _machine_time() -> datetime:
    return datetime.now(UTC)


_UNTOLD_DOUBT = timedelta(hours=25)  # a clock is sometimes a day off


class Clock:
    """Tells GitHub's time from the `Date` header of its last answer; before the first answer, this machine's.

    Attributes:
        told: whether GitHub has told its time yet.
    """

    def __init__(self, machine_time: Callable[[], datetime] = _machine_time) -> None:
        self._machine_time = machine_time
        self._ahead = timedelta()
        self.told = False

    def now(self) -> datetime:
        """Return the time in UTC."""
        return self._machine_time() + self._ahead

    def set_by(self, github_time: datetime) -> None:
        """Take over the time that GitHub just told."""
        self._ahead = github_time - self._machine_time()
        self.told = True

    def at_least(self) -> datetime:
        """Return a time that has certainly come: until GitHub has told its own, this machine may be a day ahead."""
        return self.now() if self.told else self.now() - _UNTOLD_DOUBT
