"""Plays the conversations of a document: blocks of calls, questions, answers of the person and answers of the server.

    update_campaign {"campaign_number": 7, "state": "closed"}
    ? octo-bot will close campaign octo-org/7 …
    ! yes
    > Closed campaign octo-org/7 "Stop XSS in payments".

A line that is indented goes on with the one before. `{…, ` stands for the arguments of the call of that tool before, as
a preview; `"preview": "…"` for the digest that came with it. `prompt NAME {…}` asks for a prompt.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.context import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

from tests.documents.reading import meets
from tests.harness import MODES, text_of
from tests.processes import environment

_CALL = re.compile(r"(?:prompt )?[a-z]+_[a-z_]+ \{")


@dataclass
class Step:
    """A call as the document has it: with what is asked and answered meanwhile, and what comes back."""

    name: str
    arguments: str
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@dataclass
class Played:
    """What happened: the names that were called, and the structures that came back, in order."""

    calls: list[str] = field(default_factory=list)
    structures: list[dict[str, Any]] = field(default_factory=list)


def steps(block: str) -> list[Step]:
    """Read a block.

    Raises:
        ValueError: a line that is none of those above.
    """
    found: list[Step] = []
    for line in re.sub(r"\n  +", " ", block).strip().splitlines():
        if _CALL.match(line):
            name, _, arguments = line.partition(" {")
            found.append(Step(name, "{" + arguments))
        elif line[:2] in ("? ", "! ", "> ") and found:
            kinds = {"?": found[-1].asked, "!": found[-1].answered, ">": found[-1].told}
            kinds[line[0]].append(line[2:])
        else:
            raise ValueError(f"neither a call nor a question nor an answer: {line!r}")
    return found


class Conversation:
    """A person and an assistant who say and call what a document says."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._asked: list[str] = []
        self._before: dict[str, dict[str, Any]] = {}
        self._preview = ""
        self.played = Played()

    async def play(self, client: Client, step: Step) -> None:
        """Make one call and hold what happens against the document."""
        self._step, self._asked = step, []
        if step.name.startswith("prompt "):
            name = step.name.removeprefix("prompt ")
            assert (await client.get_prompt(name, json.loads(step.arguments))).messages
            self.played.calls.append(name)
            return
        arguments = self._arguments(step)
        result = await client.call_tool(step.name, arguments)
        text, structure = text_of(result), result.structured_content or {}
        assert len(self._asked) == len(step.asked), f"{step}: asked {self._asked}"
        for shown, real in zip(step.asked, self._asked, strict=True):
            assert meets(shown, real), real
        for shown in step.told:
            assert meets(shown, text.splitlines()[0]), text
        # A refusal that the document does not tell of is none that it expects.
        assert step.told or not result.is_error, text
        self._before[step.name] = {key: value for key, value in arguments.items() if key != "dry_run"}
        self._preview = structure.get("preview", self._preview)
        self.played.calls.append(step.name)
        self.played.structures.append(structure)

    def _arguments(self, step: Step) -> dict[str, Any]:
        text, before = step.arguments, {}
        if text.startswith("{…, "):
            text, before = "{" + text.removeprefix("{…, "), self._before[step.name]
        arguments: dict[str, Any] = {**before, **json.loads(text)}
        if arguments.get("preview") == "…":
            arguments["preview"] = self._preview
        return arguments

    async def person(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:  # noqa: ARG002 - the SDK's signature
        """Answer as the document says: yes to a question of yes or no, or what is typed."""
        self._asked.append(params.message)
        assert self._step is not None
        assert len(self._asked) <= len(self._step.answered), f"nobody answers {params.message}"
        typed = self._step.answered[len(self._asked) - 1]
        return ElicitResult(action="accept", content={"go_ahead": True} if typed == "yes" else {"campaign": typed})


def started(arguments: Sequence[str]) -> StdioServerParameters:
    """Say how a client starts the server with these arguments."""
    return StdioServerParameters(
        command=sys.executable, args=["-m", "security_campaigns_mcp", *arguments], env=environment()
    )


async def played(blocks: Sequence[str], arguments: Sequence[str], era: str) -> Played:
    """Start the server as a client would with these arguments, and play blocks in a row."""
    conversation = Conversation()
    async with Client(started(arguments), mode=MODES[era], elicitation_callback=conversation.person) as client:
        for block in blocks:
            for step in steps(block):
                await conversation.play(client, step)
    return conversation.played
