"""A real process told to stop, and clients that go away, while a write is on its way to GitHub."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from mcp_types import CallToolResult
from starlette.types import Receive, Scope, Send

from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.store.store import Store
from tests.harness import ORG, accept, open_pairs, text_of
from tests.http.service import (
    PATIENCE,
    ServiceProcess,
    answer_in,
    client_of,
    connected_by_hand,
    get,
    headers_of,
    make_token,
    post,
    request_of,
    service_process,
)
from tests.processes import LoopbackGitHub, loopback_github

pytestmark = pytest.mark.anyio

NEW = {"name": "Unsafe deserialization", "description": "No code in data.", "ends_at": "2099-01-08"}


@dataclass
class SlowGitHub(LoopbackGitHub):
    """Takes a write and lets it wait until it is told to go on."""

    held: str = "POST"
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == self.held:
            self.reached.set()
            await anyio.to_thread.run_sync(self.go_on.wait, PATIENCE)
        await super().__call__(scope, receive, send)


class Stage:
    """A service process before a slow GitHub, with its store."""

    def __init__(self, github: SlowGitHub, service: ServiceProcess, store: Path, token: str) -> None:
        self.github, self.service, self.store, self.token = github, service, store, token

    def arguments(self) -> dict[str, Any]:
        return {**NEW, "alerts": open_pairs(self.github.sandbox, 1)}

    async def reached(self) -> None:
        assert await anyio.to_thread.run_sync(self.github.reached.wait, PATIENCE)

    async def until_stopping(self) -> None:
        """Wait until the process has taken notice of the signal."""
        while (await anyio.to_thread.run_sync(get, self.service.url.replace("/mcp", "/readyz"))).status_code == 200:
            pass

    async def ended(self) -> int:
        return await anyio.to_thread.run_sync(self.service.ended)

    def published(self) -> int:
        """Return the number under which GitHub has the new campaign."""
        [number] = [
            campaign.number
            for campaign in self.github.sandbox.state.organization(ORG).campaigns.values()
            if campaign.name == NEW["name"]
        ]
        return number

    async def recorded(self) -> int:
        """Return how many alerts the store says that campaign was published with."""
        store = Store(self.github.url.removeprefix("http://"), self.store)
        try:
            kept = await store.alerts_of(ORG, self.published())
            assert kept is not None
            return len(kept.alerts)
        finally:
            await store.aclose()


@contextmanager
def slow_github() -> Iterator[SlowGitHub]:
    with loopback_github(SandboxOptions(), kind=SlowGitHub) as github:
        assert isinstance(github, SlowGitHub)
        try:
            yield github
        finally:
            github.go_on.set()


@contextmanager
def staged(folder: Path, *arguments: str) -> Iterator[Stage]:
    tokens, store = folder / "tokens", folder / "store.sqlite3"
    token = make_token(tokens)
    with (
        slow_github() as github,
        service_process(
            *("--org", ORG, "--tokens", str(tokens), "--store", str(store), *arguments),
            GITHUB_API_URL=github.url,
            GITHUB_TOKEN=ADMIN_TOKEN,
        ) as service,
    ):
        yield Stage(github, service, store, token)


async def test_a_campaign_being_created_when_the_service_is_stopped_is_published_recorded_and_answered(
    era: str, tmp_path: Path
) -> None:
    answers: list[CallToolResult] = []
    with staged(tmp_path) as stage, anyio.fail_after(2 * PATIENCE):
        async with client_of(stage.service.url, era, stage.token) as client, anyio.create_task_group() as group:
            await client.list_tools()  # or the client does so when it has the answer, to look whether that is right

            async def create() -> None:
                answers.append(await client.call_tool("create_campaign", stage.arguments()))

            group.start_soon(create)
            await stage.reached()
            stage.service.stop()
            await stage.until_stopping()
            refused = await anyio.to_thread.run_sync(
                post, stage.service.url, request_of(era, "tools/list"), headers_of(era, stage.token)
            )
            stage.github.go_on.set()
        assert await stage.ended() == 0
        assert (refused.status_code, refused.json()["id"]) == (503, 7)
        assert "being stopped" in refused.json()["error"]["message"]
        [answer] = answers
        assert not answer.is_error, text_of(answer)
        assert f"as campaign {stage.published()}" in text_of(answer)
        assert await stage.recorded() == len(stage.arguments()["alerts"][0]["alert_numbers"])


async def test_a_write_outlives_the_grace_is_recorded_and_answered(era: str, tmp_path: Path) -> None:
    """A read that is under way at the same time is given up, which shows that the grace is over."""
    with staged(tmp_path, "--shutdown-grace", "0") as stage, anyio.fail_after(2 * PATIENCE):
        headers = connected_by_hand(stage.service.url, era, stage.token)
        create = request_of(era, "tools/call", name="create_campaign", arguments=stage.arguments())
        read = {**request_of(era, "tools/call", name="get_campaign", arguments={"campaign_number": 3}), "id": 8}
        written: list[httpx.Response] = []

        async def create_it() -> None:
            written.append(await anyio.to_thread.run_sync(post, stage.service.url, create, headers))

        async def stop() -> None:
            await stage.reached()
            stage.service.stop()

        async with anyio.create_task_group() as group:
            group.start_soon(create_it)
            await stage.reached()
            stage.github.held = "GET"
            stage.github.reached.clear()
            group.start_soon(stop)
            given_up = await anyio.to_thread.run_sync(post, stage.service.url, read, headers)
            assert "stopped before the call was done" in answer_in(given_up)["error"]["message"]
            assert written == []
            stage.github.go_on.set()
        assert await stage.ended() == 0
        assert await stage.recorded()
        answer = answer_in(written[0])["result"]
        assert not answer.get("isError"), answer
        assert f"as campaign {stage.published()}" in str(answer)


async def test_a_question_whose_asker_has_gone_does_not_keep_the_service_from_ending(tmp_path: Path) -> None:
    with staged(tmp_path, "--shutdown-grace", "3000") as stage, anyio.fail_after(2 * PATIENCE):
        stage.github.go_on.set()
        headers = connected_by_hand(stage.service.url, "2025-11-25", stage.token, elicitation={})
        call = request_of("2025-11-25", "tools/call", name="delete_campaign", arguments={"campaign_number": 3})
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http,
            http.stream("POST", stage.service.url, json=call, headers=headers) as stream,
        ):
            async for line in stream.aiter_lines():
                if "elicitation/create" in line:
                    break
        stage.service.stop()
        assert await anyio.to_thread.run_sync(stage.service.process.wait, PATIENCE) == 0
        assert stage.github.writes == []


async def test_a_campaign_is_recorded_though_the_client_has_gone(era: str, tmp_path: Path) -> None:
    with staged(tmp_path) as stage, anyio.fail_after(2 * PATIENCE):
        async with client_of(stage.service.url, era, stage.token) as client, anyio.create_task_group() as group:

            async def create() -> None:
                await client.call_tool("create_campaign", stage.arguments())

            group.start_soon(create)
            await stage.reached()
            group.cancel_scope.cancel()
        stage.github.go_on.set()
        stage.service.stop()
        assert await stage.ended() == 0
        assert await stage.recorded()


async def test_a_person_who_is_being_asked_when_the_service_is_stopped_can_still_answer(tmp_path: Path) -> None:
    """Before 2026-07-28 the question is put while the call runs, and its answer comes as a request of its own."""
    person = accept(campaign=f"{ORG}/3")
    with staged(tmp_path) as stage, anyio.fail_after(2 * PATIENCE):
        stage.github.go_on.set()

        async def stop() -> None:
            stage.service.stop()
            await stage.until_stopping()

        person.meanwhile = stop
        async with client_of(stage.service.url, "2025-11-25", stage.token, person) as client:
            await client.list_tools()
            answer = await client.call_tool("delete_campaign", {"campaign_number": 3})
        assert not answer.is_error, text_of(answer)
        assert [sent.method for sent in stage.github.writes] == ["DELETE"]
        assert await stage.ended() == 0


@pytest.mark.parametrize(
    ("held", "tool", "arguments"),
    [
        ("PATCH", "update_campaign", {"campaign_number": 3, "description": "Another one."}),
        ("DELETE", "delete_campaign", {"campaign_number": 3}),
    ],
)
async def test_other_writes_are_finished_too_though_the_client_has_gone(
    era: str, tmp_path: Path, held: str, tool: str, arguments: dict[str, Any]
) -> None:
    with staged(tmp_path, "--confirm", "never") as stage, anyio.fail_after(2 * PATIENCE):
        stage.github.held = held
        async with client_of(stage.service.url, era, stage.token) as client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, tool, arguments)
            await stage.reached()
            group.cancel_scope.cancel()
        stage.service.stop()
        stage.github.go_on.set()
        assert await stage.ended() == 0
        assert [sent.method for sent in stage.github.writes] == [held]
        campaigns = stage.github.sandbox.state.organization(ORG).campaigns
        assert (3 not in campaigns) if held == "DELETE" else (campaigns[3].description == "Another one.")


async def test_an_open_stream_of_events_does_not_keep_the_service_from_ending(tmp_path: Path) -> None:
    with staged(tmp_path) as stage, anyio.fail_after(2 * PATIENCE):
        headers = connected_by_hand(stage.service.url, "2025-11-25", stage.token)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http,
            http.stream("GET", stage.service.url, headers=headers) as stream,
        ):
            assert stream.status_code == 200
            stage.service.stop()
            async for _ in stream.aiter_bytes():
                pass
        assert await stage.ended() == 0
        assert not [line for line in stage.service.said if " ERROR " in line]
