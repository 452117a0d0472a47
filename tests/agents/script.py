"""What a model says and reads, without a vendor's words for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Call:
    """A turn that calls a tool of the server, by the server's name for it."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Say:
    """A turn that says something, with which the agent's run ends."""

    text: str


Turn = Call | Say
Results = Sequence[str]
Script = Sequence[Turn | Callable[[Results], Turn]]
"""Turn after turn; one that depends on what the tools answered is made out of their texts."""


@dataclass(frozen=True)
class Tool:
    """A tool as an agent offers it: by a name that holds the server's, in some dialects within a namespace."""

    name: str
    namespace: str | None = None


@dataclass(frozen=True)
class Asked:
    """A request for the next turn: the tools offered, and the texts of all results in the conversation so far."""

    offered: tuple[Tool, ...]
    results: tuple[str, ...]


class Dialect(Protocol):
    """How a vendor's API puts a request for a turn, and the turn as a stream of server-sent events."""

    def asked(self, path: str, body: dict[str, Any]) -> Asked | None:
        """Read a request; None when it is not for a turn."""
        ...

    def called(self, tool: Tool, arguments: dict[str, Any], number: int) -> str:
        """Return the stream of a turn that calls a tool; `number` tells the calls of a conversation apart."""
        ...

    def said(self, text: str) -> str:
        """Return the stream of a turn that says something."""
        ...


def stream(*events: dict[str, Any], named: bool = False) -> str:
    """Return server-sent events, which if wanted are named by their `type`."""
    return "".join(
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        for event in events
    )


def texts(content: Any) -> str:
    """Return the text of what may be a text, or a list of blocks of which some hold one."""
    if isinstance(content, str):
        return content
    return "\n".join(str(block["text"]) for block in content or () if "text" in block)
