"""What is refused before anybody looks at who sends it, and how much of a body is read."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from typing import Any
from urllib.parse import SplitResult, urlsplit

import anyio
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.domain.checks import holds_token
from server.http.answers import answer, id_of, refuse
from server.http.settings import Address, ServeSettings
from server.messages import LARGEST_MESSAGE, refusal_of_text

_LOG = logging.getLogger(__name__)

LARGEST_BODY = LARGEST_MESSAGE
"""Bytes."""
_BEARABLE = 8  # times the limit
_PATIENCE = 30.0  # seconds for a body to arrive
_USUAL_PORTS = {"https": 443, "http": 80}
_MESSAGE = "security_campaigns.message"
_VERSION = "mcp-protocol-version"
_NO_VERSION = (
    "MCP-Protocol-Version holds what looks like a token instead of the protocol's version. Nothing was done; name the "
    "version and send it again."
)


def allowed_hosts(settings: ServeSettings, bound: Address) -> frozenset[str]:
    """Return the values of the Host header that are served, lower case; `:*` stands for any port."""
    public = urlsplit(settings.resource(bound))
    name = public.netloc.lower().removesuffix(f":{public.port}")
    hosts = {public.netloc.lower(), *settings.allowed_hosts}
    hosts |= {f"{host}:*" for host in settings.allowed_hosts if _without_port(host) == host}
    if public.port in (None, usual := _USUAL_PORTS[public.scheme]):
        hosts |= {name, f"{name}:{usual}"}
    if bound.loopback:
        hosts |= {bound.text, f"localhost:{bound.port}", f"127.0.0.1:{bound.port}", f"[::1]:{bound.port}"}
    return frozenset(hosts)


def allowed_origins(settings: ServeSettings, bound: Address) -> frozenset[str]:
    """Return the origins that browsers may call from: the service's own, and those that the operator names."""
    own = {urlsplit(settings.resource(bound))}
    if bound.loopback:
        own |= {urlsplit(f"http://{host}:{bound.port}") for host in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset({_origin(url) for url in own} | set(settings.allowed_origins))


def _origin(url: SplitResult) -> str:
    """Return an address's origin as browsers send it: without the port that is usual for its scheme."""
    return f"{url.scheme}://{url.netloc.lower().removesuffix(f':{_USUAL_PORTS[url.scheme]}')}"


class KnownHostsOnly:
    """Refuses requests under another name than this server's, and those that pages of others make (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 421 or 403."""
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts and f"{_without_port(host)}:*" not in self._hosts:
            await refuse(
                send,
                421,
                "The Host header names a server that this one does not know itself as. If it is right, the operator "
                "adds it with --allowed-host.",
            )
        elif (origin := headers.get("origin")) is not None and origin.lower() not in self._origins:
            await refuse(
                send,
                403,
                "Pages of this origin may not call this server. If they should, the operator adds it with "
                "--allowed-origin.",
            )
        else:
            await self._app(scope, receive, send)


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if port.isdigit() else host


class BoundedBody:
    """Reads a POST's body whole, within bounds, and parses it once for whoever comes next; see `message_of`.

    What is no message is refused here.
    """

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 400, 413 or 408."""
        if scope["method"] != "POST":
            await self._app(_from_now_on(scope), receive, send)
            return
        try:
            with anyio.fail_after(_PATIENCE):
                body = await self._read(scope, receive)
        except TimeoutError:
            await refuse(send, 408, f"The request did not arrive whole within {_PATIENCE:.0f} seconds; send it again.")
            return
        if body is None:
            return  # the client has gone
        if len(body) > self._largest:
            await refuse(send, 413, f"The request is larger than {self._largest} bytes; send less in one call.")
            return
        if holds_token(Headers(scope=scope).get(_VERSION)):  # the SDK would repeat it
            await refuse(send, 400, _NO_VERSION, id=id_of(_parsed(body)))
            return
        if _of_2025(scope) and (refusal := refusal_of_text(body)) is not None:
            await answer(send, 400, refusal.model_dump(mode="json", exclude_unset=True))
            return
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app({**scope, _MESSAGE: _parsed(body)}, again, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body, or of one that is too large as much as shows that; None when the client goes away.

        What is somewhat too large is read nevertheless and thrown away: many clients look at no answer before all is
        sent, and to them a connection that closes meanwhile is no answer.
        """
        bearable = _BEARABLE * self._largest
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > bearable:
            return bytes(self._largest + 1)
        body, seen = bytearray(), 0
        while seen <= bearable:
            message = await receive()
            if message["type"] != "http.request":
                return None
            part = message.get("body", b"")
            seen += len(part)
            body += part[: self._largest + 1 - len(body)]
            if not message.get("more_body", False):
                break
        return bytes(body)


def _from_now_on(scope: Scope) -> Scope:
    """Return a request for a stream of events without the wish for past ones: none are kept, and the SDK fails."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"last-event-id"]}


def _of_2025(scope: Scope) -> bool:
    """Tell whether a message goes to the SDK's older half, which would answer with how Python sees what was sent."""
    version = Headers(scope=scope).get(_VERSION)
    return version is None or version in HANDSHAKE_PROTOCOL_VERSIONS


def message_of(scope: Scope) -> Any:
    """Return what the body of a request holds as JSON; None when it is something else."""
    return scope.get(_MESSAGE)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None  # the SDK answers with the protocol's error
