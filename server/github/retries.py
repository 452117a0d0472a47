"""When a request is repeated, and how long before.

Rules: GitHub Docs, "Rate limits for the REST API" and "Best practices for using the REST API": obey `retry-after`; with
no requests remaining wait for `x-ratelimit-reset`; otherwise wait a minute, and longer each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

MOST_TRIES = 4
"""Requests in one call, the first included; the same bound holds for rate limits."""
_BASE = 0.5
_CAP = 8.0
_UNHINTED = 60.0
_LEAST_LIMIT_WAIT = 1.0
# Longer than any limit of GitHub's: such a number is a mistake, not an instruction.
_NONSENSE = timedelta(days=7).total_seconds()

_REPEATABLE_STATUSES = frozenset({500, 502, 503, 504})


@dataclass
class Call:
    """One call on GitHub and what has become of it so far.

    Attributes:
        about: what is asked for, in words for a sentence.
        reads: nothing on GitHub changes by it, so that it may always be repeated.
        bulk: one of the many reads of something large, which leave more of the rate limit than others do.
        sent: requests that were sent.
        tries: requests that failed.
        limited: how often a rate limit was met.
        spent: seconds, in requests and waiting.
        queued: seconds, waiting for its turn to write.
        may_have_happened: a write whose outcome is not known was among the requests.
    """

    method: str
    url: httpx.URL
    org: str | None
    body: object
    about: str
    reads: bool
    bulk: bool = False
    sent: int = 0
    tries: int = 0
    limited: int = 0
    spent: float = 0.0
    queued: float = 0.0
    redirects: int = 0
    renewed: bool = False
    may_have_happened: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice does no more than doing it once. POST does."""
        return self.reads or self.method in ("GET", "PATCH", "DELETE")

    def note_ambiguity(self) -> None:
        """Remember that the request just sent may have been carried out."""
        self.may_have_happened = self.may_have_happened or not self.reads


def repeatable_status(status: int) -> bool:
    """Whether a failure with this HTTP status may pass by itself."""
    return status in _REPEATABLE_STATUSES


def backoff(tries: int, jitter: float) -> float:
    """Return the seconds to wait after `tries` failures: doubling from 0.5, capped at 8, spread by `jitter` (0-1)."""
    return min(_CAP, _BASE * 2.0 ** (tries - 1)) * (0.5 + jitter / 2)


def github_date(value: str | None) -> datetime | None:
    """Read an HTTP date; None when it is missing or nonsense."""
    try:
        moment = parsedate_to_datetime(value or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for (a number or an HTTP date); None when missing or nonsense."""
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is None and (moment := github_date(value)) is not None:
        seconds = max(0.0, (moment - now).total_seconds())
    return seconds if seconds is not None and seconds <= _NONSENSE else None


def is_rate_limit(status: int, headers: httpx.Headers, told: str) -> bool:
    """Tell a rate limit from a missing permission, which GitHub answers with the same 403.

    Args:
        told: the body's message and documentation_url.
    """
    if status == 429:
        return True
    return status == 403 and (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining", "").strip() == "0"
        or "secondary rate limit" in told.lower()
        or "secondary-rate-limit" in told.lower()
    )


def limit_wait(headers: httpx.Headers, now: datetime, limited: int) -> float:
    """Return the seconds until GitHub accepts requests again; `limited` is how often this call met a limit, from 1."""
    wait = retry_after(headers, now)
    if wait is None and headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = _number(headers.get("x-ratelimit-reset", "").strip())
        until_reset = None if reset is None else reset - now.timestamp()
        wait = until_reset if until_reset is not None and until_reset <= _NONSENSE else None
    return max(_LEAST_LIMIT_WAIT, _UNHINTED * 2.0 ** (limited - 1) if wait is None else wait)


def _number(value: str) -> float | None:
    if not value.isascii() or len(value) > 20:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
