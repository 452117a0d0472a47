"""What is counted: this project's definitions as a client gets them, and answers beside what GitHub itself answers.

Nothing here is timed and the sandbox's time stands still, so that each run counts the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import anyio
import httpx
from mcp import Client
from mcp_types import TextContent

from benchmarks.peers import Peers, read_peers
from benchmarks.token_counts import Counting, Size, added, compact, definition, sizes
from server.app import build_server, instructions
from server.github.credentials import FixedToken
from server.sandbox.app import create_sandbox
from server.sandbox.options import SANDBOX_TOKEN, SandboxOptions
from server.settings import Settings

ORG = "octo-org"
_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_ALERTS = f"/orgs/{ORG}/code-scanning/alerts?state=open&sort=created&direction=desc"


class Question(NamedTuple):
    """A tool's call, and what one would ask GitHub instead; `paths` are its pages."""

    tool: str
    arguments: dict[str, Any]
    paths: Sequence[str]


QUESTIONS = {
    "all 6 campaigns": Question("list_campaigns", {}, (f"/orgs/{ORG}/campaigns?per_page=30",)),
    "one campaign": Question("get_campaign", {"campaign_number": 3}, (f"/orgs/{ORG}/campaigns/3",)),
    "a page of 25 alerts": Question("find_alerts", {"detail": 1}, (f"{_ALERTS}&per_page=25",)),
    "all 267 open alerts": Question(
        "find_alerts", {}, tuple(f"{_ALERTS}&per_page=100&page={page}" for page in (1, 2, 3))
    ),
}


class Definition(NamedTuple):
    """A tool: what a model is given of it, and all of it as it is sent."""

    given: Size
    sent: Size


@dataclass(frozen=True)
class Results:
    """What was counted: `answers` by question, GitHub's and this project's."""

    definitions: dict[str, Definition]
    instructions: Size
    peers: Peers
    answers: dict[str, tuple[Size, Size]]


def run(counting: Counting = sizes) -> Results:
    """Count everything.

    Raises:
        RuntimeError: the tokenizer is missing, or a call was refused.
    """
    tools, answers = anyio.run(_gathered)
    texts = {"instructions": instructions(Settings())}
    for tool in tools:
        texts |= {f"given {tool['name']}": definition(tool), f"sent {tool['name']}": compact(tool)}
    for name, (bodies, text) in answers.items():
        texts |= {f"GitHub {index} {name}": body for index, body in enumerate(bodies)} | {f"ours {name}": text}
    counted = counting(texts)
    definitions = {
        tool["name"]: Definition(counted[f"given {tool['name']}"], counted[f"sent {tool['name']}"]) for tool in tools
    }
    beside = {
        name: (added(*(counted[f"GitHub {index} {name}"] for index in range(len(bodies)))), counted[f"ours {name}"])
        for name, (bodies, _) in answers.items()
    }
    return Results(definitions, counted["instructions"], read_peers(), beside)


async def _gathered() -> tuple[list[dict[str, Any]], dict[str, tuple[list[str], str]]]:
    """Return the tools as JSON, and by question GitHub's bodies and this project's text."""
    github = httpx.ASGITransport(app=create_sandbox(SandboxOptions(clock=lambda: _NOON)))
    settings = Settings(org=ORG, no_store=True)
    server = build_server(settings, credentials=FixedToken(SANDBOX_TOKEN, "the benchmark"), transport=github)
    signed_in = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    async with (
        Client(server) as client,
        httpx.AsyncClient(transport=github, base_url="https://api.github.com", headers=signed_in) as direct,
    ):
        listed = (await client.list_tools()).tools
        tools = [json.loads(tool.model_dump_json(by_alias=True, exclude_none=True)) for tool in listed]
        answers = {}
        for name, question in QUESTIONS.items():
            responses = [await direct.get(path) for path in question.paths]
            bodies = [response.raise_for_status().text for response in responses]
            result = await client.call_tool(question.tool, question.arguments)
            block = result.content[0]
            if result.is_error or not isinstance(block, TextContent):
                raise RuntimeError(f"{question.tool} was refused: {block}")
            answers[name] = (bodies, "".join(each.text for each in result.content if isinstance(each, TextContent)))
    return tools, answers
