"""Reads that are the same at the same moment are one request, and nobody notices otherwise."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import NotFound, Unavailable
from server.github.pools import Pools
from server.settings import Settings
from tests.github.held import Calling, HeldGitHub
from tests.github.scripted import ByOrg, Renewing, Script, Waits, make_client, told

pytestmark = pytest.mark.anyio
blocked = anyio.wait_all_tasks_blocked


@dataclass(frozen=True)
class Counted:
    """Keeps how many items a list had."""

    name: str = "items"

    def __call__(self, content: object) -> range:
        assert isinstance(content, list)
        return range(len(content))


async def test_identical_reads_at_the_same_moment_are_one_request(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(5)]
            await blocked()
            assert github.lines == ["GET /user"]
            github.asked[0].end(told(200, {"login": "octo-bot"}))
    assert [call.content for call in calls] == [{"login": "octo-bot"}] * 5


async def test_what_one_caller_changes_in_an_answer_another_does_not_see(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            one, other = Calling(group, client), Calling(group, client)
            await blocked()
            github.asked[0].end(told(200, {"login": "octo-bot"}))
    assert isinstance(one.content, dict)
    one.content.clear()
    assert other.content == {"login": "octo-bot"}


async def test_what_is_distilled_is_so_once_for_all(waits: Waits) -> None:
    github, distilled = HeldGitHub(), count()

    @dataclass(frozen=True)
    class Watched(Counted):
        def __call__(self, content: object) -> range:
            next(distilled)
            return super().__call__(content)

    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client, distill=Watched()) for _ in range(3)]
            await blocked()
            github.asked[0].end(told(200, [1, 2]))
    assert next(distilled) == 1
    assert all(call.content is calls[0].content for call in calls)
    assert calls[0].content == range(2)


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/users"},
        {"params": {"page": 2}},
        {"distill": Counted()},
        {"afresh": True},
        {"org": "octo-labs"},
        {"method": "POST", "changes_nothing": True},
    ],
    ids=["path", "query", "distilled otherwise", "afresh", "token", "method"],
)
async def test_what_is_not_identical_is_not_shared(waits: Waits, other: dict[str, Any]) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, credentials=ByOrg())
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Calling(group, client, org="octo-org")
            await blocked()
            Calling(group, client, **{"org": "octo-org", **other})
            await blocked()
            assert len(github.asked) == 2
            for asked in github.asked:
                asked.end(told(200, []))


async def test_reads_afresh_are_not_shared_with_each_other(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(2):
                Calling(group, client, afresh=True)
            await blocked()
            assert len(github.asked) == 2
            for asked in github.asked:
                asked.end()


async def test_who_knows_a_newer_answer_does_not_take_one_to_an_older_question(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Calling(group, client)
            await blocked()
            Calling(group, client, afresh=True)
            await blocked()
            github.asked[1].end(told(200, "newer", etag='"two"'))
            await blocked()
            Calling(group, client)
            await blocked()
            assert github.asked[2].request.headers["if-none-match"] == '"two"'
            github.asked[0].end(told(200, "older"))
            github.asked[2].end(told(304))


async def test_unchanged_answers_are_shared_too(waits: Waits) -> None:
    script = Script(told(200, {"a": 1}, etag='"one"'))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    github = HeldGitHub()
    client._pools = Pools([httpx.AsyncClient(transport=github)])
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(3)]
            await blocked()
            assert len(github.asked) == 1
            github.asked[0].end(told(304))
    assert [call.content for call in calls] == [{"a": 1}] * 3


async def test_an_answer_that_has_come_is_shared_with_nobody(waits: Waits) -> None:
    script = Script(told(200, 1), told(200, 2))
    client = make_client(script, waits)
    assert [(await client.request("GET", "/user")).content for _ in range(2)] == [1, 2]


async def test_a_refusal_reaches_everybody_and_is_everybodys_own(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client, about=name) for name in ("one", "other")]
            await blocked()
            github.asked[0].end(told(404, {"message": "Not Found"}))
    errors = [call.error for call in calls]
    assert all(isinstance(error, NotFound) for error in errors)
    assert errors[0] is not errors[1]
    assert ["for one." in str(errors[0]), "for other." in str(errors[1])] == [True, True]


@pytest.mark.parametrize("reply", [told(502), httpx.ReadError("cut"), httpx.ConnectError("refused")])
async def test_a_failure_is_repeated_once_for_everybody(waits: Waits, reply: httpx.Response | Exception) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(3)]
            await blocked()
            github.asked[0].end(reply)
            await blocked()
            assert len(github.under_way) == 1
            github.under_way[0].end()
    assert len(github.asked) == 2
    assert all(call.answered for call in calls)


async def test_a_failure_that_stays_reaches_everybody(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, settings=Settings(patience=0))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(3)]
            await blocked()
            github.asked[0].end(httpx.ReadError("cut"))
    assert [type(call.error) for call in calls] == [Unavailable] * 3
    assert len({id(call.error) for call in calls}) == 3


async def test_a_refused_token_is_renewed_for_everybody(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, credentials=Renewing("old", "new", "newest", "last"))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(2)]
            await blocked()
            github.asked[0].end(told(401, {"message": "Bad credentials"}))
            await blocked()
            for asked in github.under_way:
                asked.end()
    assert all(call.answered for call in calls)


async def test_who_sent_it_can_give_up_while_another_waits(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            first, second = Calling(group, client), Calling(group, client)
            await blocked()
            first.scope.cancel()
            await blocked()
            assert len(github.under_way) == 1
            github.asked[0].end()
    assert (len(github.asked), github.asked[0].cancelled, second.answered) == (1, False, True)


async def test_who_waits_can_give_up_and_disturbs_nobody(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            first, second = Calling(group, client), Calling(group, client)
            await blocked()
            second.scope.cancel()
            await blocked()
            assert (second.cancelled, len(github.under_way)) == (True, 1)
            github.asked[0].end()
    assert (len(github.asked), first.answered) == (1, True)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
async def test_when_all_have_given_up_the_request_is_given_up(waits: Waits, order: tuple[int, ...]) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(3)]
            await blocked()
            for number in order:
                assert len(github.under_way) == 1
                calls[number].scope.cancel()
                await blocked()
            assert github.under_way == []
    assert github.asked[0].cancelled
    assert all(call.cancelled for call in calls)


async def test_when_the_sender_is_killed_another_sends(waits: Waits) -> None:
    """Not every cancellation heeds a shield: a task can be cancelled from outside anyio."""
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        sender = asyncio.create_task(client.request("GET", "/user"))
        await blocked()
        async with anyio.create_task_group() as group:
            others = [Calling(group, client) for _ in range(2)]
            await blocked()
            sender.cancel()
            await blocked()
            assert (len(github.asked), len(github.under_way)) == (2, 1)
            github.under_way[0].end()
        with pytest.raises(asyncio.CancelledError):
            await sender
    assert all(call.answered for call in others)


async def test_who_has_less_time_left_waits_no_longer(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, settings=Settings(timeout=0.01, patience=0))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Calling(group, client) for _ in range(2)]
    assert [str(call.error).partition(".0")[0] for call in calls] == ["api.github.com did not answer within 0"] * 2


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("reply", [told(200, {}), httpx.ReadError("cut")], ids=["answered", "unclear"])
async def test_after_a_write_no_read_is_joined_that_began_before(
    waits: Waits, method: str, reply: httpx.Response | Exception
) -> None:
    github = HeldGitHub()
    client = make_client(github, waits, settings=Settings(patience=0))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Calling(group, client)
            await blocked()
            Calling(group, client, method)
            await blocked()
            github.asked[1].end(reply)
            await blocked()
            later = [Calling(group, client) for _ in range(2)]
            await blocked()
            assert github.lines == ["GET /user", f"{method} /user", "GET /user"]
            github.asked[2].end(told(200, "after"))
            github.asked[0].end(told(200, "before"))
    assert [call.content for call in later] == ["after", "after"]


async def test_identical_writes_are_all_sent(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(2):
                Calling(group, client, "POST")
            await blocked()
            assert github.lines == ["POST /user", "POST /user"]
            for asked in github.asked:
                asked.end()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, 1)),
        st.tuples(st.just("give up"), st.integers(0, 9)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.integers(0, 3)),
        st.tuples(st.just("limit"), st.integers(0, 3)),
        st.tuples(st.just("go on"), st.just(0)),
    ),
    max_size=25,
)
REPLIES: dict[str, Callable[[], httpx.Response | None]] = {
    "answer": lambda: None,
    "fail": lambda: told(502),
    "limit": lambda: told(429, retry_after="1"),
}


@settings(deadline=None)
@given(STEPS)
def test_whatever_happens_no_two_identical_reads_overlap_and_everybody_gets_an_answer(
    steps: list[tuple[str, int]],
) -> None:
    async def happen() -> None:
        github, waits = HeldGitHub(), Waits()
        client = make_client(github, waits, settings=Settings(patience=1000))
        calls: list[Calling] = []
        async with anyio.create_task_group() as group:
            for step, number in steps:
                if step == "call":
                    calls.append(Calling(group, client, path=f"/{number}"))
                elif step == "give up" and calls:
                    calls[number % len(calls)].scope.cancel()
                elif step in REPLIES and github.under_way:
                    github.under_way[number % len(github.under_way)].end(REPLIES[step]())
                elif step == "go on":
                    await blocked()
                assert max(Counter(asked.identity for asked in github.under_way).values(), default=1) == 1
            for _ in range(10):
                await blocked()
                assert max(Counter(asked.identity for asked in github.under_way).values(), default=1) == 1
                for asked in github.under_way:
                    asked.end()
        given_up = [call for call in calls if call.scope.cancel_called]
        assert all(call.answered or call.error for call in calls if call not in given_up)
        assert all(call.over for call in calls)
        assert github.under_way == []

    anyio.run(happen)
