"""What the README says is held against the code."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

import prompts
import tools
from server.cli import parser
from server.options import OPTIONS
from server.protocol import CampaignServer
from tests.harness import connected

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BY_HAND = (ROOT / "docs/how-to/clients.md").read_text()


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_options_table_has_options_as_they_are_in_their_order() -> None:
    """All of them are in docs/reference.md, which tests/test_reference.py holds."""
    table = re.findall(r"^\| `(--[a-z-]+)` \| `([A-Z_]+)` \| (.*) \|$", README, re.MULTILINE)
    named = [flag for flag, _, _ in table]
    assert len(named) > 5
    assert [(flag, env) for flag, env, _ in table] == [
        (option.flag, option.env) for option in OPTIONS if option.flag in named
    ]
    choices = {option.flag: option.choices for option in OPTIONS}
    for flag, _, meaning in table:
        assert all(f"`{choice}`" in meaning for choice in choices[flag]), flag


def test_the_tools_table_is_the_tools() -> None:
    table = README.split("## What an assistant can do")[1].split("### Choosing alerts")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [spec.run.__name__ for spec in tools.TOOLS]


def test_every_tool_is_in_the_permissions_table() -> None:
    table = README.split("## Tokens and permissions")[1].split("The credential")[0]
    for spec in tools.TOOLS:
        assert f"`{spec.run.__name__}`" in table


@pytest.mark.anyio
async def test_every_prompt_is_named() -> None:
    server = CampaignServer("test")
    prompts.register_prompts(server)
    for prompt in await server.list_prompts():
        assert f"`{prompt.name}`" in README


def test_every_command_is_named() -> None:
    commands = next(action for action in parser()._actions if action.dest == "command").choices
    assert commands is not None
    line = next(line for line in README.splitlines() if line.startswith("Commands:"))
    assert all(f"`{command}`" in line for command in commands)


def test_every_configuration_to_paste_parses_and_starts_the_command() -> None:
    servers = []
    for block in blocks("json", README + BY_HAND):
        configuration = json.loads(block)
        servers += (configuration.get("servers") or configuration["mcpServers"]).values()
    for block in blocks("toml", BY_HAND):
        servers += tomllib.loads(block)["mcp_servers"].values()
    assert len(servers) == 7
    for server in servers:
        assert server["command"].endswith("security-campaigns-mcp")
        parser().parse_args(server["args"])


def test_every_make_command_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for block in blocks("sh"):
        for target in re.findall(r"^make (\w+)", block, re.MULTILINE):
            assert target in targets


def test_lock_files_pin_every_package_by_hash_and_name_no_index() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        packages = re.split(r"\n(?=\S)", text.strip())
        assert all("==" in package and "--hash=sha256:" in package for package in packages)


def test_lock_files_hold_what_the_project_declares() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {re.match(r"[a-z0-9-]+", line)[0] for line in declared["project"]["dependencies"]}  # type: ignore[index]  # each has a name
    groups = declared["dependency-groups"]
    dev = {re.match(r"[a-z0-9-]+", line)[0] for line in groups["dev"] if isinstance(line, str)}  # type: ignore[index]  # each has a name
    locked = {
        lock.stem: set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", lock.read_text(), re.MULTILINE))
        for lock in (ROOT / "requirements").glob("*.txt")
    }
    assert names <= locked["runtime"] <= locked["dev"]
    assert dev <= locked["dev"]


@pytest.mark.anyio
async def test_the_campaign_to_ask_for_in_the_sandbox_can_be_published() -> None:
    [(name, severities, repository)] = re.findall(
        r'Publish a campaign "([^"]+)" for the ([a-z ]+) alerts of the ([\w-]+) repository', " ".join(README.split())
    )
    async with connected() as case:
        asked = {
            "name": name,
            "description": "As the README says",
            "ends_at": "2099-01-31",
            "managers": ["mona-lisa"],
            "filter": {"repositories": [repository], "severities": severities.split(" and ")},
        }
        preview = await case.done("create_campaign", **asked, dry_run=True)
        published = await case.done("create_campaign", **asked, preview=preview["preview"])
    assert published["campaign"]["alert_stats"]["closed_count"] == 0
    assert "GitHub counts" not in published["summary"]
