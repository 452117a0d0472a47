"""A GitHub that serves lists of alerts by the page, can be changed between requests, and counts who is under way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import httpx

from server.domain.alerts import AnyAlert
from server.github.alerts import Alerts
from server.github.clock import Clock
from server.github.credentials import Credentials
from server.settings import Settings
from tests.github.scripted import NOW, Waits, make_client, told

API = "https://api.github.com"
CODE = "/orgs/octo-org/code-scanning/alerts"
SECRET_ALERTS = "/orgs/octo-org/secret-scanning/alerts"
BORN = NOW - timedelta(days=400)
Item = dict[str, Any]
Before = Callable[["Asked"], Awaitable[httpx.Response | None]]


def born(number: int) -> str:
    """When the alert with this number was created: each a minute after the one before."""
    return (BORN + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(number: int) -> int:
    return int((BORN + timedelta(minutes=number)).timestamp())


def code_item(number: int, repository: int = 7, **changes: Any) -> Item:
    """A code scanning alert as an organization's list has it."""
    return {
        "number": number,
        "created_at": born(number),
        "state": "open",
        "rule": {
            "id": "js/xss",
            "severity": "error",
            "security_severity_level": "high",
            "tags": ["security", "external/cwe/cwe-079"],
        },
        "tool": {"name": "CodeQL", "guid": None, "version": "2.19.0"},
        "most_recent_instance": {
            "category": "/language:javascript-typescript",
            "location": {"path": f"src/{number % 5}.ts"},
        },
        "assignees": [],
        "repository": {"id": repository, "name": f"repo-{repository}", "full_name": f"octo-org/repo-{repository}"},
        **changes,
    }


def secret_item(number: int, repository: int = 7, **changes: Any) -> Item:
    """A secret scanning alert as an organization's list has it."""
    return {
        "number": number,
        "created_at": born(number),
        "state": "open",
        "secret_type": "adafruit_io_key",
        "validity": "active",
        "publicly_leaked": True,
        "repository": {"id": repository, "name": f"repo-{repository}", "full_name": f"octo-org/repo-{repository}"},
        **changes,
    }


def items(numbers: Iterable[int]) -> list[Item]:
    return [code_item(number) for number in numbers]


class Asked:
    """A request for a page: its path, query, and what is served."""

    def __init__(self, request: httpx.Request, paged: Paged) -> None:
        self.path = request.url.path
        self.query = dict(request.url.params)
        self.page = int(self.query.get("page", "1"))
        self.conditional = "if-none-match" in request.headers
        self.paged = paged
        self.status = 0

    @property
    def line(self) -> str:
        return f"{self.path}?{'&'.join(f'{name}={value}' for name, value in self.query.items())}"


class Paged(httpx.AsyncBaseTransport):
    """Serves `lists` (by path) in pages, newest or oldest first, with ETags and Links as GitHub writes them.

    `before` runs before each answer: it may change the lists, wait, or answer instead. `others` are whole answers by
    path. Like GitHub's, a 304 has no Link header.
    """

    def __init__(self, code: Iterable[Item] = ()) -> None:
        self.lists: dict[str, list[Item]] = {CODE: list(code)}
        self.others: dict[str, httpx.Response] = {}
        self.cursors = False
        self.etags = True
        self.headers: dict[str, str] = {}
        self.before: Before | None = None
        self.asked: list[Asked] = []
        self.under_way = 0
        self.most_under_way = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = Asked(request, self)
        self.asked.append(asked)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await anyio.lowlevel.checkpoint()
            answer = await self.before(asked) if self.before is not None else None
            answer = answer or self._answer(asked, request)
        finally:
            self.under_way -= 1
        asked.status = answer.status_code
        return answer

    @property
    def pages(self) -> list[int]:
        """The numbers of the pages that were asked for, in order."""
        return [asked.page for asked in self.asked]

    @property
    def statuses(self) -> list[int]:
        return [asked.status for asked in self.asked]

    def forget(self) -> None:
        self.asked.clear()

    def close(self, *numbers: int, path: str = CODE) -> None:
        """Let alerts close, so that no list of open ones has them any more."""
        self.lists[path] = [item for item in self.lists[path] if item["number"] not in numbers]

    def open(self, *numbers: int, path: str = CODE) -> None:
        self.lists[path] += items(numbers)

    def _answer(self, asked: Asked, request: httpx.Request) -> httpx.Response:
        path = asked.path.replace("/organizations/1/", "/orgs/octo-org/")
        if path in self.others:
            other = self.others[path]
            return httpx.Response(other.status_code, headers=other.headers, content=other.content)
        if path not in self.lists:
            return told(404, {"message": "Not Found"})
        listed = self._listed(path, asked)
        size = int(asked.query.get("per_page", "30"))
        after = int(asked.query.get("after", "0"))
        start = after if self.cursors else (asked.page - 1) * size
        body = json.dumps(listed[start : start + size]).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = {**self.headers, **({"etag": etag} if self.etags else {})}
        if self.etags and request.headers.get("if-none-match") == etag:
            return httpx.Response(304, headers=headers)
        links = self._links(asked, path, start, size, len(listed))
        return httpx.Response(200, headers={**headers, **({"link": links} if links else {})}, content=body)

    def _listed(self, path: str, asked: Asked) -> list[Item]:
        severity = asked.query.get("severity")
        wanted = [
            item for item in self.lists[path] if severity in (None, item.get("rule", {}).get("security_severity_level"))
        ]
        order = f"{asked.query['sort']}_at"
        return sorted(wanted, key=lambda item: str(item[order]), reverse=asked.query["direction"] == "desc")

    def _links(self, asked: Asked, path: str, start: int, size: int, length: int) -> str:
        address = f"{API}{path.replace('/orgs/octo-org/', '/organizations/1/')}"
        query = {name: value for name, value in asked.query.items() if name not in ("page", "after")}
        last = max(1, -(-length // size))
        relations: dict[str, dict[str, str | int]] = {}
        if start + size < length:
            relations["next"] = {"after": start + size} if self.cursors else {"page": asked.page + 1}
            relations["last"] = {"page": last}
        if start > 0:
            relations |= {"prev": {"page": asked.page - 1}, "first": {"page": 1}}
        if self.cursors:
            relations = {name: parts for name, parts in relations.items() if name == "next"}
        return ", ".join(
            f'<{httpx.URL(address, params={**query, **parts})}>; rel="{name}"' for name, parts in relations.items()
        )


def make_alerts(
    transport: httpx.AsyncBaseTransport,
    waits: Waits,
    *,
    at_once: int = 4,
    credentials: Credentials | None = None,
) -> Alerts:
    settings, clock = Settings(parallel_reads=at_once), Clock(waits.now)
    client = make_client(transport, waits, credentials=credentials, settings=settings, clock=clock)
    return Alerts(client, settings)


def numbers_of(alerts: Iterable[AnyAlert]) -> list[int]:
    return sorted(alert.alert_number for alert in alerts)
