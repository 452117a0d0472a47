"""One answer is good for one execution."""

from __future__ import annotations

import anyio
import httpx
import pytest
from mcp.server.request_state import RequestStateSecurity
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult

from server.guards.one_use import STATE_LIFETIME, SpentAnswers, answer_was_used
from tests.guards.scenarios import (
    CHANGE,
    CLOSE,
    DELETE,
    NUMBER,
    OPEN_ISSUES,
    PUBLISH,
    REOPEN,
    GuardedCall,
    agreeing,
    by_hand,
    campaign_in,
    rename,
    serving,
)
from tests.harness import ORG, Sent, text_of

USED = "That answer was used already, and one answer is good for one execution"
_TOGETHER = 5


def told_used(result: CallToolResult | InputRequiredResult) -> str:
    assert isinstance(result, CallToolResult)
    assert result.is_error
    text = text_of(result)
    assert text.startswith(USED)
    return text


@pytest.mark.anyio
async def test_a_replayed_answer_writes_nothing(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        question = await client.ask()
        await client.accept(question)
        writes = list(client.case.writes)
        assert len(writes) == 1
        for _ in range(3):
            text = told_used(await client.accept(question))
            assert guarded.not_done not in text  # the first call did it, so that would be untrue
        assert client.case.writes == writes


@pytest.mark.anyio
async def test_a_replayed_delete_says_that_the_campaign_is_gone() -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        await client.accept(question)
        text = told_used(await client.accept(question))
        assert f"Campaign {ORG}/{NUMBER} is not found now; this call changed nothing." in text


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("call", "number", "stands"), [(CLOSE, 6, "closed"), (CHANGE, 6, "open"), (REOPEN, 3, "open")], ids=str
)
async def test_a_replayed_change_says_how_the_campaign_stands_now(call: GuardedCall, number: int, stands: str) -> None:
    async with by_hand(call) as client:
        question = await client.ask()
        await client.accept(question)
        client.case.sandbox.state.campaign(ORG, number).name = "Renamed since"
        text = told_used(await client.accept(question))
        assert f'Campaign {ORG}/{number} "Renamed since" ({stands}, created ' in text
        assert "exists now; this call changed nothing." in text


@pytest.mark.anyio
@pytest.mark.parametrize("call", [OPEN_ISSUES, PUBLISH], ids=str)
async def test_a_replayed_creation_names_the_open_campaigns(call: GuardedCall) -> None:
    async with by_hand(call) as client:
        question = await client.ask()
        await client.accept(question)
        text = told_used(await client.accept(question))
        assert "this call published nothing." in text
        assert f'Open campaigns of {ORG} now: 7 "Unsafe deserialization", 6 "Path traversal"' in text


@pytest.mark.anyio
async def test_a_replayed_creation_says_so_when_no_campaign_is_open() -> None:
    async with by_hand(OPEN_ISSUES) as client:
        question = await client.ask()
        await client.accept(question)
        client.case.sandbox.state.organization(ORG).campaigns.clear()
        assert told_used(await client.accept(question)).endswith(f"Open campaigns of {ORG} now: none.")


@pytest.mark.anyio
async def test_a_replay_does_not_claim_that_nothing_happened_when_github_fails(guarded: GuardedCall) -> None:
    async def failing(sent: Sent) -> httpx.Response:
        return httpx.Response(503)

    async with by_hand(guarded, patience=0.0) as client:
        question = await client.ask()
        await client.accept(question)
        client.case.recorder.hook = failing
        text = told_used(await client.accept(question))
        assert "could not be read" in text
        assert guarded.not_done not in text


