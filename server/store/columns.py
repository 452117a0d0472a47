"""What columns hold: moments as seconds since 1970 (UTC), and text that every database takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def storable(text: str) -> str:
    """Replace the two things that no database takes: halves of characters, and the null character."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def seconds(given: datetime) -> int:
    """Return the whole seconds since 1970 of a timezone-aware moment."""
    return (given - _EPOCH) // timedelta(seconds=1)


def moment(kept: int) -> datetime:
    """Return a moment in UTC.

    Raises:
        OverflowError: when there is no such moment.
    """
    return _EPOCH + timedelta(seconds=kept)
