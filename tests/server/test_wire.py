"""JSON-RPC lines to a real process: snapshots of what is offered, and errors as every client meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ORG
from tests.processes import environment

SNAPSHOTS = Path(__file__).parent / "snapshots"
LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
MODERN_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass
class Wire:
    """The server's process, spoken to in JSON-RPC by hand."""

    process: subprocess.Popen[str]
    era: str

    def tell(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        if self.era == "2026-07-28":
            params["_meta"] = MODERN_META
        self.tell({"id": 1, "method": method, "params": params})
        assert self.process.stdout is not None
        answer: dict[str, Any] = {}
        while answer.get("id") != 1:
            line = self.process.stdout.readline()
            assert line, "the server has ended"
            answer = json.loads(line)
        assert answer["jsonrpc"] == "2.0"
        return answer


@pytest.fixture(scope="module", params=["2026-07-28", "2025-11-25"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    with subprocess.Popen(
        [sys.executable, "-m", "security_campaigns_mcp", "--sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": os.environ["PATH"], **environment()},
    ) as process:
        wire = Wire(process, request.param)
        if wire.era == "2025-11-25":
            client = {"protocolVersion": wire.era, "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
            wire.ask("initialize", **client)
            wire.tell({"method": "notifications/initialized"})
        yield wire


@pytest.mark.parametrize("method", LISTS)
def test_what_the_server_offers_goes_over_the_wire_as_it_was_reviewed(wire: Wire, method: str) -> None:
    key = LISTS[method]
    offered = json.dumps(wire.ask(method)["result"][key], indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    snapshot = SNAPSHOTS / f"{key}.json"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(offered, encoding="utf-8")
    assert snapshot.exists(), f"{snapshot} is missing; write it with UPDATE_SNAPSHOTS=1 and review it"
    assert offered == snapshot.read_text(encoding="utf-8"), (
        f"{method} is not what {snapshot.name} holds. If that is meant, run this test with UPDATE_SNAPSHOTS=1 and "
        "review the difference."
    )


def test_errors_of_the_protocol_have_their_codes(wire: Wire) -> None:
    assert wire.ask("tools/destroy")["error"]["code"] == -32601
    assert wire.ask("prompts/get", name="no_such_prompt")["error"] == {
        "code": -32602,
        "message": "Unknown prompt: no_such_prompt",
    }
    assert wire.ask("tools/call", name=7)["error"]["code"] == -32602


def test_an_unknown_tool_is_a_result_that_the_model_can_read(wire: Wire) -> None:
    result = wire.ask("tools/call", name="close_campaign", arguments={})["result"]
    assert (result["isError"], result["content"]) == (True, [{"type": "text", "text": "Unknown tool: close_campaign"}])


def test_bad_arguments_over_the_wire_are_a_result_too(wire: Wire) -> None:
    result = wire.ask("tools/call", name="get_campaign", arguments={"campaign_number": 3.0})["result"]
    assert result["isError"]
    assert result["content"][0]["text"] == (
        "get_campaign: `campaign_number`: must be a whole number without quotes or fraction, such as 3. Nothing was "
        "sent to GitHub."
    )


def test_the_server_goes_on_after_a_message_that_is_no_text(wire: Wire) -> None:
    call = {"name": "update_campaign", "arguments": {"campaign_number": 5, "name": "half a character: \ud800"}}
    wire.tell({"id": 99, "method": "tools/call", "params": call})
    found = wire.ask("tools/call", name="get_campaign", arguments={"campaign_number": 5, "org": ORG})["result"]
    assert found["structuredContent"]["name"] == "Cross-site scripting in payments"
