"""The preview digest ties a write to what was shown. It confirms nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import MISSING

from server.errors import Refused


def digest(facts: Mapping[str, object]) -> str:
    """Return a short digest of everything a preview promised; equal facts give equal digests."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_preview(given: str | MISSING, current: str, now: str = "") -> None:
    """Refuse a write whose result would differ from the preview the caller gives back.

    Args:
        given: what the caller gives back.
        current: the digest of what this call would do. It is never told: with it a model could publish what nobody
            was shown.
        now: what this call would do, as a sentence.

    Raises:
        Refused: when a preview was given and it is not the current one.
    """
    if given is not MISSING and given.strip() != current:
        raise Refused(
            "The preview does not fit this call: an argument, the campaign or its alerts have changed since, or it "
            "was for another call." + (f" {now}" if now else ""),
            "Call again with dry_run to see what would happen now.",
        )
