"""The primary rate limit: a number of requests an hour for each account, counted by the sandbox's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.sandbox.answers import JsonObject, refused
from server.sandbox.auth import Caller

_ANONYMOUS_LIMIT = 60
_WINDOW = timedelta(hours=1)
_DOCS = "/using-the-rest-api/rate-limits-for-the-rest-api"


@dataclass(slots=True)
class _Bucket:
    reset: datetime
    used: int = 0


class RateLimit:
    """Counts requests by account. When not `enforced`, nothing is counted and everything stays available."""

    def __init__(self, limit: int, *, enforced: bool) -> None:
        self._limit = limit
        self._enforced = enforced
        self._buckets: dict[str, _Bucket] = {}

    def _bucket(self, caller: Caller, now: datetime) -> _Bucket:
        bucket = self._buckets.get(caller.bucket)
        if bucket is None or now >= bucket.reset:
            bucket = self._buckets[caller.bucket] = _Bucket(now + _WINDOW)
        return bucket

    def figures(self, caller: Caller, now: datetime) -> dict[str, int]:
        """`limit`, `remaining`, `used` and `reset` (epoch seconds) for a caller."""
        limit = min(_ANONYMOUS_LIMIT, self._limit) if caller.kind == "anonymous" else self._limit
        bucket = self._bucket(caller, now)
        return {
            "limit": limit,
            "remaining": max(limit - bucket.used, 0),
            "used": bucket.used,
            "reset": int(bucket.reset.timestamp()),
        }

    def check(self, caller: Caller, now: datetime) -> None:
        """Refuse a caller whose hour is used up.

        Raises:
            Refused: 403.
        """
        if self._enforced and self.figures(caller, now)["remaining"] == 0:
            raise refused(403, f"API rate limit exceeded for {caller.login or 'this address'}.", _DOCS)

    def count(self, caller: Caller, now: datetime) -> None:
        """Count one request."""
        if self._enforced and self.figures(caller, now)["remaining"] > 0:
            self._bucket(caller, now).used += 1

    def headers(self, caller: Caller, now: datetime) -> dict[str, str]:
        """The x-ratelimit headers of an answer."""
        figures = {f"X-RateLimit-{name.title()}": str(value) for name, value in self.figures(caller, now).items()}
        return {**figures, "X-RateLimit-Resource": "core"}

    def overview(self, caller: Caller, now: datetime, *, with_rate: bool) -> JsonObject:
        """The body of `GET /rate_limit`; the top-level `rate` went away in API version 2026-03-10."""
        core: JsonObject = {**self.figures(caller, now)}
        reset = core["reset"]
        search: JsonObject = {"limit": 30, "remaining": 30, "used": 0, "reset": reset}
        graphql: JsonObject = {"limit": 5000, "remaining": 5000, "used": 0, "reset": reset}
        body: JsonObject = {"resources": {"core": core, "search": search, "graphql": graphql}}
        return {**body, "rate": core} if with_rate else body
