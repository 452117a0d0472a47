"""GitHub's time. This machine's clock only counts how long ago GitHub last told it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tells GitHub's time from the `Date` header of its last answer; before the first answer, this machine's."""

    def __init__(self, machine_time: Callable[[], datetime] = _machine_time) -> None:
        self._machine_time = machine_time
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time in UTC."""
        return self._machine_time() + self._ahead

    def set_by(self, github_time: datetime) -> None:
        """Take over the time that GitHub just told."""
        self._ahead = github_time - self._machine_time()
