"""Answers that the service gives by itself, before or instead of MCP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.types import Send


async def answer(send: Send, status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Send a small JSON object that nobody keeps."""
    body = json.dumps(content, separators=(",", ":")).encode()
    told = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **(headers or {}),
    }
    raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def refuse(
    send: Send,
    status: int,
    sentence: str,
    *,
    id: str | int | None = None,  # noqa: A002 - JSON-RPC's word
    headers: Mapping[str, str] | None = None,
) -> None:
    """Refuse a request as JSON-RPC has it (MCP specification, Streamable HTTP): an error, its id if there was one."""
    code = INTERNAL_ERROR if status >= 500 else INVALID_REQUEST
    error = {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": sentence}}
    await answer(send, status, error, headers)


def id_of(message: object) -> str | int | None:
    """Return the id of a JSON-RPC request; None for whatever else was sent."""
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, (str, int)) and not isinstance(found, bool) else None
