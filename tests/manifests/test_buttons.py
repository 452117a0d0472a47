"""The install buttons of the README give a client what `setup` would write for it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from server.setup.clients import NAME
from tests.manifests.reading import PROJECT, ROOT
from tests.setup.machine import Machine

README = (ROOT / "README.md").read_text(encoding="utf-8")
VSCODE, CURSOR = "https://insiders.vscode.dev/redirect/mcp/install", "https://cursor.com/en/install-mcp"


class Button(NamedTuple):
    """What a button carries: a server's name and entry, and what the client is to ask for."""

    name: str
    entry: dict[str, Any]
    inputs: list[dict[str, Any]]


def buttons(place: str) -> list[Button]:
    return [read(link) for link in re.findall(r"<kbd>\w+</kbd>\]\(([^)]+)\)", README) if link.startswith(f"{place}?")]


def read(link: str) -> Button:
    """Take a link apart as its client does."""
    query = {key: value for key, [value] in parse_qs(urlsplit(link).query, strict_parsing=True).items()}
    text = query["config"]
    if link.startswith(CURSOR):
        text = base64.b64decode(text, validate=True).decode()
    return Button(query["name"], json.loads(text), json.loads(query.get("inputs", "[]")))


@pytest.mark.parametrize(("client", "place"), [("vscode", VSCODE), ("cursor", CURSOR)])
@pytest.mark.parametrize(("number", "typed"), [(0, []), (1, ["--sandbox"])], ids=["own", "try-out"])
def test_a_button_carries_what_setup_writes(
    client: str, place: str, number: int, typed: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    machine = Machine(tmp_path, tmp_path, capfd)
    done = machine.setup(client, *typed, "--print", "--command", PROJECT["name"], known=False)
    written = json.loads(done.stdout)
    servers = written.get("servers") or written["mcpServers"]
    assert buttons(place)[number] == Button(NAME, servers[NAME], written.get("inputs", []))


def test_there_are_two_buttons_for_each_client_and_no_other() -> None:
    assert len(buttons(VSCODE)) == len(buttons(CURSOR)) == 2
    assert README.count("<kbd>") == 4


def test_the_token_that_a_button_needs_is_asked_for_hidden_or_taken_from_the_environment() -> None:
    asking, taking = buttons(VSCODE)[0], buttons(CURSOR)[0]
    assert [each["password"] for each in asking.inputs] == [True]
    assert asking.entry["env"] == {"GITHUB_TOKEN": f"${{input:{asking.inputs[0]['id']}}}"}
    assert taking.entry["env"] == {"GITHUB_TOKEN": "${env:GITHUB_TOKEN}"}


def test_the_chinese_readme_has_the_same_buttons() -> None:
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    found = [re.findall(r"</kbd>\]\(([^)]+)\)", text) for text in (README, chinese)]
    assert found[0] == found[1]
