"""Clients of both eras that have campaigns deleted and created, and go on when a connection breaks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import httpx2
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp_types import (
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    InputRequiredResult,
)

from tests.harness import MODES, text_of

MODERN, LEGACY = "2026-07-28", "2025-11-25"
LATER = "later"
"""What a client is told that shall look again in two minutes."""
_MOST_TRIES = 30
_CALL = 60.0  # seconds until a client gives a call up
_RETRY_AFTER = 1.0  # seconds, as a replica that is being stopped says

Way = Literal["plain", "answered twice at once", "answered again when it broke"]
WAYS: tuple[Way, ...] = ("plain", "answered twice at once", "answered again when it broke")


@dataclass
class Intention:
    """What somebody wants done once.

    Attributes:
        tool, arguments: the call.
        what: the new campaign's name, or the number of the one to delete.
        era: of the client.
        way: how the client goes about it.
        told: what the client was told in the end.
        tries: how many calls it took.
    """

    tool: str
    arguments: dict[str, Any]
    what: str
    era: str = MODERN
    way: Way = "plain"
    told: str = ""
    tries: int = 0

    @property
    def org(self) -> str:
        return str(self.arguments["org"])


@dataclass
class Said:
    """What happened to all clients together.

    Attributes:
        broken: calls without a result, by what was raised.
        refused: results that are errors, by their text without names and numbers.
        replays: answers sent a second time, by what came of them.
        questions: how many a person was asked.
        ended: how many intentions came to an end.
    """

    broken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    replays: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    ended: int = 0
    on_ended: Callable[[int], None] = lambda _: None

    @property
    def listed(self) -> str:
        """What was counted, for a person to read."""
        counts = (("replays", self.replays), ("calls without a result", self.broken), ("errors", self.refused))
        return "\n".join(
            "\n".join([f"{title}:", *(f"  {count:5}  {name}" for name, count in counted.most_common(40))])
            for title, counted in counts
        )

    def end(self) -> None:
        """Note that an intention came to an end."""
        self.ended += 1
        self.on_ended(self.ended)


def agreed(params: ElicitRequestParams) -> ElicitResult:
    """Answer as a person who wants it: type what is to be typed, or say yes."""
    typed = re.search(r"Type (\S+/\d+) to confirm", params.message)
    return ElicitResult(action="accept", content={"campaign": typed[1]} if typed else {"go_ahead": True})


@asynccontextmanager
async def client_at(url: str, token: str, era: str, said: Said | None = None) -> AsyncIterator[Client]:
    """Connect the SDK's client, with a new connection for each request."""

    async def person(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        if said is not None:
            said.questions += 1
        return agreed(params)

    async with (
        httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {token}"},
            limits=httpx2.Limits(max_keepalive_connections=0),
            timeout=_CALL,
            trust_env=False,
        ) as http,
        Client(streamable_http_client(url, http_client=http), mode=MODES[era], elicitation_callback=person) as client,
    ):
        yield client


class Worker:
    """One client after the other; each lives until a call breaks, or one of the other era is needed."""

    def __init__(self, url: str, token: str, said: Said) -> None:
        self._url, self._token, self._said = url, token, said

    async def run(self, intentions: Iterator[Intention]) -> None:
        """Carry out intentions until there are no more."""
        current = next(intentions, None)
        while current is not None:
            era = current.era
            try:
                # What breaks in a client's background cancels this block, and comes out of it as what it was.
                async with client_at(self._url, self._token, era, self._said) as client:
                    while current is not None and current.era == era:
                        await self._carry_out(client, current)
                        self._said.end()
                        current = next(intentions, None)
            except Exception as problem:  # noqa: BLE001 - whatever breaks, a client tries again
                self._said.broken[_named(problem)] += 1
                await anyio.sleep(_RETRY_AFTER)  # the balancer, taking turns, may lead every try to the same replica

    async def _carry_out(self, client: Client, intention: Intention) -> None:
        while not intention.told and intention.tries < _MOST_TRIES:
            intention.tries += 1
            with anyio.fail_after(_CALL):
                result = await self._call(client, intention)
            intention.told = self._heard(intention, result)

    async def _call(self, client: Client, intention: Intention) -> CallToolResult:
        if intention.way == "plain" or intention.era == LEGACY:
            return await client.call_tool(intention.tool, intention.arguments)
        asked = await client.session.call_tool(intention.tool, intention.arguments, allow_input_required=True)
        if not isinstance(asked, InputRequiredResult):
            return asked
        self._said.questions += 1
        answer = _Answer(client, intention, asked)
        if intention.way == "answered twice at once":
            return await self._twice_at_once(answer)
        try:
            return await answer.send()
        except Exception as problem:  # noqa: BLE001 - whatever broke
            self._said.broken[_named(problem)] += 1
        result = await answer.send()
        self._said.replays["when it broke: " + _outcome(result)] += 1
        return result

    async def _twice_at_once(self, answer: _Answer) -> CallToolResult:
        results: list[CallToolResult | Exception] = []

        async def send() -> None:
            try:
                results.append(await answer.send())
            except Exception as problem:  # noqa: BLE001 - the other one may have worked
                results.append(problem)

        async with anyio.create_task_group() as group:
            group.start_soon(send)
            group.start_soon(send)
        self._said.replays["at once: " + " + ".join(sorted(_outcome(result) for result in results))] += 1
        for result in results:
            if isinstance(result, CallToolResult) and not result.is_error:
                return result
        for result in results:
            if isinstance(result, Exception):
                raise result
        return next(result for result in results if isinstance(result, CallToolResult))

    def _heard(self, intention: Intention, result: CallToolResult) -> str:
        """Return what the client now knows to be the end of it; nothing when it has to call again."""
        if not result.is_error:
            return "done"
        text = text_of(result)
        self._said.refused[f"{intention.tool}: {_general(text)}"] += 1
        if intention.tool == "delete_campaign" and text.startswith("There is no campaign"):
            return "gone already"
        if "Another call began to publish" in text:
            return LATER
        return "there already" if "is open already" in text else ""


@dataclass
class _Answer:
    """The answer to a question, which can be sent more than once."""

    client: Client
    intention: Intention
    asked: InputRequiredResult

    async def send(self) -> CallToolResult:
        [(key, request)] = (self.asked.input_requests or {}).items()
        assert isinstance(request, ElicitRequest)
        assert isinstance(request.params, ElicitRequestFormParams)
        result = await self.client.session.call_tool(
            self.intention.tool,
            self.intention.arguments,
            input_responses={key: agreed(request.params)},
            request_state=self.asked.request_state,
            allow_input_required=True,
        )
        if isinstance(result, InputRequiredResult):
            raise AskedAnew
        return result


class AskedAnew(Exception):
    """The question came back with another text."""


def _outcome(result: CallToolResult | Exception) -> str:
    if isinstance(result, Exception):
        return _named(result)
    if not result.is_error:
        return "done"
    return "used already" if "used already" in text_of(result) else _general(text_of(result))


def _named(problem: BaseException) -> str:
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return _general(f"{type(problem).__name__}: {problem}")


def _general(text: str) -> str:
    """Leave out what differs from call to call."""
    text = re.sub(r"request [\dA-F:]+\]", "request]", text)
    text = re.sub(r"\"[^\"]*\"|“[^”]*”|'[^']*'", "'…'", text)
    return re.sub(r"team-\d+", "ORG", re.sub(r"\d[\d:,.\-]*", "N", text))[:260]
