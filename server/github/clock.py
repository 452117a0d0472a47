"""GitHub's time. This machine's clock only counts how long ago GitHub last told it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _machine_time() -> datetime:
    return datetime.now(UTC)


_WHOLE_SECONDS_DIFFER = timedelta(seconds=2)
_UNTOLD_DOUBT = timedelta(hours=25)  # a clock is sometimes a day off
_TIMES = (datetime(2016, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))  # what is added to others may not exist
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Clock:
    """Tells GitHub's time from the `Date` header of its last answer; before the first answer, this machine's.

    Attributes:
        told: whether GitHub has told its time yet.
    """

    def __init__(self, machine_time: Callable[[], datetime] = _machine_time) -> None:
        self._machine_time = machine_time
        self._ahead = timedelta()
        self.told = False
        self._stamped = _LONG_AGO

    def now(self) -> datetime:
        """Return the time in UTC."""
        return self._machine_time() + self._ahead

    def stamp(self) -> datetime:
        """Return the time for a record, at least a millisecond after the one before.

        GitHub tells whole seconds, so that `now` may go back a little with each of its answers.
        """
        now, next_one = self.now(), self._stamped + timedelta(milliseconds=1)
        self._stamped = max(now, next_one) if next_one - now < _WHOLE_SECONDS_DIFFER else now
        return self._stamped

    def set_by(self, github_time: datetime) -> None:
        """Take over the time that GitHub just told, unless it is before 2016 or after 2199, and so none."""
        if _TIMES[0] <= github_time < _TIMES[1]:
            self._ahead, self.told = github_time - self._machine_time(), True

    def at_least(self) -> datetime:
        """Return a time that has certainly come: until GitHub has told its own, this machine may be a day ahead."""
        return self.now() if self.told else self.now() - _UNTOLD_DOUBT
