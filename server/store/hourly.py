"""Which readings of a campaign are worth keeping."""

from __future__ import annotations

from server.domain.snapshots import Snapshot


def worth_keeping(before: Snapshot | None, snapshot: Snapshot, after: Snapshot | None) -> bool:
    """Tell whether a reading says more than its kept neighbours: another hour, number, end date or state.

    Hours are the clock's, so that an hourly job that comes a second early loses nothing. There is an `after` when
    another process was faster with a later reading. What was kept is never replaced, so of two readings in one second
    the first stays.
    """
    return all(_differ(neighbour, snapshot) for neighbour in (before, after) if neighbour is not None)


def _differ(kept: Snapshot, snapshot: Snapshot) -> bool:
    if kept.at == snapshot.at:
        return False
    return _hour(kept) != _hour(snapshot) or kept[1:] != snapshot[1:]


def _hour(snapshot: Snapshot) -> int:
    return int(snapshot.at.timestamp()) // 3600
