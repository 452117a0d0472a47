"""What a client calls a method, a tool, a prompt, a message or a trace is repeated in spans, logs and answers.

So no token may stay in it. The id of the answer is not touched: the client knows its request by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from server.domain.checks import holds_token, without_tokens

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp_types import RequestParamsMeta


_OF_A_TRACE = ("traceparent", "tracestate", "baggage")  # W3C's names, which the MCP specification takes for _meta


async def hide_tokens_in_names(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware of the SDK that takes tokens out of a message's method, id, name and trace, before all else sees them.

    The span has a trace's tracestate, and OpenTelemetry's warnings about a wrong one or wrong baggage repeat that.
    """
    if holds_token([ctx.method, ctx.request_id]):
        ctx = replace(ctx, method=without_tokens(ctx.method), request_id=without_tokens(ctx.request_id))
    if ctx.params is not None and holds_token(name := ctx.params.get("name")):
        ctx = replace(ctx, params={**ctx.params, "name": without_tokens(name)})
    meta = cast("dict[str, Any]", ctx.meta or {})
    if holds_token(trace := {key: meta[key] for key in _OF_A_TRACE if key in meta}):
        ctx = replace(ctx, meta=cast("RequestParamsMeta", {**meta, **without_tokens(trace)}))
    return await call_next(ctx)
