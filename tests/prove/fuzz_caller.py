"""A client by hand, for raw requests over HTTP and what comes back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.abc import SocketStream

from tests.http.service import ServiceProcess
from tests.prove.fuzz_frames import MIB
from tests.prove.fuzz_requests import Posted
from tests.prove.fuzz_wire import HANDSHAKE, PATIENCE, opening

_LONGEST_ANSWER = 4 * MIB


@dataclass(frozen=True)
class Answer:
    """What came back: the status, 0 when the connection was closed without a word; the head; the body's messages."""

    status: int
    head: str
    body: str

    @property
    def messages(self) -> list[Any]:
        """The JSON-RPC messages in the body, also when they come as events."""
        texts = re.findall(r"^data: (\{.*)$", self.body.replace("\r", ""), re.MULTILINE) or [self.body]
        found = []
        for text in texts:
            try:
                found.append(json.loads(text))
            except ValueError:
                continue
        return [message for message in found if isinstance(message, dict)]


class Caller:
    """Makes requests of the service by hand, each on its own connection.

    Args:
        service: the process.
        token: to sign in with.
    """

    def __init__(self, service: ServiceProcess, token: str) -> None:
        self.service = service
        found = re.fullmatch(r"http://(.+):(\d+)/mcp", service.url)
        assert found
        self.address = (found[1], int(found[2]))
        self.host = f"{found[1]}:{found[2]}"
        self.token = token

    async def exchange(self, raw: bytes, *, ends: bool = True, only_head: bool = False) -> Answer:
        """Send bytes and read until the other side closes.

        Args:
            raw: the request.
            ends: close this side after it, so that nobody waits for more.
            only_head: read no further than that.
        """
        with anyio.fail_after(PATIENCE):
            async with await anyio.connect_tcp(*self.address) as stream:
                try:
                    await stream.send(raw)
                    if ends:
                        await stream.send_eof()
                except (anyio.BrokenResourceError, OSError):
                    pass  # refused before all was sent; the answer may be there all the same
                return _read(await _received(stream, only_head))

    async def post(self, era: str, body: bytes, session: str | None = None, name: str = "get_campaign") -> Answer:
        """Post a message as a client of that era does."""
        return await self.exchange(self.request(Posted.of(era, body, session, name)), ends=False)

    def request(self, posted: Posted) -> bytes:
        """Write a request with this service's name and the token."""
        return posted.raw(self.host, self.token)

    async def open_session(self) -> Answer:
        """Open a session of a client of 2025."""
        return await self.post(HANDSHAKE, opening()[0])


async def _received(stream: SocketStream, only_head: bool) -> bytes:
    received = bytearray()
    try:
        while len(received) < _LONGEST_ANSWER and not (only_head and b"\r\n\r\n" in received):
            received += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        pass
    return bytes(received)


def _read(raw: bytes) -> Answer:
    head, _, body = raw.decode("utf-8", "replace").partition("\r\n\r\n")
    found = re.match(r"HTTP/1\.1 (\d{3})", head)
    if "transfer-encoding: chunked" in head.lower():
        body = "".join(re.findall(r"(?s)[0-9a-f]+\r\n(.*?)\r\n(?=[0-9a-f]+\r\n|\Z)", body))
    return Answer(int(found[1]) if found else 0, head, body)


def session_of(answer: Answer) -> str | None:
    """Return the session that an answer opens."""
    found = re.search(r"mcp-session-id: (\S+)", answer.head, re.IGNORECASE)
    return found[1] if found else None
