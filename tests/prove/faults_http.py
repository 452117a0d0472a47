"""Requests and answers on a bare connection, as far as a GitHub that goes wrong needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """A request as it came; header names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def writes(self) -> bool:
        """Whether it would change a campaign. An app's sign-in is a POST too."""
        return self.method != "GET" and not self.path.startswith("/app/")

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass
class Answer:
    """An answer to be written."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def written(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} -", *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request; None when the other side has closed the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = tuple(_headers(lines))
        body = await reader.readexactly(int(dict(headers).get("content-length", 0)))
    except asyncio.IncompleteReadError:
        return None
    return Request(method, target, headers, body)


def _headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()
