"""Which MCP request the code that runs now is for, so that a line of the log can say so."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

_request_id: ContextVar[str | None] = ContextVar("security_campaigns_request_id", default=None)


def current_request_id() -> str | None:
    """Return the JSON-RPC id that the client gave the request under way; None outside of one."""
    return _request_id.get()


async def remember_request(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware of the SDK that notes the request's id as long as it is worked on."""
    token = _request_id.set(None if ctx.request_id is None else str(ctx.request_id))
    try:
        return await call_next(ctx)
    finally:
        _request_id.reset(token)
