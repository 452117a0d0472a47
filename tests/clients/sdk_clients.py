"""The TypeScript SDK's clients, old and new: what their scripts are told, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.node import HERE, played
from tests.clients.served import Server


@dataclass(frozen=True)
class SDKClient:
    """A client.

    Attributes:
        script: what drives it.
        revision: of the specification, that it agrees on with this server.
        negotiation: how it finds out, where it can be told.
    """

    script: str
    revision: str
    negotiation: str = ""

    def __str__(self) -> str:
        return f"{self.script.removesuffix('.mjs')}-{self.revision}"


SDK_CLIENTS = (
    SDKClient("sdk_v1.mjs", "2025-11-25"),
    SDKClient("sdk_v2.mjs", "2025-11-25", "legacy"),
    SDKClient("sdk_v2.mjs", "2026-07-28", "auto"),
)


@dataclass(frozen=True)
class Answered:
    """What a client saw.

    Attributes:
        revision: of the specification, that was agreed on.
        capabilities: of the server.
        tools: as they were listed.
        results: of the calls.
        asked: the parameters of the server's questions.
    """

    revision: str
    capabilities: dict[str, Any]
    tools: list[dict[str, Any]]
    results: list[dict[str, Any]]
    asked: list[dict[str, Any]]

    def text(self, call: int) -> str:
        """Return the text of a call's result."""
        return "\n".join(block["text"] for block in self.results[call]["content"])


def connect(
    client: SDKClient, server: Server, home: Path, *calls: tuple[str, Mapping[str, Any]], person: object = None
) -> Answered:
    """Have a client list the tools and call some.

    Args:
        client: the client.
        server: what it connects to.
        home: a folder of its own.
        calls: tools with their arguments.
        person: the result of every elicitation; without one the client does not declare that it can ask.
    """
    told = {
        "server": server.told(),
        "person": person,
        "calls": [{"name": name, "arguments": arguments} for name, arguments in calls],
        "negotiation": client.negotiation,
    }
    done = played(HERE / client.script, json.dumps(told), home=home)
    assert done.status == 0, done.complained
    return Answered(**json.loads(done.said))
