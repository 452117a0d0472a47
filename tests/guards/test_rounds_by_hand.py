"""2026-07-28: what a client can do with a question's sealed state, and with an answer that it made up."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import INVALID_PARAMS, ElicitResult

from tests.guards.scenarios import (
    CLOSE,
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    ByHand,
    GuardedCall,
    Question,
    agreement,
    by_hand,
    question_in,
)
from tests.harness import ORG

pytestmark = pytest.mark.anyio


async def rejected(client: ByHand, question: Question, **changed: Any) -> None:
    """Answer with something about the round changed; the SDK must reject it before any tool runs."""
    sent = len(client.case.sent)
    with pytest.raises(MCPError) as caught:
        await client.accept(question, **changed)
    assert caught.value.error.code == INVALID_PARAMS
    assert caught.value.error.message == "Invalid or expired requestState"
    assert len(client.case.sent) == sent


async def test_a_question_and_its_answer_make_one_write(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        expected = guarded.write_in(client.case.sandbox)
        await client.accept(await client.ask())
        assert client.case.writes == [expected]


async def test_a_forged_answer_without_state_is_only_asked(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        question = await client.ask()
        again = question_in(await client.accept(question, state=None))
        assert again.text == question.text
        assert client.case.writes == []


async def test_a_state_without_an_answer_is_only_asked(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        question = await client.ask()
        nothing: list[dict[str, ElicitResult] | None] = [None, {}]
        for responses in nothing:
            assert question_in(await client.send(state=question.state, responses=responses)).text == question.text
        assert client.case.writes == []


async def test_a_state_that_came_back_without_an_answer_is_still_good_for_one() -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        question_in(await client.send(state=question.state))
        await client.accept(question)
        assert client.case.writes == [DELETE.write_in(client.case.sandbox)]


async def test_an_answer_under_another_questions_name_is_only_asked(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        question = await client.ask()
        responses = {f"{question.key}?": agreement(guarded)}
        assert question_in(await client.send(state=question.state, responses=responses)).text == question.text
        assert client.case.writes == []


async def test_a_state_with_changed_arguments_is_rejected(guarded: GuardedCall) -> None:
    of_each_tool: dict[str, list[dict[str, Any]]] = {
        "delete_campaign": [{"campaign_number": 5}],
        "update_campaign": [{"campaign_number": 5}, {"name": "Another name"}, {"dry_run": False}],
        "create_campaign": [{"name": "Another name"}, {"alerts": []}, {"preview": "0" * 16}],
    }
    changes = [{"org": ORG}, {"org": "octo-labs"}, *of_each_tool[guarded.tool]]
    async with by_hand(guarded) as client:
        question = await client.ask()
        for change in changes:
            await rejected(client, question, arguments={**client.arguments, **change})
        assert client.case.writes == []


async def test_a_state_swapped_to_another_tool_is_rejected() -> None:
    async with by_hand(CLOSE) as closing:
        question = await closing.ask()
        deleting = ByHand(closing.case, DELETE)
        responses = {(await deleting.ask()).key: agreement(DELETE)}
        await rejected(closing, question, tool="delete_campaign", arguments=deleting.arguments, responses=responses)
        # Even with arguments that both tools take, and that the state is bound to.
        await rejected(closing, question, tool="delete_campaign", responses=responses)
        assert closing.case.writes == []


async def test_a_question_about_one_campaign_does_not_answer_for_another() -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        await rejected(client, question, arguments={"campaign_number": 5})
        assert client.case.writes == []


@pytest.mark.parametrize(
    "state",
    [
        "",
        "v1.",
        '{"v":1,"outcomes":{},"asked":{}}',
        "v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "\ud800",
        "\u202e",
    ],
    ids=ascii,
)
async def test_a_state_that_this_server_did_not_seal_is_rejected(state: str) -> None:
    async with by_hand(DELETE) as client:
        await rejected(client, await client.ask(), state=state)
        assert client.case.writes == []


async def test_a_truncated_or_tampered_state_is_rejected(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        question = await client.ask()
        sealed = question.state
        middle = len(sealed) // 2
        flipped = "A" if sealed[middle] != "A" else "B"
        spoiled = [
            sealed[:-1],
            sealed[:middle],
            sealed[1:],
            sealed[:middle] + flipped + sealed[middle + 1 :],
            sealed + "A",
            sealed.upper(),
        ]
        for state in spoiled:
            await rejected(client, question, state=state)
        assert client.case.writes == []


async def test_a_used_state_written_differently_is_not_another_state() -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        await client.decline(question)
        for state in (f"{question.state}=", f" {question.state}", f"{question.state}\n", question.state + "===="):
            await rejected(client, question, state=state)
        assert client.case.writes == []


async def test_a_state_of_another_server_is_rejected() -> None:
    async with by_hand(DELETE) as other:
        foreign = await other.ask()
    async with by_hand(DELETE) as client:
        await rejected(client, foreign)
        assert client.case.writes == []


async def test_an_expired_state_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        later = SimpleNamespace(time=lambda: time.time() + 601)
        monkeypatch.setattr("mcp.server.request_state.time", later)
        await rejected(client, question)
        assert client.case.writes == []


async def test_what_was_rejected_does_not_use_up_the_answer() -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        await rejected(client, question, arguments={"campaign_number": 5})
        await rejected(client, question, state=question.state[:-1])
        await client.accept(question)
        assert client.case.writes == [DELETE.write_in(client.case.sandbox)]


async def test_two_questions_about_one_creation_publish_once() -> None:
    async with by_hand(OPEN_ISSUES) as client:
        first, second = await client.ask(), await client.ask()
        await client.accept(first)
        refusal = OPEN_ISSUES.refusal(await client.accept(second))
        assert "with this name and end date is open already" in refusal
        assert len(client.case.writes) == 1


async def test_two_questions_about_one_delete_delete_once() -> None:
    async with by_hand(DELETE) as client:
        first, second = await client.ask(), await client.ask()
        assert first.state != second.state
        await client.accept(first)
        text = DELETE.refusal(await client.accept(second))
        assert f"campaign {ORG}/{NUMBER}" in text
        assert client.case.writes == [DELETE.write_in(client.case.sandbox)]
