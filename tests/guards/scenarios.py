"""What the tests of this folder share: calls that a person is asked about, moves of others, and rounds by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import anyio
from mcp_types import CallToolResult, ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult

from server.sandbox.app import Sandbox
from server.sandbox.world import Campaign
from tests.harness import ORG, Case, Person, Sent, accept, connected, open_pairs, text_of

NUMBER = 6
"""An open campaign of the sandbox, none of whose alerts is closed yet."""
PATH = f"/orgs/{ORG}/campaigns/{NUMBER}"
CLOSED_NUMBER = 3
MODERN = "2026-07-28"
LEGACY = "2025-11-25"

NEW_CAMPAIGN: Mapping[str, Any] = {
    "name": "Unsafe deserialization",
    "description": "Read untrusted input with a format that cannot run code.",
    "ends_at": "2099-01-08",
}


@dataclass(frozen=True)
class GuardedCall:
    """A call that a person is asked about.

    Attributes:
        name: what it does, for the names of tests.
        tool: the tool.
        arguments: its arguments; create_campaign gets the sandbox's open alerts as well.
        yes: the answer that lets it pass.
        method, path: of the request that it makes.
        body: of that request; create_campaign's gets the alerts as well.
        not_done: how every refusal ends.
        settings: the operator's, without which nobody would be asked.
    """

    name: str
    tool: str
    arguments: Mapping[str, Any]
    yes: Mapping[str, Any]
    method: str
    path: str
    body: Mapping[str, Any] | None
    not_done: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def arguments_in(self, sandbox: Sandbox) -> dict[str, Any]:
        if self.tool == "create_campaign":
            return {**self.arguments, "alerts": open_pairs(sandbox)}
        return dict(self.arguments)

    def write_in(self, sandbox: Sandbox) -> Sent:
        if self.tool == "create_campaign":
            return Sent(self.method, self.path, {}, {**(self.body or {}), "code_scanning_alerts": open_pairs(sandbox)})
        return Sent(self.method, self.path, {}, None if self.body is None else dict(self.body))

    async def call(self, case: Case, **more: Any) -> CallToolResult:
        return await case.call(self.tool, **{**self.arguments_in(case.sandbox), **more})

    async def refused(self, case: Case, **more: Any) -> str:
        """Make the call, which must fail without a write and end with the truth; return the text."""
        writes = len(case.writes)
        result = await self.call(case, **more)
        assert len(case.writes) == writes
        return self.refusal(result)

    def refusal(self, result: CallToolResult | InputRequiredResult) -> str:
        assert isinstance(result, CallToolResult)
        assert result.is_error
        assert result.structured_content is None
        text = text_of(result)
        assert text.endswith(self.not_done)
        return text

    async def done(self, case: Case, **more: Any) -> dict[str, Any]:
        return await case.done(self.tool, **self.arguments_in(case.sandbox), **more)


_WRITES = {"confirm": "writes"}
_YES = {"go_ahead": True}
_CREATED_BODY = {**NEW_CAMPAIGN, "ends_at": "2099-01-08T23:59:59Z"}

DELETE = GuardedCall(
    "delete",
    "delete_campaign",
    {"campaign_number": NUMBER},
    {"campaign": f"{ORG}/{NUMBER}"},
    "DELETE",
    PATH,
    None,
    f"Campaign {NUMBER} was not deleted.",
)
CLOSE = GuardedCall(
    "close",
    "update_campaign",
    {"campaign_number": NUMBER, "state": "closed"},
    _YES,
    "PATCH",
    PATH,
    {"state": "closed"},
    f"Campaign {NUMBER} was not changed.",
)
OPEN_ISSUES = GuardedCall(
    "create with issues",
    "create_campaign",
    {**NEW_CAMPAIGN, "generate_issues": True},
    _YES,
    "POST",
    f"/orgs/{ORG}/campaigns",
    {**_CREATED_BODY, "generate_issues": True},
    "Nothing was published.",
)
CHANGE = GuardedCall(
    "change",
    "update_campaign",
    {"campaign_number": NUMBER, "description": "Check every path.", "contact_link": None},
    _YES,
    "PATCH",
    PATH,
    {"description": "Check every path.", "contact_link": None},
    f"Campaign {NUMBER} was not changed.",
    _WRITES,
)
REOPEN = GuardedCall(
    "reopen",
    "update_campaign",
    {"campaign_number": CLOSED_NUMBER, "state": "open"},
    _YES,
    "PATCH",
    f"/orgs/{ORG}/campaigns/{CLOSED_NUMBER}",
    {"state": "open"},
    f"Campaign {CLOSED_NUMBER} was not changed.",
    _WRITES,
)
PUBLISH = GuardedCall(
    "create",
    "create_campaign",
    NEW_CAMPAIGN,
    _YES,
    "POST",
    f"/orgs/{ORG}/campaigns",
    _CREATED_BODY,
    "Nothing was published.",
    _WRITES,
)

ALWAYS_ASKED = (DELETE, CLOSE, OPEN_ISSUES)
ASKED_FOR_WRITES = (CHANGE, REOPEN, PUBLISH)
GUARDED = (*ALWAYS_ASKED, *ASKED_FOR_WRITES)
YES_OR_NO = tuple(call for call in GUARDED if call.tool != "delete_campaign")
ABOUT_A_CAMPAIGN = tuple(call for call in GUARDED if call.tool != "create_campaign" and call is not REOPEN)
"""Calls about the campaign NUMBER."""


@asynccontextmanager
async def serving(era: str = MODERN, call: GuardedCall | None = None, **settings: Any) -> AsyncIterator[Case]:
    """As `connected`, with the operator's settings that `call` needs; a test that hangs fails after ten seconds."""
    with anyio.fail_after(10):
        async with connected(era, **{**(call.settings if call else {}), **settings}) as case:
            yield case


