"""The clients that are compared. Each reads all open alerts of an organization and has them in a list in the end.

What each is given: the API's address, pages of 100, and a connection kept open. Everything else is as it comes, except
PyGithub's pause of a quarter of a second between requests, which is switched off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import httpx

from benchmarks.loopback import QUERY
from server.sandbox.options import SANDBOX_TOKEN

Pair = tuple[int, int]
"""An alert's repository id and number."""
Read = Callable[[str], Awaitable[Sequence[Any]]]
"""Reads an organization's open alerts."""


class Contestant(NamedTuple):
    """How a client is set up on an address, and how the pair is got from one of its alerts."""

    opened: Callable[[str], AbstractAsyncContextManager[Read]]
    pair: Callable[[Any], Pair]


@asynccontextmanager
async def this_project(url: str, at_once: int) -> AsyncIterator[Read]:
    """Open this project's reading, with so many requests under way."""
    from server.domain.alerts import AlertQuery  # noqa: PLC0415 - each process imports only what it measures
    from server.github.connection import open_github  # noqa: PLC0415 - as above
    from server.github.credentials import FixedToken  # noqa: PLC0415 - as above
    from server.settings import Settings  # noqa: PLC0415 - as above

    settings = Settings(api_url=url, parallel_reads=at_once)
    async with open_github(settings, credentials=FixedToken(SANDBOX_TOKEN, "the benchmark")) as github:

        async def read(org: str) -> Sequence[Any]:
            reading = await github.alerts.read(org, AlertQuery("code"))
            if reading.gaps or reading.notes:
                raise RuntimeError(f"The reading was not a plain one: {reading.gaps} {reading.notes}")
            return reading.alerts

        yield read


@asynccontextmanager
async def bare_httpx(url: str, at_once: int) -> AsyncIterator[Read]:
    """Open a loop over httpx that parses pages and does nothing else, with so many requests under way."""
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}", "Accept": "application/vnd.github+json"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:

        async def page(org: str, number: int) -> tuple[httpx.Response, list[Pair]]:
            response = await client.get(f"/orgs/{org}/code-scanning/alerts", params={**QUERY, "page": number})
            return response, [(alert["repository"]["id"], alert["number"]) for alert in response.json()]

        async def pages(org: str, numbers: Iterable[int], found: list[Pair]) -> None:
            for number in numbers:
                found += (await page(org, number))[1]

        async def read(org: str) -> Sequence[Any]:
            response, found = await page(org, 1)
            last = httpx.URL(response.links["last"]["url"]).params["page"] if "last" in response.links else "1"
            waiting = iter(range(2, int(last) + 1))
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(pages(org, waiting, found))
            return found

        yield read


@asynccontextmanager
async def githubkit(url: str, *, http_cache: bool = True) -> AsyncIterator[Read]:
    """Open githubkit's paginate, with its HTTP cache or without."""
    kit = import_module("githubkit")
    async with kit.GitHub(SANDBOX_TOKEN, base_url=url, http_cache=http_cache) as github:
        list_alerts = github.rest.code_scanning.async_list_alerts_for_org  # its first use imports the models

        async def read(org: str) -> Sequence[Any]:
            query = {**QUERY, "per_page": int(QUERY["per_page"])}
            return [alert async for alert in github.rest.paginate(list_alerts, org=org, **query)]

        yield read


@asynccontextmanager
async def pygithub(url: str) -> AsyncIterator[Read]:
    """Open PyGithub's paginated list. It blocks, and there is nothing else to do meanwhile."""
    library = import_module("github")
    size, token = int(QUERY["per_page"]), library.Auth.Token(SANDBOX_TOKEN)
    github = library.Github(base_url=url, auth=token, per_page=size, seconds_between_requests=None, lazy=True)
    query = {name: value for name, value in QUERY.items() if name != "per_page"}

    async def read(org: str) -> Sequence[Any]:
        return list(github.get_organization(org).get_codescan_alerts(**query))

    yield read
    github.close()


def _of_record(alert: Any) -> Pair:
    return alert.repository_id, alert.alert_number


def _of_pair(alert: Pair) -> Pair:
    return alert


def _of_object(alert: Any) -> Pair:
    return alert.repository.id, alert.number


CONTESTANTS = {
    "this project, 4 under way": Contestant(partial(this_project, at_once=4), _of_record),
    "this project, 8 under way": Contestant(partial(this_project, at_once=8), _of_record),
    "this project, 1 under way": Contestant(partial(this_project, at_once=1), _of_record),
    "bare httpx, 4 under way": Contestant(partial(bare_httpx, at_once=4), _of_pair),
    "bare httpx, 8 under way": Contestant(partial(bare_httpx, at_once=8), _of_pair),
    "githubkit": Contestant(githubkit, _of_object),
    "githubkit, no HTTP cache": Contestant(partial(githubkit, http_cache=False), _of_object),
    "PyGithub": Contestant(pygithub, _of_object),
}
"""Those in Python, by the name under which they are asked for and shown."""
OCTOKIT = "Octokit"
"""The one that is not; see octokit.mjs."""
