"""The clients of the benchmark of calls: the SDK's own, one call after the other, each server a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from benchmarks import processes
from benchmarks.loopback import ORG, TALLY
from benchmarks.processes import Worker
from server.sandbox.options import SANDBOX_TOKEN

CALLS: Mapping[str, Mapping[str, Any]] = {
    "list_campaigns": {"org": ORG, "page": 1, "per_page": 10},
    "get_campaign": {"org": ORG, "campaign_number": 3},
}
"""What is called: the bare server's tools take the same arguments."""
NUMBERS = {"list_campaigns": [6, 5, 4, 3, 2, 1], "get_campaign": [3]}
"""The campaigns that the answers have to tell of, as the sandbox seeds them."""


class Server(NamedTuple):
    """Which server is called, over what, and what it asks.

    Attributes:
        transport: "stdio" or "HTTP".
        ours: this project's, otherwise the bare one.
        unchanged: whether its GitHub gives ETags, and answers with 304.
    """

    transport: str
    ours: bool
    unchanged: bool


class Place(NamedTuple):
    """Where things are: a folder for what is kept, the file of tokens with one of them, and GitHub's address."""

    folder: Path
    tokens: Path
    token: str
    github: str


class Called(NamedTuple):
    """What the calls of one tool took.

    Attributes:
        first: milliseconds of the very first call of the tool in the server's process.
        took: milliseconds of each later call that counts.
        computed: milliseconds that the server's process computed for a call.
        size: characters of the answer's text.
    """

    first: float
    took: list[float]
    computed: float
    size: int

    @property
    def middle(self) -> float:
        """The median of the later calls."""
        return median(self.took)


async def call(server: Server, place: Place, tool_calls: int) -> dict[str, Called]:
    """Start a server, call each tool so many times after a tenth as many that do not count, and stop it.

    Raises:
        RuntimeError: an answer was not right, or GitHub was not asked as the server's name says.
    """
    opened = _over_stdio if server.transport == "stdio" else _over_http
    async with opened(server, place) as (client, worker), httpx.AsyncClient(trust_env=False) as github:
        await client.list_tools()
        return {tool: await _called(tool, server, client, worker, github, place, tool_calls) for tool in CALLS}


async def _called(
    tool: str, server: Server, client: Client, worker: Worker, github: httpx.AsyncClient, place: Place, tool_calls: int
) -> Called:
    arguments = dict(CALLS[tool])

    async def timed() -> tuple[float, CallToolResult]:
        began = time.perf_counter()
        result = await client.call_tool(tool, arguments)
        return (time.perf_counter() - began) * 1000, result

    first, _ = await timed()
    for _ in range(1 + tool_calls // 10):
        await timed()
    await github.get(f"{place.github}{TALLY}")
    before = worker.computed()
    calls = [await timed() for _ in range(tool_calls)]
    computed = (worker.computed() - before) * 1000 / tool_calls
    tally = (await github.get(f"{place.github}{TALLY}")).json()
    size = {check(tool, result) for _, result in calls}.pop()
    requests, unchanged = tally["requests"] / tool_calls, tally["unchanged"] / tool_calls
    if (requests, unchanged) != (1, int(server.unchanged)):
        raise RuntimeError(f"{server} made {requests:g} requests for a call of {tool}, {unchanged:g} answered with 304")
    return Called(first, [took for took, _ in calls], computed, size)


def check(tool: str, result: CallToolResult) -> int:
    """Return how many characters an answer's text has.

    Raises:
        RuntimeError: it does not tell of the campaigns that were asked for.
    """
    text = result.content[0].text if result.content and isinstance(result.content[0], TextContent) else ""
    told = json.loads(text) if text[:1] in ("[", "{") else None
    campaigns = told.get("campaigns", [told]) if isinstance(told, dict) else told or []
    if result.is_error or [each.get("number") for each in campaigns] != NUMBERS[tool]:
        raise RuntimeError(f"the answer to {tool} is not right: {text[:500]}")
    return len(text)


@asynccontextmanager
async def _over_stdio(server: Server, place: Place) -> AsyncIterator[tuple[Client, Worker]]:
    module = ["security_campaigns_mcp"] if server.ours else ["benchmarks.bare_server", place.github]
    environ = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": SANDBOX_TOKEN, "GITHUB_API_URL": place.github}
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", *module], env={**environ, "XDG_STATE_HOME": str(place.folder)}
    )
    others = processes.children()
    async with Client(parameters) as client:
        (pid,) = processes.children() - others
        yield client, Worker("", pid)


@asynccontextmanager
async def _over_http(server: Server, place: Place) -> AsyncIterator[tuple[Client, Worker]]:
    run: AbstractContextManager[list[Worker]]
    if server.ours:
        run = processes.service(place.tokens, place.github, place.folder / "store.sqlite3", 1)
    else:
        run = processes.bare(place.tokens, place.github, 1)
    headers = {"Authorization": f"Bearer {place.token}"}
    with run as (worker,):
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False) as http,
            Client(streamable_http_client(worker.url, http_client=http)) as client,
        ):
            yield client, worker