def campaign_in(sandbox: Sandbox, number: int = NUMBER) -> Campaign:
    return sandbox.state.campaign(ORG, number)


# What others do to the campaign NUMBER while a person is thinking.


def rename(sandbox: Sandbox) -> None:
    campaign_in(sandbox).name = "Payments freeze"


def close(sandbox: Sandbox) -> None:
    campaign = campaign_in(sandbox)
    campaign.state, campaign.closed_at = "closed", sandbox.state.now()


def move_end(sandbox: Sandbox) -> None:
    campaign_in(sandbox).ends_at += timedelta(days=7)


def delete(sandbox: Sandbox) -> None:
    sandbox.state.organization(ORG).campaigns.pop(NUMBER, None)


def copy_of(campaign: Campaign, number: int, younger: timedelta = timedelta()) -> Campaign:
    return replace(campaign, number=number, created_at=campaign.created_at + younger)


def recreate(sandbox: Sandbox) -> None:
    """Another campaign under the same number, name and dates, a second younger."""
    campaigns = sandbox.state.organization(ORG).campaigns
    campaigns[NUMBER] = copy_of(campaigns[NUMBER], NUMBER, timedelta(seconds=1))


def once(move: Callable[[], None]) -> Callable[[], None]:
    """Make a move that happens the first time only."""
    moves = [move]

    def act() -> None:
        if moves:
            moves.pop()()

    return act


@dataclass(frozen=True)
class Question:
    """A question that came in a result (2026-07-28), with what has to be sent back."""

    text: str
    form: Mapping[str, Any]
    key: str
    state: str


def question_in(result: CallToolResult | InputRequiredResult) -> Question:
    assert isinstance(result, InputRequiredResult), text_of(result)
    assert result.request_state is not None
    [(key, request)] = (result.input_requests or {}).items()
    assert isinstance(request, ElicitRequest)
    assert isinstance(request.params, ElicitRequestFormParams)
    return Question(request.params.message, request.params.requested_schema, key, result.request_state)


class ByHand:
    """A 2026-07-28 client that composes every round itself, honestly or not."""

    def __init__(self, case: Case, call: GuardedCall) -> None:
        self.case = case
        self.call = call
        self.arguments = call.arguments_in(case.sandbox)

    async def send(
        self,
        *,
        state: str | None = None,
        responses: dict[str, ElicitResult] | None = None,
        tool: str | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> CallToolResult | InputRequiredResult:
        return await self.case.client.session.call_tool(
            tool or self.call.tool,
            self.arguments if arguments is None else arguments,
            input_responses=dict(responses) if responses is not None else None,
            request_state=state,
            allow_input_required=True,
        )

    async def ask(self) -> Question:
        """Make the call without an answer; it must come back as a question, with nothing written."""
        writes = len(self.case.writes)
        question = question_in(await self.send())
        assert len(self.case.writes) == writes
        return question

    async def accept(self, question: Question, **changed: Any) -> CallToolResult | InputRequiredResult:
        """Answer as a person who agrees would; `changed` are arguments of `send`."""
        responses = {question.key: agreement(self.call)}
        return await self.send(**{"state": question.state, "responses": responses, **changed})

    async def decline(self, question: Question) -> CallToolResult | InputRequiredResult:
        return await self.send(state=question.state, responses={question.key: DECLINED})


@asynccontextmanager
async def by_hand(call: GuardedCall, **settings: Any) -> AsyncIterator[ByHand]:
    async with serving(MODERN, call, person=accept(), **settings) as case:
        yield ByHand(case, call)


DECLINED = ElicitResult(action="decline")


def agreement(call: GuardedCall) -> ElicitResult:
    return ElicitResult(action="accept", content=dict(call.yes))


def agreeing(call: GuardedCall) -> Person:
    return Person(agreement(call))
