"""A client that writes JSON-RPC over HTTP straight onto sockets, for speed."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from tests.prove.endurance_clients import LONGEST_LINE, PATIENCE, Leaving, Message, Rounds, cancelled, reply
from tests.prove.fuzz_wire import FORM, HANDSHAKE, MODERN, envelope, opening, request


class HttpClient(Rounds):
    """A client over HTTP on a connection that stays open; a client of 2025 has a session.

    Args:
        port: of the service on the loopback.
        token: to sign in with; None for a service where nobody does.
        era: what the client speaks.
    """

    leavings: tuple[Leaving, ...] = ("calls cancelled", "questions left", "clients that hang up", "sign-ins refused")

    def __init__(self, port: int, token: str | None, era: str) -> None:
        self.era = era
        self._port, self._token = port, token
        signed = f"Authorization: Bearer {token}\r\n" if token else ""
        self._head = f"Host: 127.0.0.1:{port}\r\n{signed}Accept: application/json, text/event-stream\r\n"
        self._session = ""
        self._ids = itertools.count(1)
        self._streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    def another(self, era: str, token: str | None = None) -> HttpClient:
        """Return another client, with the same token or with its own."""
        return HttpClient(self._port, token or self._token, era)

    async def open(self) -> None:
        """Connect: once for requests and once for answers to questions, and begin as the era wants."""
        self._streams = [await self._connected() for _ in range(1 if self.era == MODERN else 2)]
        if self.era == HANDSHAKE:
            first, then = opening(**FORM)
            headers, *_ = [answer async for answer in self._post(first)]  # all of it, or the rest stays on the line
            self._session = f"Mcp-Session-Id: {headers['mcp-session-id']}\r\nMCP-Protocol-Version: {self.era}\r\n"
            assert [told async for told in self._post(then)]

    async def close(self) -> None:
        """End the session, if there is one, and the connections."""
        if self._session:
            assert [told async for told in self._post(b"", method="DELETE")]
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the connections, as clients do that crash or whose server has gone."""
        self._session = ""
        for _, writer in self._streams:
            writer.close()
            with suppress(OSError):  # the server has gone before
                await writer.wait_closed()
        self._streams = []

    async def give_up(self, how: Leaving, method: str, params: Message) -> list[str]:
        async with asyncio.timeout(PATIENCE):
            if how == "sign-ins refused":
                return await self._refused_sign_in()
            if how == "questions left":
                return await self._leave_question(method, params)
            number = next(self._ids)
            await self._send(*self._request(number, method, params))
            faults = await self._refused_sign_in()  # meanwhile the call has come as far as GitHub
            if how == "calls cancelled" and self.era == HANDSHAKE:
                assert [told async for told in self._post(cancelled(number), connection=1)]
                self._streams[0][1].close()
                self._streams[0] = await self._connected()
            else:  # 2026-07-28 knows no other way to cancel
                await self.hang_up()
                await self.open()
            return faults

    async def _leave_question(self, method: str, params: Message) -> list[str]:
        told: Message = {}
        async with aclosing(self._post(*self._request(next(self._ids), method, params))) as answer:
            async for told in answer:
                if told.get("method") == "elicitation/create":
                    break
        if self.era == HANDSHAKE:  # the stream stays open, and nobody may come back to the session
            await self.hang_up()
            await self.open()
        asked = told.get("method") or "inputRequests" in told.get("result", {})
        return [] if asked else [f"nobody is asked: {str(told)[:300]}"]

    async def _refused_sign_in(self) -> list[str]:
        if self._token is None:
            return []
        stranger = self.another(self.era, "nobody's")
        stranger._streams = [await stranger._connected()]
        answer, *_ = [told async for told in stranger._post(*stranger._request(1, "tools/list", {}))]
        await stranger.hang_up()
        return [] if answer["status"] == 401 else [f"nobody's sign-in is answered with {answer}"]

    def _request(self, number: int, method: str, params: Message) -> tuple[bytes, str]:
        """Return a request's body, and the headers that tell of it."""
        body = request(method, {**params, **envelope(self.era, **FORM)}, number)
        named = f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: {method}\r\n" if self.era == MODERN else ""
        name = params.get("name", params.get("uri"))
        if named and name is not None:
            named += f"Mcp-Name: {name}\r\n"
        return body, named

    async def _once(self, method: str, params: Message, answer: Message | None) -> Message:
        number = next(self._ids)
        told: Message = {}
        async for message in self._post(*self._request(number, method, params)):
            if message.get("id") == number and "method" not in message:
                told = message
            elif message.get("method") == "elicitation/create":
                assert [answered async for answered in self._post(reply(message, answer), connection=1)]
        return told

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port, limit=LONGEST_LINE)

    async def _stream(self, connection: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection, anew if the service has closed it because nothing came for long."""
        reader, writer = self._streams[connection]
        if reader.at_eof():
            writer.close()
            self._streams[connection] = await self._connected()
        return self._streams[connection]

    async def _send(
        self, body: bytes, named: str = "", *, connection: int = 0, method: str = "POST"
    ) -> asyncio.StreamReader:
        """Send a request and return where its answer comes."""
        reader, writer = await self._stream(connection)
        typed = "Content-Type: application/json\r\n" if body else ""
        head = f"{method} /mcp HTTP/1.1\r\n{self._head}{self._session}{named}{typed}Content-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        return reader

    async def _post(
        self, body: bytes, named: str = "", *, connection: int = 0, method: str = "POST"
    ) -> AsyncGenerator[Message]:
        """Send a request and give the headers of the answer, by their small names, then each message in it."""
        reader = await self._send(body, named, connection=connection, method=method)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        status = int(first.split()[1])
        yield {"status": status, **headers}
        if headers.get("transfer-encoding") == "chunked":
            async for message in _events(reader):
                yield message
            return
        whole = await reader.readexactly(int(headers.get("content-length", "0")))
        if whole[:1] == b"{":
            yield json.loads(whole)


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    """Give each message of a stream of events, whose chunks may cut it anywhere."""
    unread = b""
    while size := int(await reader.readline(), 16):
        unread += (await reader.readexactly(size + 2))[:-2].replace(b"\r\n", b"\n")
        *events, unread = unread.split(b"\n\n")
        for event in events:
            data = b"".join(line[6:] for line in event.split(b"\n") if line.startswith(b"data: "))
            if data[:1] == b"{":
                yield json.loads(data)
    await reader.readline()
    if unread[:1] == b"{":  # JSON in one piece
        yield json.loads(unread)
