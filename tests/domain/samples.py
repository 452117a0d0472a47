"""The least that GitHub says of a campaign, and a moment to look at it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
REQUIRED: dict[str, Any] = {
    "number": 3,
    "state": "open",
    "created_at": "2026-05-01T00:00:00Z",
    "updated_at": "2026-05-02T00:00:00Z",
    "ends_at": "2026-06-30T00:00:00Z",
}
