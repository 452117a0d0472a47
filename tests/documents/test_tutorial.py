"""Whoever does what docs/tutorial.md says sees what it says."""

from __future__ import annotations

import json
import re

import pytest
from mcp import Client

from server.cli import parser
from server.setup.wanted import read_wanted
from tests.documents.commands import Shell
from tests.documents.conversation import played, started
from tests.documents.reading import blocks, read

TEXT = read("docs/tutorial.md")


def arguments(configuration: str) -> list[str]:
    """Return what a configuration starts the command with."""
    server = json.loads(configuration)["mcpServers"]["security-campaigns"]
    assert server["command"].endswith("security-campaigns-mcp")
    return list(server["args"])


def set_up(shell: Shell, command: str) -> list[str]:
    """Set a client up, saying yes, and return what it starts the command with from then on."""
    shell.run(command.strip().replace("CLIENT", "cursor") + " --yes")
    return arguments((shell.home / ".cursor" / "mcp.json").read_text())


@pytest.mark.anyio
async def test_the_conversation_goes_as_it_is_told(era: str) -> None:
    [sandbox] = blocks(TEXT, "json")
    happened = await played(blocks(TEXT, "text"), arguments(sandbox), era)
    campaigns = happened.structures[0]["campaigns"]
    assert (len(campaigns), sum(campaign["state"] == "open" for campaign in campaigns)) == (6, 3)
    found = happened.structures[happened.calls.index("find_alerts")]
    assert len(found["alerts"]) == 3
    assert happened.calls.count("delete_campaign") == 2


def test_every_command_prints_what_is_told(shell: Shell) -> None:
    assert blocks(TEXT, "sh")[0] == "make demo\n"  # .ci/run does that
    assert len(blocks(TEXT, "console")) == 4
    for block in blocks(TEXT, "console"):
        shell.try_console(block)
    assert shell.github.writes == []
    assert (shell.home / "audit.csv").exists()


@pytest.mark.anyio
async def test_a_client_that_is_set_up_is_offered_as_much_as_is_told_and_the_careful_one_no_tool_that_writes(
    shell: Shell,
) -> None:
    _, sandbox, careful = blocks(TEXT, "sh")
    [to_paste] = blocks(TEXT, "json")
    assert set_up(shell, sandbox) == arguments(to_paste)
    assert 'It now has seven tools and five prompts of\n"GitHub security campaigns".' in TEXT
    async with Client(started(arguments(to_paste))) as client:
        assert len((await client.list_tools()).tools) == 7
        assert len((await client.list_prompts()).prompts) == 5
        assert client.server_info is not None
        assert client.server_info.title == "GitHub security campaigns"
    reading = set_up(shell, careful)
    assert "--sandbox" not in reading
    async with Client(started(reading)) as client:
        offered = (await client.list_tools()).tools
        assert len(offered) == 4
        assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in offered)


def test_the_clients_that_are_named_can_be_set_up() -> None:
    named = re.findall(r"`([a-z-]+)`", TEXT.split("`CLIENT` is ")[1].split(". ")[0])
    assert len(named) == 6
    for client in named:
        given = parser().parse_args(["setup", client, "--sandbox"])
        assert read_wanted(vars(given), {}).client.user is not None, client
