"""Which readings were noted a moment ago: a service reads the same lists again and again, and spares the store that."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from server.domain.snapshots import Reading, Snapshot
from server.store.hourly import worth_keeping

_FRESH = timedelta(minutes=5)
_MOST = 10_000  # campaigns; some six megabytes

_Campaign = tuple[str, int, datetime]


class Noted:
    """What the store was given last of each campaign, the ones least recently noted making room.

    It is only good for a few minutes, although the same reading is worth keeping once an hour only: meanwhile another
    replica may have kept a different one, after which this one would be worth keeping again.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._last: OrderedDict[_Campaign, Snapshot] = OrderedDict()

    def add(self, org: str, readings: Iterable[Reading]) -> None:
        """Remember readings that the store kept, or knew already."""
        for reading in readings:
            campaign = _campaign(org, reading)
            self._last[campaign] = reading.snapshot
            self._last.move_to_end(campaign)
        while len(self._last) > self._most:
            self._last.popitem(last=False)

    def tells_nothing_new(self, org: str, reading: Reading) -> bool:
        """Tell whether a reading says what was noted a moment ago, and in the same hour."""
        last, now = self._last.get(_campaign(org, reading)), reading.snapshot
        return last is not None and abs(now.at - last.at) < _FRESH and not worth_keeping(last, now, None)

    def clear(self) -> None:
        """Forget everything."""
        self._last.clear()


def _campaign(org: str, reading: Reading) -> _Campaign:
    return org.lower(), reading.campaign_number, reading.created_at
