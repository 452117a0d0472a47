"""The clients, all in one process: each sends its next call when the one before was answered.

    python -m benchmarks.load '{"urls": [...], "token": ..., "tool_calls": 2000, "clients": 32, "shift": 0}'

prints one line of JSON, a `Load`. Calls are those of the 2026-07-28 protocol, written onto sockets that stay open.
Answers are kept and looked at when the clock has stopped.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks.campaign_github import ORGS, PAGES, PER_PAGE, numbers_on

MODERN = "2026-07-28"
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "0"},
    "io.modelcontextprotocol/clientCapabilities": {},
}

Asked = tuple[str, int]
"""An organization and a page of its campaigns."""


class Load(NamedTuple):
    """What a run of calls took.

    Attributes:
        seconds: from the first call to the last answer.
        took: each call's milliseconds, sorted.
        size: of an answer's body, in bytes on average.
    """

    seconds: float
    took: list[float]
    size: float


def asked_by(client: int, clients: int, shift: int = 0) -> Iterator[Asked]:
    """Give what a client asks for, without end. At no time do two clients ask for the same page.

    Each has pages of its own, in organizations that it shares with others, and goes through them again and again.
    """
    mine = [(org, page) for page in range(1, PAGES + 1) for org in ORGS][client::clients]
    while True:
        yield from mine[shift % len(mine) :] + mine[: shift % len(mine)]


def request(url: str, token: str, number: int, asked: Asked) -> bytes:
    """Return a call as it goes over the wire."""
    org, page = asked
    params = {"name": "list_campaigns", "arguments": {"org": org, "page": page, "per_page": PER_PAGE}, "_meta": _META}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()
    where = urlsplit(url)
    head = (
        f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
        f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: tools/call\r\nMcp-Name: list_campaigns\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer and return its JSON, which after a long wait comes as the last of several events.

    Raises:
        RuntimeError: its status is not 200.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200 "):
        raise RuntimeError(f"not an answer to a call: {head.decode('latin-1')}")
    length = head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
    if length:
        return await reader.readexactly(int(length))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body.rpartition(b"\ndata: ")[2].strip()


def check(number: int, asked: Asked, body: bytes) -> None:
    """Look whether an answer is the one to this call.

    Raises:
        RuntimeError: it is not.
    """
    org, page = asked
    answer = json.loads(body)
    result: dict[str, Any] = answer.get("result", {})
    text = result.get("content", [{}])[0].get("text", "")
    told = json.loads(text) if text[:1] in ("[", "{") else None
    campaigns = told["campaigns"] if isinstance(told, dict) else told
    right = (
        answer.get("id") == number
        and not result.get("isError")
        and [campaign["number"] for campaign in campaigns or ()] == list(numbers_on(page))
        and f"/{org}/" in text
        and result.get("structuredContent", told) == told
    )
    if not right:
        raise RuntimeError(f"the answer to {asked} is not right: {body[:500].decode()}")


async def load(urls: Sequence[str], token: str, tool_calls: int, clients: int, shift: int = 0) -> Load:
    """Let clients make so many calls together, each of them as many as the others and at one of the addresses.

    Raises:
        RuntimeError: an answer was not right.
    """
    answers: list[tuple[int, Asked, bytes, float]] = []

    async def client(index: int, opened: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        reader, writer = opened
        wanted = asked_by(index, clients, shift)
        for number, asked in zip(range(index, tool_calls, clients), wanted, strict=False):
            began = time.perf_counter()
            writer.write(request(urls[index % len(urls)], token, number, asked))
            body = await _answer(reader)
            answers.append((number, asked, body, (time.perf_counter() - began) * 1000))
        writer.close()

    ports = [urlsplit(url).port for url in urls]
    connections = [await asyncio.open_connection("127.0.0.1", ports[index % len(ports)]) for index in range(clients)]
    began = time.perf_counter()
    async with asyncio.TaskGroup() as together:
        for index, connection in enumerate(connections):
            together.create_task(client(index, connection))
    seconds = time.perf_counter() - began
    for number, asked, body, _ in answers:
        check(number, asked, body)
    return Load(seconds, sorted(took for *_, took in answers), sum(len(body) for _, _, body, _ in answers) / tool_calls)


def main() -> None:
    """Make the calls that the command line tells."""
    print(json.dumps(asyncio.run(load(**json.loads(sys.argv[1])))._asdict()))  # noqa: T201 - this is the result


if __name__ == "__main__":
    main()
