"""A loopback GitHub that costs next to nothing: the sandbox's answers, rendered once and then served from memory.

    python -m benchmarks.loopback --alerts 20000 --repositories 200 --delay 0.05

prints its address when it is ready and serves until it is ended. Every answer is late by the delay, compressed as
GitHub's are, and conditional requests get 304, except with `--no-etags`, when every answer is whole. It counts what it
is asked about the alerts and the campaigns of the large organization.
"""

from __future__ import annotations

import argparse
import gzip
import json
import socket
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from server.sandbox.app import create_sandbox
from server.sandbox.options import SANDBOX_TOKEN, AlertLinks, SandboxOptions

ORG = "octo-org"
TALLY = "/tally"
QUERY = {"state": "open", "sort": "created", "direction": "desc", "per_page": "100"}
"""What every client asks for; then they are all served from the same memory."""
_ALERTS = f"/orgs/{ORG}/code-scanning/alerts"
_CAMPAIGNS = f"/orgs/{ORG}/campaigns"
_OWN_HEADERS = frozenset({"date", "content-length"})

Headers = list[tuple[bytes, bytes]]
Address = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Rendered:
    """One answer, ready to be sent; `body` is compressed."""

    status: int
    headers: Headers
    body: bytes
    etag: bytes
    following: str | None


class Loopback:
    """An ASGI application in front of a sandbox; `delay` in seconds. Without `etags`, answers have none."""

    def __init__(self, options: SandboxOptions, url: str, delay: float, *, etags: bool = True) -> None:
        sandbox = create_sandbox(options)
        self._organization = f"/organizations/{sandbox.state.organization(ORG).id}"
        self._sandbox = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=sandbox),
            base_url=url,
            headers={"Authorization": f"Bearer {SANDBOX_TOKEN}"},
        )
        self._delay = delay
        self._left_out = _OWN_HEADERS if etags else _OWN_HEADERS | {"etag", "last-modified"}
        self._rendered: dict[Address, Rendered] = {}
        self._bodies: dict[bytes, bytes] = {}
        self._requests = 0
        self._unchanged = 0

    async def warm(self) -> None:
        """Render all pages of the large organization, by number and by cursor."""
        for start in ({**QUERY, "page": "1"}, QUERY):
            page = await self._answer(_ALERTS, urlencode(start))
            while page.following is not None:
                address = urlsplit(page.following)
                page = await self._answer(address.path, address.query)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope["headers"])
        if scope["path"] == TALLY:
            await _send(send, 200, [(b"content-type", b"application/json")], self._tally())
            return
        if scope["method"] != "GET" or b"gzip" not in headers.get(b"accept-encoding", b""):
            await _send(send, 406, [], b"")
            return
        answer = await self._answer(scope["path"], scope["query_string"].decode())
        unchanged = answer.etag != b"" and headers.get(b"if-none-match") == answer.etag
        if scope["path"].startswith((_ALERTS, _CAMPAIGNS, self._organization)):
            self._requests += 1
            self._unchanged += unchanged
        await anyio.sleep(self._delay)
        if unchanged:
            await _send(send, 304, [header for header in answer.headers if header[0] != b"content-encoding"], b"")
        else:
            await _send(send, answer.status, answer.headers, answer.body)

    def _tally(self) -> bytes:
        """What was asked since the last tally, as JSON."""
        told = {"requests": self._requests, "unchanged": self._unchanged}
        self._requests = self._unchanged = 0
        return json.dumps(told).encode()

    async def _answer(self, path: str, query: str) -> Rendered:
        key = (path.replace(self._organization, f"/orgs/{ORG}"), tuple(sorted(parse_qsl(query))))
        found = self._rendered.get(key)
        if found is None:
            found = self._rendered[key] = await self._render(f"{path}?{query}" if query else path)
        return found

    async def _render(self, target: str) -> Rendered:
        response = await self._sandbox.get(target)
        etag = response.headers.get("etag", "").encode()
        body = self._bodies.get(etag) if etag else None
        if body is None:
            body = self._bodies[etag] = gzip.compress(response.content, 6)
        headers = [(name.lower(), value) for name, value in response.headers.raw if name.decode() not in self._left_out]
        told = b"" if "etag" in self._left_out else etag
        following = response.links.get("next", {}).get("url")
        return Rendered(response.status_code, [*headers, (b"content-encoding", b"gzip")], body, told, following)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = [] if status == 304 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})


async def _serve(alerts: int, repositories: int, links: AlertLinks, delay: float, *, warm: bool, etags: bool) -> None:
    options = SandboxOptions(alerts=alerts, repositories=repositories, alert_links=links, limits=False)
    listening = listening_socket()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    loopback = Loopback(options, url, delay, etags=etags)
    if warm:
        await loopback.warm()
    print(url, flush=True)  # noqa: T201 - whoever started it waits for this
    config = uvicorn.Config(loopback, log_level="error", lifespan="off", server_header=False)
    await uvicorn.Server(config).serve(sockets=[listening])


def listening_socket() -> socket.socket:
    """Return a socket on a free port that sends at once.

    Otherwise the body would wait for the client to acknowledge the headers, which takes 40 ms, for every page.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen()  # who connects before it serves has to wait, and is not refused
    return listening


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description="A GitHub on a loopback port.")
    parser.add_argument("--alerts", type=int, required=True)
    parser.add_argument("--repositories", type=int, required=True)
    parser.add_argument("--links", choices=("numbered", "cursors"), default="numbered")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that every answer takes")
    parser.add_argument("--cold", action="store_true", help="render pages when they are first asked for")
    parser.add_argument("--no-etags", action="store_true", help="answer nothing with 304")
    asked = parser.parse_args()
    warm, etags = not asked.cold, not asked.no_etags
    anyio.run(lambda: _serve(asked.alerts, asked.repositories, asked.links, asked.delay, warm=warm, etags=etags))


if __name__ == "__main__":
    main()
