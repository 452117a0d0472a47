"""What GitHub answered before, kept for conditional requests: an authorized 304 costs nothing of the rate limit."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Sized
from dataclasses import dataclass, field

import httpx

_ENTRIES = 256
_BYTES = 32 * 1024 * 1024
_DISTILLED_ENTRIES = 2_200
_RECORDS = 250_000


@dataclass(frozen=True)
class Stored:
    """One answer: its ETag, its headers, and its body or what was distilled from it.

    A body is kept unparsed, so that no caller can change it for another. Beside something distilled only the Link
    header is kept, and nothing of the body.
    """

    etag: str
    headers: httpx.Headers = field(repr=False)
    kept: Sized = field(repr=False)


class EtagCache:
    """The most recently used answers to GET, bounded in number and in size.

    Args:
        entries: the most answers.
        size: the most bytes of all bodies together, or the most records of everything distilled.
    """

    def __init__(self, entries: int = _ENTRIES, size: int = _BYTES) -> None:
        self._most_entries = entries
        self._most_size = size
        self._size = 0
        self._stored: OrderedDict[Hashable, Stored] = OrderedDict()

    @classmethod
    def of_records(cls) -> EtagCache:
        """Return a cache for what is distilled from answers."""
        return cls(_DISTILLED_ENTRIES, _RECORDS)

    @staticmethod
    def key(url: httpx.URL, token: str, api_version: str) -> str:
        """Return a key that keeps answers for different tokens apart without holding a token."""
        return hashlib.sha256("\n".join((str(url), token, api_version)).encode()).hexdigest()

    def get(self, key: Hashable) -> Stored | None:
        """Return what is stored under `key` and count it as used."""
        found = self._stored.get(key)
        if found is not None:
            self._stored.move_to_end(key)
        return found

    def put(self, key: Hashable, response: httpx.Response, distilled: Sized | None = None) -> None:
        """Store an answer that has an ETag, or what was distilled from it; the ones unused for longest make room."""
        etag = response.headers.get("etag")
        self._drop(key)
        kept = response.content if distilled is None else distilled
        if not etag or not etag.isascii() or not etag.isprintable() or len(kept) > self._most_size:
            return
        headers = response.headers if distilled is None else _only_link(response.headers)
        self._stored[key] = Stored(etag, headers, kept)
        self._size += len(kept)
        while len(self._stored) > self._most_entries or self._size > self._most_size:
            self._drop(next(iter(self._stored)))

    def _drop(self, key: Hashable) -> None:
        dropped = self._stored.pop(key, None)
        if dropped is not None:
            self._size -= len(dropped.kept)


def _only_link(headers: httpx.Headers) -> httpx.Headers:
    return httpx.Headers([pair for pair in headers.raw if pair[0].lower() == b"link"])
