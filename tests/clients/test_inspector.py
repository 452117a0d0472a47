"""The MCP Inspector's command line, over stdio and over HTTP, for both eras of the protocol."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import PACKAGES, Played, played
from tests.clients.served import Server, over_http, over_stdio

INSPECTOR = PACKAGES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
NUMBER = 6
NAME = "Path traversal"  # of campaign 6 of the sandbox

LESS_PORTABLE = {
    ("create_campaign", "outputSchema.properties.changes.additionalProperties.properties.after"),
    ("create_campaign", "outputSchema.properties.changes.additionalProperties.properties.before"),
    ("update_campaign", "inputSchema.properties.contact_link"),
    ("update_campaign", "outputSchema.properties.changes.additionalProperties.properties.after"),
    ("update_campaign", "outputSchema.properties.changes.additionalProperties.properties.before"),
}
"""What `--strict` warns of, none of it an error: a field of a campaign before and after may be of any type, and a
contact link may be null, which clears it."""


@dataclass(frozen=True)
class Inspector:
    """The Inspector with a server."""

    server: Server
    era: str
    home: Path

    def play(self, method: str, *arguments: str) -> Played:
        """Run it for one method."""
        unhurried = ("--connect-timeout", "0")  # how long a busy machine takes is no part of this
        asked = ("--cli", "--format", "json", *unhurried, "--protocol-era", self.era, "--method", method)
        if self.server.url:
            reached: tuple[str, ...] = ("--transport", "http", "--server-url", self.server.url)
        else:
            environ = [f"{name}={value}" for name, value in self.server.environ.items()]
            reached = (*(word for pair in environ for word in ("-e", pair)), sys.executable, *self.server.arguments)
        return played(INSPECTOR, *asked, *arguments, *reached, home=self.home)

    def result(self, method: str, *arguments: str) -> dict[str, Any]:
        """Return the result of a method that must succeed."""
        done = self.play(method, *arguments)
        assert done.status == 0, done.complained
        result: dict[str, Any] = json.loads(done.said)["result"]
        return result


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with over_http(tmp_path_factory.mktemp("service"), "--sandbox") as running:
        yield running


@pytest.fixture(params=["stdio-legacy", "http-legacy", "http-modern"])
def inspector(request: pytest.FixtureRequest, service: Server, tmp_path: Path) -> Inspector:
    transport, era = request.param.split("-")
    return Inspector(service if transport == "http" else over_stdio("--sandbox"), era, tmp_path)


every_way = pytest.mark.parametrize(
    "inspector", ["stdio-legacy", "stdio-modern", "http-legacy", "http-modern"], indirect=True
)


@every_way
def test_the_tools_are_listed_and_portable(inspector: Inspector) -> None:
    done = inspector.play("tools/list", "--strict")
    assert done.status == 0, done.complained
    tools = json.loads(done.said)["result"]["tools"]
    assert [tool["name"] for tool in tools][:2] == ["list_campaigns", "get_campaign"]
    assert "0 errors" in done.complained
    assert set(re.findall(r'^Warning: tool "(\S+)"\n +Path: (\S+)', done.complained, re.MULTILINE)) == LESS_PORTABLE


@every_way
def test_campaigns_are_listed(inspector: Inspector) -> None:
    listed = inspector.result("tools/call", "--tool-name", "list_campaigns", "--tool-args-json", "{}")
    assert not listed.get("isError")
    assert json.loads(listed["content"][0]["text"]) == listed["structuredContent"]
    named = {found["number"]: found["name"] for found in listed["structuredContent"]["campaigns"]}
    assert named[NUMBER] == NAME


def test_prompts_are_listed_and_one_is_filled_with_a_campaign_s_facts(inspector: Inspector) -> None:
    listed = inspector.result("prompts/list")
    assert "announce_campaign" in {prompt["name"] for prompt in listed["prompts"]}
    got = inspector.result(
        "prompts/get", "--prompt-name", "announce_campaign", "--prompt-args", f"campaign_number={NUMBER}"
    )
    assert NAME in got["messages"][0]["content"]["text"]


def test_resources_and_their_templates_are_listed(inspector: Inspector) -> None:
    resources = inspector.result("resources/list")["resources"]
    assert {found["uri"] for found in resources} == {
        "alert-templates://all",
        "ui://security-campaigns/progress.html",
    }
    templates = inspector.result("resources/templates/list")["resourceTemplates"]
    assert {found["uriTemplate"] for found in templates} == {"campaigns://{org}", "campaigns://{org}/{campaign_number}"}


def test_a_resource_is_read(inspector: Inspector) -> None:
    [content] = inspector.result("resources/read", "--uri", f"campaigns://octo-org/{NUMBER}")["contents"]
    assert json.loads(content["text"])["name"] == NAME


def test_a_failed_read_says_what_there_is_instead(inspector: Inspector) -> None:
    done = inspector.play("resources/read", "--uri", "campaigns://octo-org/99")
    assert done.status != 0
    assert "There is no campaign octo-org/99. list_campaigns shows those there are" in done.complained
