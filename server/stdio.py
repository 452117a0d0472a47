"""MCP over stdio, with an answer also for a line that is no message.

The SDK passes over a line that it cannot read as a message, without a word, and takes a request whose id is none, such
as null, for a notification. Half of a character in one text is enough for that, and the client that sent it would wait
for ever. It gets an error now, and so does a line that is too long to be kept. What is under way when the client goes
stays without an answer.

The SDK also waits in reads of stdin and writes to stdout that nothing can end: when nobody reads stdout any more, it
would stay until stdin is closed too, SIGTERM would cut a write to GitHub off from its record, and a client that takes
nothing would keep the process for ever. Here all of that is what a closed stdin is: the client has gone, so that calls
are given up, writes that have left are finished and recorded, and the process ends. So is a stdout that takes no more,
such as a file on a full disk. Where stdin and stdout cannot be waited for like that, which is on Windows, the SDK reads
and writes after all.
"""

from __future__ import annotations

import contextvars
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from anyio.to_thread import run_sync
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCMessage
from pydantic import ValidationError

from server.messages import NoMessage, refusal_of
from server.stdio_lines import Stdin, Stdout, taken
from server.streams import NotPrinted

_LOG = logging.getLogger(__name__)
_Streams = tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]
_CLOSED = "{} is closed, so that no client can be served there. Let a client start this server, with both pipes open."


async def serve_stdio(mcp: MCPServer[Any]) -> None:
    """Serve the client on stdin and stdout until it goes, or until SIGTERM; a second one ends the process at once.

    Raises:
        NotPrinted: there is no stdin or no stdout.
    """
    for name in ("stdin", "stdout"):
        if getattr(sys, name) is None:
            raise NotPrinted(_CLOSED.format(name))
    ours = False
    try:
        async with _streams() as (read, write):
            try:
                await serve_streams(mcp, read, write)
            except* OSError:  # that of stdout comes from its writer, never from here
                ours = True
                raise
    except* (BrokenPipeError, anyio.BrokenResourceError):
        _LOG.info("Nobody reads stdout any more.")
    except* OSError as errors:
        if ours:
            raise
        _LOG.info("stdout takes no more: %s", errors.exceptions)


@asynccontextmanager
async def _streams() -> AsyncIterator[_Streams]:
    own = taken()
    if own is None:
        async with stdio_server() as streams:
            yield streams
        return
    stdin, stdout = own
    come, read = anyio.create_memory_object_stream[SessionMessage | Exception]()
    write, go = anyio.create_memory_object_stream[SessionMessage]()
    async with _ended_by_sigterm(stdin, stdout), anyio.create_task_group() as tasks, read, write:
        tasks.start_soon(_read, stdin, come)
        tasks.start_soon(_write, stdout, go)
        try:
            yield read, write
        except BaseException:
            stdout.end()
            raise
        finally:
            stdin.end()  # the reader would keep everything else from ending


async def _read(stdin: Stdin, into: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    with into, suppress(anyio.BrokenResourceError):  # nobody wants to know any more
        while True:
            try:
                message = await run_sync(_next, stdin)
            except OSError as error:
                _LOG.warning("stdin cannot be read, which is taken for its end: %s.", error.strerror)
                return
            if message is None:
                return
            await into.send(message if isinstance(message, NoMessage) else SessionMessage(message))


def _next(stdin: Stdin) -> JSONRPCMessage | NoMessage | None:
    """Return what a line is, or what is wrong with it; an exception from a thread would keep the line for long."""
    try:
        return stdin.next_message()
    except NoMessage as problem:
        return problem.with_traceback(None)


async def _write(stdout: Stdout, messages: MemoryObjectReceiveStream[SessionMessage]) -> None:
    with messages:
        async for each in messages:
            text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
            await run_sync(stdout.write, f"{text}\n".encode())


@asynccontextmanager
async def _ended_by_sigterm(stdin: Stdin, stdout: Stdout) -> AsyncIterator[None]:
    async def listen() -> None:
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            async for _ in signals:
                break
        stdin.end()
        stdout.end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        yield
        tasks.cancel_scope.cancel()


async def serve_streams(
    mcp: MCPServer[Any], read: ReadStream[SessionMessage | Exception], write: WriteStream[SessionMessage]
) -> None:
    """Serve the one client at the other end of the streams until it goes.

    Args:
        mcp: the server.
        read: messages, and what was wrong with lines that are none.
        write: where the answers go.
    """
    inner = mcp._lowlevel_server  # the SDK offers no other way to bring one's own streams
    await inner.run(_Messages(read, write), write, inner.create_initialization_options())


class _Messages:
    """The messages of a stream. What is none is refused on the spot."""

    def __init__(self, read: ReadStream[SessionMessage | Exception], write: WriteStream[SessionMessage]) -> None:
        self._read = read
        self._write = write

    @property
    def last_context(self) -> contextvars.Context | None:
        """The context in which the last message was sent, for the SDK."""
        found: contextvars.Context | None = getattr(self._read, "last_context", None)
        return found

    async def receive(self) -> SessionMessage | Exception:
        while True:
            item = await self._read.receive()
            if not isinstance(item, (NoMessage, ValidationError)):
                return item
            if (refusal := _refusal_of(item)) is not None:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # the client has gone
                    await self._write.send(SessionMessage(refusal))

    async def aclose(self) -> None:
        await self._read.aclose()

    def __aiter__(self) -> _Messages:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> _Messages:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _refusal_of(problem: NoMessage | ValidationError) -> JSONRPCError | None:
    """Return the answer to a line that is no message; None to one that is blank."""
    if isinstance(problem, NoMessage):
        return problem.refusal
    finding = problem.errors(include_url=False)[0]
    return None if finding["type"] == "json_invalid" and not finding["input"].strip() else refusal_of(problem)
