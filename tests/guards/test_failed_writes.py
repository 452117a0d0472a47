"""A write that fails after the answer: the answer is spent, and the text tells the truth."""

from __future__ import annotations

import httpx
import pytest

from tests.guards.scenarios import GuardedCall, agreeing, by_hand, serving
from tests.guards.test_one_use import told_used
from tests.harness import Hook, Sent, text_of

pytestmark = pytest.mark.anyio


def failing(status: int) -> Hook:
    """Make GitHub answer writes with `status`, without doing anything."""

    async def answer(sent: Sent) -> httpx.Response | None:
        return None if sent.method == "GET" else httpx.Response(status, json={"message": "Something is not right"})

    return answer


async def test_a_write_that_github_refuses_after_the_answer_is_reported_as_not_done(
    era: str, guarded: GuardedCall
) -> None:
    async with serving(era, guarded, person=agreeing(guarded)) as case:
        case.recorder.hook = failing(422)
        text = guarded.refusal(await guarded.call(case))
        assert "HTTP 422" in text
        assert case.writes == [guarded.write_in(case.sandbox)]


async def test_a_write_without_a_clear_answer_is_not_reported_as_not_done(era: str, guarded: GuardedCall) -> None:
    async with serving(era, guarded, person=agreeing(guarded), patience=0.0) as case:
        case.recorder.hook = failing(503)
        result = await guarded.call(case)
        assert result.is_error
        assert "not known whether" in text_of(result)
        assert not text_of(result).endswith(guarded.not_done)
        assert len(case.writes) == 1


@pytest.mark.parametrize("status", [422, 503])
async def test_a_retry_after_a_failed_write_is_asked_anew(era: str, guarded: GuardedCall, status: int) -> None:
    async with serving(era, guarded, person=agreeing(guarded), patience=0.0) as case:
        case.recorder.hook = failing(status)
        assert (await guarded.call(case)).is_error
        case.recorder.hook = None
        expected = guarded.write_in(case.sandbox)
        await guarded.done(case)
        assert len(case.asked) == 2
        assert case.writes == [expected] * 2


@pytest.mark.parametrize("status", [422, 503])
async def test_the_answer_to_a_write_that_failed_is_spent(guarded: GuardedCall, status: int) -> None:
    async with by_hand(guarded, patience=0.0) as client:
        question = await client.ask()
        client.case.recorder.hook = failing(status)
        await client.accept(question)
        client.case.recorder.hook = None
        told_used(await client.accept(question))
        assert len(client.case.writes) == 1
        expected = guarded.write_in(client.case.sandbox)
        await client.accept(await client.ask())
        assert client.case.writes == [expected] * 2


async def test_a_failure_between_answer_and_write_sends_no_write(era: str, guarded: GuardedCall) -> None:
    async def down(sent: Sent) -> httpx.Response:
        return httpx.Response(503)

    async with serving(era, guarded, person=agreeing(guarded), patience=0.0) as case:
        assert case.person is not None

        def go_down() -> None:
            case.recorder.hook = down

        case.person.meanwhile = go_down
        assert "HTTP 503" in await guarded.refused(case)
