"""A line of the log for each request, and the id under which everything about the request is found."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.call_context import HttpRequest, http_request

_LOG = logging.getLogger(__name__)
_ID_BYTES = 8
_HEADER = b"x-request-id"
_LONG_WORD = re.compile(r"[^/]{33,}")  # some tokens are no longer


class AccessLog:
    """Logs a line for each request: no query, header or body, nor a method or word of the path that could be a token.

    Each request gets an id of this server's, which its answer tells in X-Request-Id and every line about it repeats.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, open_end = time.monotonic(), 0, False

        async def watched(message: Message) -> None:
            nonlocal status, open_end
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (_HEADER, request.id.encode())]}
            open_end = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        with http_request(HttpRequest(secrets.token_hex(_ID_BYTES))) as request:
            try:
                await self._app(scope, receive, watched)
                if open_end:  # a stream of events that the end of the service, or of a sign-in, closes
                    await send({"type": "http.response.body", "body": b""})
            finally:
                took = (time.monotonic() - began) * 1000
                by = "" if request.caller is None else f", by {request.caller!r}"
                path = _LONG_WORD.sub("…", scope["path"])[:200]
                method = _LONG_WORD.sub("…", scope["method"])  # whoever sends it makes that up too
                _LOG.info("%s %s: HTTP %d in %.0f ms%s", method, path, status, took, by)