@pytest.mark.anyio
async def test_five_answers_at_once_make_one_write(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        expected = guarded.write_in(client.case.sandbox)
        question = await client.ask()
        results: list[CallToolResult | InputRequiredResult] = []
        others_were_told = anyio.Event()

        async def hold(sent: Sent) -> None:
            if sent.method != "GET":  # the one write waits until all the others have had their answer
                await others_were_told.wait()

        client.case.recorder.hook = hold

        async def answer() -> None:
            results.append(await client.accept(question))
            if len(results) == _TOGETHER - 1:
                others_were_told.set()

        async with anyio.create_task_group() as tasks:
            for _ in range(_TOGETHER):
                tasks.start_soon(answer)
        *refused, last = results
        for result in refused:
            told_used(result)
        assert isinstance(last, CallToolResult)
        assert not last.is_error
        assert client.case.writes == [expected]


@pytest.mark.anyio
async def test_a_declined_question_cannot_be_accepted_afterwards(guarded: GuardedCall) -> None:
    async with by_hand(guarded) as client:
        question = await client.ask()
        guarded.refusal(await client.decline(question))
        told_used(await client.accept(question))
        assert client.case.writes == []


@pytest.mark.anyio
async def test_a_wrong_text_cannot_be_corrected_with_the_same_question() -> None:
    async with by_hand(DELETE) as client:
        question = await client.ask()
        wrong = {question.key: ElicitResult(action="accept", content={"campaign": "octo-org/5"})}
        DELETE.refusal(await client.send(state=question.state, responses=wrong))
        told_used(await client.accept(question))
        assert client.case.writes == []


@pytest.mark.anyio
async def test_an_answer_to_an_outdated_question_is_used_up_too() -> None:
    async with by_hand(CLOSE) as client:
        first = await client.ask()
        rename(client.case.sandbox)
        await client.accept(first)
        told_used(await client.accept(first))
        assert client.case.writes == []


@pytest.mark.anyio
async def test_the_same_call_anew_is_asked_anew(era: str) -> None:
    async with serving(era, person=agreeing(CLOSE)) as case:
        await CLOSE.done(case)
        campaign_in(case.sandbox).state = "open"
        await CLOSE.done(case)
        assert len(case.asked) == 2
        assert case.writes == [CLOSE.write_in(case.sandbox)] * 2


@pytest.mark.anyio
async def test_an_answer_in_one_call_says_nothing_about_the_next() -> None:
    async with by_hand(CLOSE) as client:
        question = await client.ask()
        await client.accept(question)
        told_used(await client.accept(question))
        await client.case.done("get_campaign", campaign_number=NUMBER)
        await client.case.done("update_campaign", campaign_number=NUMBER, state="open")
        assert len(client.case.writes) == 2


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_state_is_spent_once() -> None:
    spent = SpentAnswers(Clock())
    assert spent.spend("one")
    assert not spent.spend("one")
    assert spent.spend("two")
    assert not spent.spend("one")


def test_the_lifetime_is_what_the_sdk_gives_a_state() -> None:
    assert RequestStateSecurity.ephemeral().ttl == STATE_LIFETIME


@pytest.mark.parametrize("seconds", [0.0, STATE_LIFETIME - 1, STATE_LIFETIME, STATE_LIFETIME + 60])
def test_a_state_stays_spent_for_as_long_as_the_sdk_would_accept_it(seconds: float) -> None:
    clock = Clock()
    spent = SpentAnswers(clock)
    spent.spend("sealed")
    clock.seconds += seconds
    assert not spent.spend("sealed")


def test_memory_holds_only_what_the_sdk_would_still_accept() -> None:
    clock = Clock()
    spent = SpentAnswers(clock)
    most = 0
    for number in range(5000):
        clock.seconds += 1.0
        assert spent.spend(f"state {number}")
        most = max(most, len(spent))
    assert STATE_LIFETIME < most < 2 * STATE_LIFETIME
    clock.seconds += 2 * STATE_LIFETIME
    spent.spend("the last")
    assert len(spent) == 1


def test_any_text_a_client_can_send_can_be_spent() -> None:
    spent = SpentAnswers(Clock())
    assert spent.spend("\ud800")
    assert not spent.spend("\ud800")


def test_outside_a_call_no_answer_was_used() -> None:
    assert not answer_was_used()
