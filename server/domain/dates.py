"""Dates as people and GitHub write them. All times are timezone-aware and end up in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)


class _NoSuchDay(ValueError):
    """A date in the right form that the calendar does not have."""


def parse_end(text: object) -> datetime:
    """Read the end of a campaign: a date (the end of that day, UTC) or an RFC 3339 time with a zone.

    Returns:
        The moment in UTC, without fractions of a second, as GitHub keeps it.

    Raises:
        ValueError: with a sentence that says what is wrong and what is right.
    """
    return _parse(text, time(23, 59, 59), "the end of that day, UTC")


def parse_since(text: object) -> datetime:
    """Read when something begins: a date (the beginning of that day, UTC) or an RFC 3339 time with a zone.

    Returns:
        The moment in UTC, without fractions of a second.

    Raises:
        ValueError: with a sentence that says what is wrong and what is right.
    """
    return _parse(text, time(), "the beginning of that day, UTC")


def _parse(text: object, time_of_day: time, meaning: str) -> datetime:
    """Read a date, which stands for a time of that day, or a time with a zone."""
    try:
        if not isinstance(text, str):
            raise ValueError
        if _DATE.fullmatch(text):
            return _on(text, time_of_day)
        if not _RFC_3339.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.upper())
    except _NoSuchDay:
        raise
    except ValueError:
        raise ValueError(
            f"give a date such as 2027-01-08 ({meaning}) or a time with a zone such as 2027-01-08T17:00:00Z"
        ) from None
    if moment.tzinfo is None:
        raise ValueError("the time has no zone; end it with Z or an offset such as +01:00")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError("the year must be between 1 and 9999") from None


def _on(day: str, time_of_day: time) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time_of_day, UTC)
    except ValueError:
        raise _NoSuchDay("is not a day of the calendar; give one that is, such as 2027-01-08") from None


def wire(moment: datetime) -> str:
    """Write a moment as GitHub does: `2027-01-08T23:59:59Z`."""
    # Not strftime, which writes years before 1000 without their zeros.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def spoken(moment: datetime) -> str:
    """Write a moment for a sentence: `2027-01-08 23:59 UTC`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
