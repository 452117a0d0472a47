"""A loopback GitHub for the service: campaign lists by organization and page, rendered once and then sent from memory.

    python -m benchmarks.campaign_github

prints its address when it is ready and serves until it is ended. It does as little as a server can, so that what is
measured is what asks it: answers are compressed as GitHub's are, have rate limit and Link headers, and no ETag.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

from server.sandbox.answers import timestamp
from server.sandbox.people import account, simple_team
from server.sandbox.world import Organization, Team

ORGS = tuple(f"octo-org-{number:02}" for number in range(32))
PAGES = 8
PER_PAGE = 10
QUERY = "sort=created&direction=desc&page={page}&per_page={per_page}"
"""What everybody asks for; it is this project's own order."""

_NAMES = ("SQL injection before the audit", "Secrets in workflows", "Cross-site scripting in the portal, part two")
_TOLD = (
    "Queries that are put together from what a request brings along. Use parameters; the guide in the handbook has "
    "examples for each of our three frameworks, and the security champions answer questions.",
    "Tokens that end up in logs.\nTake them out of the command line and ask for new ones.",
    "Everything of this rule that is still open in what customers can reach. Ask in #appsec before you dismiss.",
)
_BORN = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def numbers_on(page: int) -> range:
    """Return the numbers of the campaigns on a page, which are the same in every organization."""
    return range((page - 1) * PER_PAGE + 1, page * PER_PAGE + 1)


def path(org: str, page: int) -> str:
    """Return where a page is, from the API's address on."""
    return f"/orgs/{org}/campaigns?{QUERY.format(page=page, per_page=PER_PAGE)}"


def campaign(org: str, number: int) -> dict[str, Any]:
    """Return a `campaign-summary` object."""
    organization = Organization(7000 + ORGS.index(org), org, org, "", _BORN)
    team = Team(40 + number % 5, f"appsec-{number % 5}", f"Appsec {number % 5}", "Looks after the rest of us.", _BORN)
    logins = [f"hubot-{(number + step) % 17}" for step in range(1 + number % 2)]
    born, closed = _BORN + timedelta(hours=number), number % 4 == 3
    return {
        "number": number,
        "created_at": timestamp(born),
        "updated_at": timestamp(born + timedelta(days=3)),
        "name": f"{_NAMES[number % 3]} {number}",
        "description": _TOLD[number % 3],
        "managers": [account(1000 + len(login), login) for login in logins],
        "team_managers": [simple_team(organization, team)] if number % 3 == 0 else [],
        "published_at": timestamp(born),
        "ends_at": timestamp(born + timedelta(days=90)),
        "closed_at": timestamp(born + timedelta(days=80)) if closed else None,
        "state": "closed" if closed else "open",
        "contact_link": f"https://github.com/{org}/handbook/discussions/{number}",
        "alert_stats": {"open_count": 40 + number, "in_progress_count": number % 9, "closed_count": 3 * number},
    }


def _answers(url: str) -> dict[bytes, tuple[bytes, bytes]]:
    """Render every page; by what a request line names, the headers without the date, and the body."""
    rendered, reset = {}, int(time.time()) + 3500
    for org in ORGS:
        for page in range(1, PAGES + 1):
            content = json.dumps([campaign(org, number) for number in numbers_on(page)], separators=(",", ":"))
            body = gzip.compress(content.encode(), 6)
            following = f'Link: <{url}{path(org, page + 1)}>; rel="next"\r\n' if page < PAGES else ""
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Encoding: gzip\r\n"
                f"X-GitHub-Request-Id: 0A1B:{page}:{org}\r\nX-RateLimit-Limit: 15000\r\n"
                f"X-RateLimit-Remaining: 14999\r\nX-RateLimit-Used: 1\r\n"
                f"X-RateLimit-Resource: core\r\nX-RateLimit-Reset: {reset}\r\n"
                f"X-GitHub-Media-Type: github.v3; format=json\r\n{following}Content-Length: {len(body)}\r\n"
            )
            rendered[path(org, page).encode()] = head.encode(), body
    return rendered


class _Connection(asyncio.Protocol):
    """A connection that is kept open; requests have no body."""

    def __init__(self, answers: dict[bytes, tuple[bytes, bytes]]) -> None:
        self._answers = answers
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker: this is TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come whole."""
        self._held += data
        while self._transport is not None and b"\r\n\r\n" in self._held:
            request, _, self._held = self._held.partition(b"\r\n\r\n")
            self._transport.write(self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        method, target, _ = request.split(b"\r\n", 1)[0].split(b" ")
        found = self._answers.get(target)
        if method != b"GET" or found is None or b"gzip" not in request or b"bearer " not in request.lower():
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"
        head, body = found
        return b"".join((head, b"Date: ", formatdate(usegmt=True).encode(), b"\r\n\r\n", body))


async def _serve() -> None:
    answers: dict[bytes, tuple[bytes, bytes]] = {}
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(answers), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answers.update(_answers(url))
    print(url, flush=True)  # noqa: T201 - whoever started it waits for this
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
