"""Where the protocol carries text that a client makes up: a message for each place, with a token there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.http.service import MODERN, request_of

_TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_PROGRESS = "progressToken"
_OWN = "io.modelcontextprotocol/"
_LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
_HEADERS = (
    *("mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id", "origin", "referer"),
    *("user-agent", "x-request-id", "traceparent", "tracestate", "baggage", "cookie", "accept", "content-type"),
)

Places = Iterator[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Misplaced:
    """A message with a token in one place.

    Attributes:
        where: the place.
        body: the message.
        headers: what it has over HTTP instead of the usual headers, or besides them.
    """

    where: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def without_echoes(told: bytes, token: str) -> bytes:
    """Return an answer without what the protocol has its sender know it by: an id, a version asked for, progress."""
    for member in ("id", "progressToken", "requested"):
        told = told.replace(f'"{member}":"{token}"'.encode(), b"")
    return told


def in_headers(era: str, token: str) -> Iterator[Misplaced]:
    """Yield a message for each header."""
    for name in _HEADERS:
        body = request_of(era, "tools/call", name="get_campaign", arguments={"campaign_number": 1})
        yield Misplaced(f"the header {name}", body, {name: token})


def in_messages(era: str, token: str) -> Iterator[Misplaced]:
    """Yield a message for each place in the messages themselves."""
    meta = [*_in_traces(token), *_in_meta(token), *(_in_envelopes(token) if era == MODERN else ())]
    for where, members in meta:
        tool, arguments = ("find_alerts", {}) if where == _PROGRESS else ("get_campaign", {"campaign_number": 1})
        body = request_of(era, "tools/call", name=tool, arguments=arguments)
        body["params"].setdefault("_meta", {}).update(members)
        version = {"mcp-protocol-version": token} if f"{_OWN}protocolVersion" in members else {}
        yield Misplaced(where, body, version)
    for method, params in (*_in_lists(token), *_in_completions(token), *_in_others(token)):
        yield Misplaced(f"{method} {sorted(params)}", request_of(era, method, **params))
    for method, params in _in_notifications(token):
        yield Misplaced(method, {"jsonrpc": "2.0", "method": method, "params": params})


def _in_traces(token: str) -> Places:
    yield "traceparent", {"traceparent": token}
    yield "the end of traceparent", {"traceparent": f"cc{_TRACEPARENT[2:]}-{token}"}
    for state in (f"vendor={token}", f"{token.lower()}=1", f"{token}=1", f"a=1,{token}", f"a=1,a={token}"):
        yield "tracestate", {"traceparent": _TRACEPARENT, "tracestate": state}
    for baggage in (f"a={token}", f"{token}=1", token, f"a={token} é", f"a={token}{9_000 * 'x'}", f"{token}={token};="):
        yield "baggage", {"traceparent": _TRACEPARENT, "baggage": baggage}


def _in_meta(token: str) -> Places:
    yield _PROGRESS, {"progressToken": token}
    yield "a progressToken that is none", {"progressToken": [token]}
    yield "a member of _meta", {token: token}
    yield "the level of the log", {f"{_OWN}logLevel": token}


def _in_envelopes(token: str) -> Places:
    client = {"name": token, "version": token, "title": token, "websiteUrl": f"https://example.com/{token}"}
    for info in (client, {"name": token, "version": [token]}, token):
        yield "clientInfo", {f"{_OWN}clientInfo": info}
    for able in ({"experimental": {token: {token: token}}}, {"elicitation": token}, token):
        yield "clientCapabilities", {f"{_OWN}clientCapabilities": able}
    yield "protocolVersion", {f"{_OWN}protocolVersion": token}


def _in_lists(token: str) -> Places:
    for method in _LISTS:
        yield method, {"cursor": token}
        yield method, {"cursor": [token]}
        yield method, {token: token}


def _in_completions(token: str) -> Places:
    prompt = {"type": "ref/prompt", "name": "announce_campaign"}
    argument = {"name": "campaign_number", "value": ""}
    for ref in ({"type": token, "name": "x"}, {**prompt, "name": token}, {"type": "ref/resource", "uri": token}):
        yield "completion/complete", {"ref": ref, "argument": argument}
    yield "completion/complete", {"ref": prompt, "argument": {"name": token, "value": token}}
    yield "completion/complete", {"ref": prompt, "argument": argument, "context": {"arguments": {token: token}}}


def _in_others(token: str) -> Places:
    call = {"name": "get_campaign", "arguments": {"campaign_number": 1}}
    client = {"name": token, "version": token, "title": token}
    yield "logging/setLevel", {"level": token}
    yield "resources/read", {"uri": f"https://example.com/{token}"}
    yield "resources/subscribe", {"uri": f"campaigns://{token}/1"}
    yield "tasks/get", {"taskId": token}
    yield "tools/call", {**call, "arguments": token}
    yield "tools/call", {**call, "requestState": token}
    yield "tools/call", {**call, "inputResponses": {token: token}}
    yield "initialize", {"protocolVersion": [token], "capabilities": token, "clientInfo": token}
    yield "initialize", {"protocolVersion": token, "capabilities": {"experimental": {token: {}}}, "clientInfo": client}


def _in_notifications(token: str) -> Places:
    yield "notifications/cancelled", {"requestId": token, "reason": token}
    yield "notifications/cancelled", {"requestId": [token]}
    yield "notifications/progress", {"progressToken": token, "progress": 1, "message": token}
    yield "notifications/progress", {"progressToken": token, "progress": token}
    yield "notifications/initialized", {"_meta": {"traceparent": _TRACEPARENT, "tracestate": f"a={token}"}}
