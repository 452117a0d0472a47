"""How numbers and days are written in the sentences of a report."""

from __future__ import annotations

from datetime import UTC, date, datetime

from server.domain.pace import Pace, rounded

# Not strftime, which follows the locale.
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_NEAR_DAYS = 300


def day(told: date | datetime | float, now: datetime) -> str:
    """Write a date (or a moment's date in UTC) as `7 December`, with its year when that is not plain.

    Args:
        told: a date, a moment, or seconds since 1970.
        now: from 300 days away from it on the year is told.
    """
    if isinstance(told, (int, float)):
        told = datetime.fromtimestamp(told, UTC)
    if isinstance(told, datetime):
        told = told.astimezone(UTC).date()
    near = abs((told - now.astimezone(UTC).date()).days) < _NEAR_DAYS
    return f"{told.day} {_MONTHS[told.month - 1]}" + ("" if near else f" {told.year}")


def today(now: datetime) -> str:
    """Write `Monday 14 December`, in UTC."""
    return f"{_WEEKDAYS[now.astimezone(UTC).weekday()]} {day(now, now)}"


def several(number: int, noun: str) -> str:
    """Write `1 day`, `2 days`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def a_day(pace: float) -> str:
    """Write a pace: `6.1`, `0.04`, `12`."""
    return f"{rounded(pace):.10g}"


def window(pace: Pace, now: datetime) -> str:
    """Write the time over which a pace was held: `28 days`, or since when it is known."""
    return several(pace.window, "day") if pace.whole else f"since {day(pace.since, now)}"


def held(pace: Pace, now: datetime) -> str:
    """Write `holds 3.6 (28 days)`."""
    back = ": more came back than were closed" if pace.closed < 0 else ""
    return f"holds {a_day(pace.a_day)} ({window(pace, now)}){back}"
