"""The TypeScript SDK's clients, old and new, over stdio and HTTP; the person agrees, declines, or is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.sandbox.app import create_sandbox
from server.sandbox.options import SandboxOptions
from tests.clients.sdk_clients import SDK_CLIENTS, SDKClient, connect
from tests.clients.served import Server, of, over_http, over_stdio
from tests.harness import ORG, Sent
from tests.processes import LoopbackGitHub, loopback_github

NUMBER = 6
DELETE = ("delete_campaign", {"campaign_number": NUMBER})
LIST: tuple[str, dict[str, Any]] = ("list_campaigns", {})
TYPED = {"action": "accept", "content": {"campaign": f"{ORG}/{NUMBER}"}}


@pytest.fixture(params=SDK_CLIENTS, ids=str)
def client(request: pytest.FixtureRequest) -> SDKClient:
    chosen: SDKClient = request.param
    return chosen


@pytest.fixture(scope="module")
def world() -> Iterator[LoopbackGitHub]:
    with loopback_github() as running:
        yield running


@pytest.fixture(scope="module")
def service(world: LoopbackGitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with over_http(tmp_path_factory.mktemp("service"), **of(world)) as running:
        yield running


@pytest.fixture
def github(world: LoopbackGitHub) -> LoopbackGitHub:
    """GitHub as at the beginning, on the address that the service knows."""
    world.sandbox = create_sandbox(SandboxOptions())
    world.sent.clear()
    return world


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest, github: LoopbackGitHub, service: Server) -> Server:
    return service if request.param == "http" else over_stdio(**of(github))


def test_what_a_person_confirms_is_gone(
    client: SDKClient, server: Server, github: LoopbackGitHub, tmp_path: Path
) -> None:
    answered = connect(client, server, tmp_path, LIST, DELETE, LIST, person=TYPED)
    assert answered.revision == client.revision
    assert {tool["name"] for tool in answered.tools} >= {"list_campaigns", "delete_campaign"}
    assert github.writes == [Sent("DELETE", f"/orgs/{ORG}/campaigns/{NUMBER}")]
    before, deleted, after = answered.results
    numbers = [{found["number"] for found in listed["structuredContent"]["campaigns"]} for listed in (before, after)]
    assert numbers[0] - numbers[1] == {NUMBER}
    assert not deleted.get("isError")
    [question] = answered.asked
    assert f"will delete campaign {ORG}/{NUMBER}" in question["message"]
    assert question["requestedSchema"]["required"] == ["campaign"]


def test_what_a_person_declines_stays(
    client: SDKClient, server: Server, github: LoopbackGitHub, tmp_path: Path
) -> None:
    answered = connect(client, server, tmp_path, DELETE, person={"action": "decline"})
    assert answered.results[0]["isError"]
    assert answered.text(0) == f"Not confirmed (declined). Campaign {NUMBER} was not deleted."
    assert len(answered.asked) == 1
    assert github.writes == []


def test_a_client_that_cannot_ask_is_told_the_ways_on(
    client: SDKClient, server: Server, github: LoopbackGitHub, tmp_path: Path
) -> None:
    answered = connect(client, server, tmp_path, DELETE)
    assert answered.results[0]["isError"]
    told = answered.text(0)
    assert told.startswith("Deleting needs a person's confirmation, and this client cannot ask for one.")
    assert f"https://github.com/orgs/{ORG}/security/campaigns/{NUMBER}" in told
    assert "--confirm never" in told
    assert told.endswith(f"Campaign {NUMBER} was not deleted.")
    assert github.writes == []


def test_what_is_not_offered_is_not_declared(client: SDKClient, service: Server, tmp_path: Path) -> None:
    """The conformance suite's scenarios for these are left out for this reason: see scenarios.py."""
    answered = connect(client, service, tmp_path)
    assert "logging" not in answered.capabilities
    assert answered.capabilities["resources"].get("subscribe", False) is False
    assert "tasks" not in answered.capabilities
    assert answered.capabilities.get("extensions", {}).keys() <= {"io.modelcontextprotocol/ui"}
    assert "x-mcp-header" not in str(answered.tools)
