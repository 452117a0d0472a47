"""What GitHub answered before, kept for conditional requests: an authorized 304 costs nothing of the rate limit."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

import httpx

_ENTRIES = 256
_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Stored:
    """One answer: its ETag, its headers and its body, unparsed so that no caller can change it for another."""

    etag: str
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


class EtagCache:
    """The most recently used answers to GET, bounded in number and in bytes."""

    def __init__(self, entries: int = _ENTRIES, size: int = _BYTES) -> None:
        self._most_entries = entries
        self._most_bytes = size
        self._bytes = 0
        self._stored: OrderedDict[str, Stored] = OrderedDict()

    @staticmethod
    def key(url: httpx.URL, token: str, api_version: str) -> str:
        """Return a key that keeps answers for different tokens apart without holding a token."""
        return hashlib.sha256("\n".join((str(url), token, api_version)).encode()).hexdigest()

    def get(self, key: str) -> Stored | None:
        """Return what is stored under `key` and count it as used."""
        found = self._stored.get(key)
        if found is not None:
            self._stored.move_to_end(key)
        return found

    def put(self, key: str, response: httpx.Response) -> None:
        """Store an answer that has an ETag; the ones unused for longest make room."""
        etag = response.headers.get("etag")
        self._drop(key)
        if not etag or not etag.isascii() or not etag.isprintable() or len(response.content) > self._most_bytes:
            return
        self._stored[key] = Stored(etag, response.headers, response.content)
        self._bytes += len(response.content)
        while len(self._stored) > self._most_entries or self._bytes > self._most_bytes:
            self._drop(next(iter(self._stored)))

    def _drop(self, key: str) -> None:
        dropped = self._stored.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped.body)
