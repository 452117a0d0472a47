"""What a client of 2025 lives through: asked within its session, and told clearly when the session is gone."""

from __future__ import annotations

import signal
from typing import Any

import anyio
import anyio.to_thread
import httpx
from mcp_types import CallToolResult

from tests.cluster.load import LEGACY, Said, client_at
from tests.cluster.replicas import ReplicaProcess
from tests.cluster.stage import Stage
from tests.http.service import answer_in, connected_by_hand, post, request_of


async def delete_in_session(on: Stage, org: str, *numbers: int) -> tuple[list[CallToolResult], int]:
    """Have campaigns deleted through the balancer within one session.

    Returns:
        The results, and how many questions were asked.
    """
    said = Said()
    async with client_at(on.url, on.token, LEGACY, said) as client:
        results = [
            await client.call_tool("delete_campaign", {"org": org, "campaign_number": number}) for number in numbers
        ]
    return results, said.questions


def open_session(on: Stage) -> tuple[dict[str, str], ReplicaProcess]:
    """Open a session by hand; return the headers that carry it and the replica that holds it."""
    headers = connected_by_hand(on.url, LEGACY, on.token)
    inside = headers["mcp-session-id"].partition(".")[0]
    holding = [
        replica
        for replica in on.replicas
        if _list(replica.url, {**headers, "mcp-session-id": inside, "host": on.url.split("/")[2]}).status_code == 200
    ]
    [holder] = holding
    return headers, holder


def lists_in(on: Stage, headers: dict[str, str]) -> httpx.Response:
    """List tools through the balancer, within a session."""
    return _list(on.url, headers)


def _list(url: str, headers: dict[str, str]) -> httpx.Response:
    return post(url, request_of(LEGACY, "tools/list"), headers)


def told(response: httpx.Response) -> str:
    """Return the message of a refusal."""
    message: str = answer_in(response)["error"]["message"]
    return message


async def end_and_start(replica: ReplicaProcess, how: signal.Signals, *more: str) -> None:
    """End a replica and start it again, with further arguments if there are any."""
    await anyio.to_thread.run_sync(replica.end, how)
    replica.arguments = [*replica.arguments, *more]
    await anyio.to_thread.run_sync(replica.start)


async def refused_without_sessions(on: Stage, org: str, number: int) -> tuple[str, dict[str, Any]]:
    """Have a campaign read and deleted by a client of 2025; return the refusal's text and what was read."""
    async with client_at(on.url, on.token, LEGACY) as client:
        reading = await client.call_tool("get_campaign", {"org": org, "campaign_number": number})
        refused = await client.call_tool("delete_campaign", {"org": org, "campaign_number": number})
    assert refused.is_error
    assert reading.structured_content is not None
    return "\n".join(getattr(block, "text", "") for block in refused.content), reading.structured_content
