"""A proxy that cannot be used, which a server over stdio finds out when it first needs the connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from server.app import build_server
from server.github.credentials import FixedToken
from server.settings import Settings
from tests.harness import MODES, text_of

pytestmark = pytest.mark.anyio

DELETE = ("delete_campaign", {"campaign_number": 3})


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hunter2@127.0.0.1:1")
    return tmp_path / "audit.log"


@pytest.mark.parametrize("era", MODES)
@pytest.mark.parametrize(("tool", "arguments"), [DELETE, ("list_campaigns", {})])
async def test_every_call_says_so_and_a_write_that_it_was_not_made(
    era: str, tool: str, arguments: dict[str, Any], log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(org="octo-org", confirm="never", no_store=True, audit_log=log)
    server = build_server(settings, credentials=FixedToken("t", "the test"))
    async with Client(server, mode=MODES[era]) as client:
        for _ in range(2):
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert text_of(result).startswith("The environment names a proxy that cannot be used here.")
            assert "hunter2" not in text_of(result)
            assert (tool == "list_campaigns") or text_of(result).endswith("Campaign 3 was not deleted.")
    assert not [record for record in caplog.records if record.exc_info]
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    assert [line["tool"] for line in lines] == ([] if tool == "list_campaigns" else [tool] * 2)


async def test_a_wrong_argument_is_told_as_ever(log: Path) -> None:
    settings = Settings(org="octo-org", no_store=True, audit_log=log)
    async with Client(build_server(settings, credentials=FixedToken("t", "the test"))) as client:
        text = text_of(await client.call_tool("delete_campaign", {"campaign_number": "x"}))
    assert text.startswith("delete_campaign: `campaign_number`: must be a whole number")
    assert "Nothing was sent to GitHub." in text


async def test_prompts_that_could_not_be_loaded_are_there_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    server = build_server(Settings(no_store=True), credentials=FixedToken("t", "the test"))
    attempts = []
    add = server._prompts_to_come
    assert add is not None

    def add_at_last(mcp: Any, add: Any = add) -> None:
        attempts.append(mcp)
        if len(attempts) == 1:
            raise OSError(24, "Too many open files")
        add(mcp)

    monkeypatch.setattr(server, "_prompts_to_come", add_at_last)
    with pytest.raises(OSError, match="Too many"):
        await server.list_prompts()
    assert len(await server.list_prompts()) == 5
    assert len(await server.list_prompts()) == 5
    assert len(attempts) == 2
