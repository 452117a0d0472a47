"""Which request the code that runs now is for, and how far that has come, so that others can say or heed it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

LONGEST_ID = 100
"""Characters of an id that a client made up, which are told of it."""


class _Message(Protocol):
    """What the SDK's context of a message has, which is not named here: the wrapper of GitHub knows nothing of MCP."""

    @property
    def request_id(self) -> str | int | None: ...


@dataclass(eq=False)
class HttpRequest:
    """A request over HTTP.

    Attributes:
        id: what the service calls it; nobody else chose it.
        caller: the name of who signed in; None as long as nobody has.
        unanswered: whether its answer is still to leave.
        write_sent: whether a write has left for GitHub on its behalf.
    """

    id: str
    caller: str | None = None
    unanswered: bool = True
    write_sent: bool = False


_jsonrpc_id: ContextVar[str | None] = ContextVar("security_campaigns_jsonrpc_id", default=None)
_http_request: ContextVar[HttpRequest | None] = ContextVar("security_campaigns_http_request", default=None)


def current_jsonrpc_id() -> str | None:
    """Return the JSON-RPC id that the client gave the message under way, cut to what is told; None outside of one."""
    return _jsonrpc_id.get()


def current_http_request() -> HttpRequest | None:
    """Return the request over HTTP that is under way; None outside of one, as over stdio."""
    return _http_request.get()


@contextmanager
def http_request(request: HttpRequest) -> Iterator[HttpRequest]:
    """Let what runs inside be for this request. The SDK hands that on to the work on a message of a session."""
    token = _http_request.set(request)
    try:
        yield request
    finally:
        request.unanswered = False
        _http_request.reset(token)


def note_write() -> None:
    """Note that a write leaves for GitHub, after which the call is not to be given up."""
    if (request := _http_request.get()) is not None:
        request.write_sent = True


async def remember_request(ctx: _Message, call_next: Callable[[Any], Awaitable[T]]) -> T:
    """Middleware of the SDK that notes the message's id as long as it is worked on."""
    token = _jsonrpc_id.set(None if ctx.request_id is None else str(ctx.request_id)[:LONGEST_ID])
    try:
        return await call_next(ctx)
    finally:
        _jsonrpc_id.reset(token)
