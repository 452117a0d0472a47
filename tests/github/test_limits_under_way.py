"""While one request waits out a rate limit, no other is sent; and nobody waits for ever or in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import permutations

import anyio
import anyio.abc
import httpx
import pytest

from server.domain.alerts import AlertQuery
from server.errors import GitHubError, RateLimited, Unavailable
from server.github.client import GitHubClient
from server.github.clock import Clock
from server.github.credentials import read_token
from server.github.limits_under_way import LimitsUnderWay
from server.github.retries import Call
from server.settings import Settings
from tests.github.paged import Asked, Paged, items, make_alerts
from tests.github.scripted import NOW, Waits, make_client, told

pytestmark = pytest.mark.anyio
blocked = anyio.wait_all_tasks_blocked


class Held(Waits):
    """Each sleeper sleeps until its event is set; then its time has come."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[anyio.Event] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.ends.append(anyio.Event())
        end = self.time + timedelta(seconds=seconds)
        await self.ends[-1].wait()
        self.time = max(self.time, end)


class ByPath(httpx.AsyncBaseTransport):
    """Answers by path, each answer once and then 200; every answer takes a moment."""

    def __init__(self, **replies: Iterable[httpx.Response]) -> None:
        self.replies = {f"/{name}": list(several) for name, several in replies.items()}
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{request.method} {request.url.path}")
        await anyio.lowlevel.checkpoint()
        waiting = self.replies.get(request.url.path)
        return waiting.pop(0) if waiting else told(200, {})


class Sent:
    """A request under way in a group, and what came of it."""

    def __init__(self, group: anyio.abc.TaskGroup, client: GitHubClient, path: str, method: str = "GET") -> None:
        self.scope = anyio.CancelScope()
        self.error: GitHubError | None = None
        self.done = False
        group.start_soon(self._send, client, path, method)

    async def _send(self, client: GitHubClient, path: str, method: str) -> None:
        with self.scope:
            try:
                await client.request(method, path)
            except GitHubError as error:
                self.error = error
            self.done = True


def limited(seconds: int) -> httpx.Response:
    return told(429, {"message": "slow down"}, retry_after=str(seconds))


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("limiting", ["GET", "POST"])
async def test_while_one_waits_out_a_limit_no_other_is_sent(method: str, limiting: str) -> None:
    waits, github = Held(), ByPath(limited=[limited(20)])
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Sent(group, client, "/limited", limiting)
            await blocked()
            others = [Sent(group, client, f"/{number}", method) for number in range(3)]
            await blocked()
            assert github.sent == [f"{limiting} /limited"]
            waits.ends[0].set()
        assert all(other.done and other.error is None for other in others)
    assert sorted(github.sent[1:]) == sorted([f"{limiting} /limited", *(f"{method} /{number}" for number in range(3))])
    assert waits.seconds == [20.0]


async def test_the_next_pages_of_a_reading_wait_too() -> None:
    waits, paged = Held(), Paged(items(range(1, 3001)))

    async def before(asked: Asked) -> httpx.Response | None:
        return limited(20) if asked.page == 5 and not waits.ends else None

    paged.before = before
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(make_alerts(paged, waits).read, "octo-org", AlertQuery("code"))
            await blocked()
            assert (waits.seconds, paged.under_way) == ([20.0], 0)
            assert 5 <= len(paged.asked) <= 6 + 3
            waits.ends[0].set()
    assert set(paged.pages) == set(range(1, 31))


@pytest.mark.parametrize("order", [*permutations(range(3))])
async def test_several_that_meet_limits_at_once_go_on_when_the_last_is_over(order: tuple[int, ...]) -> None:
    waits, github = Held(), ByPath(a=[limited(5)], b=[limited(20)], c=[limited(20)])
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            calls = [Sent(group, client, f"/{name}") for name in "abc"]
            await blocked()
            assert sorted(waits.seconds) == [5.0, 20.0, 20.0]
            for number in order:
                assert len(github.sent) == 3
                waits.ends[number].set()
                await blocked()
    assert sorted(github.sent) == sorted(["GET /a", "GET /b", "GET /c"] * 2)
    assert all(call.error is None for call in calls)


async def test_who_is_let_go_on_and_meets_the_limit_again_holds_back_the_others_again() -> None:
    waits, github = Held(), ByPath(a=[limited(5), limited(5)])
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Sent(group, client, "/a")
            await blocked()
            waits.ends[0].set()
            await blocked()
            Sent(group, client, "/b")
            await blocked()
            assert github.sent == ["GET /a", "GET /a"]
            waits.ends[1].set()
    assert sorted(github.sent[2:]) == ["GET /a", "GET /b"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_who_cannot_wait_so_long_fails_as_the_one_that_met_the_limit_would(method: str) -> None:
    waits, github = Held(), ByPath(limited=[limited(20)], slow=[told(503, retry_after="15")])
    client = make_client(github, waits, settings=Settings(patience=30))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            slow = Sent(group, client, "/slow", method)
            await blocked()
            waits.time += timedelta(seconds=14)
            first = Sent(group, client, "/limited")
            await blocked()
            waits.ends[0].set()
            await blocked()
            assert (slow.done, first.done) == (True, False)
            waits.ends[1].set()
    assert isinstance(slow.error, RateLimited)
    assert slow.error.until == NOW + timedelta(seconds=14 + 20)
    assert slow.error.what == (
        "GitHub's rate limit is reached. Requests are accepted again at 2026-11-20 10:42:34 UTC."
    )
    assert (slow.error.status, slow.error.may_have_happened) == (429, method == "DELETE")
    assert first.error is None
    assert github.sent == [f"{method} /slow", "GET /limited", "GET /limited"]


def end(waits: Held, _: Sent) -> None:
    waits.ends[0].set()


def cancel(_: Held, first: Sent) -> None:
    first.scope.cancel()


@pytest.mark.parametrize(("ending", "patient"), [(end, False), (cancel, True)])
async def test_only_what_was_waited_counts_against_patience(
    ending: Callable[[Held, Sent], None], patient: bool
) -> None:
    waits, github = Held(), ByPath(limited=[limited(20)], other=[told(503, retry_after="15")])
    client = make_client(github, waits, settings=Settings(patience=30))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            first = Sent(group, client, "/limited")
            await blocked()
            other = Sent(group, client, "/other")
            await blocked()
            ending(waits, first)
            await blocked()
            assert waits.seconds == ([20.0, 15.0] if patient else [20.0])
            assert isinstance(other.error, Unavailable) is not patient
            waits.ends[-1].set()


async def test_a_wait_that_is_cancelled_wakes_the_others() -> None:
    waits, github = Held(), ByPath(limited=[limited(20)])
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            first = Sent(group, client, "/limited")
            await blocked()
            Sent(group, client, "/other", "POST")
            await blocked()
            first.scope.cancel()
    assert github.sent == ["GET /limited", "POST /other"]


async def test_who_is_cancelled_while_held_back_sends_nothing_and_disturbs_nobody() -> None:
    waits, github = Held(), ByPath(limited=[limited(20)])
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Sent(group, client, "/limited")
            await blocked()
            cancelled, patient = Sent(group, client, "/cancelled"), Sent(group, client, "/patient")
            await blocked()
            cancelled.scope.cancel()
            await blocked()
            assert github.sent == ["GET /limited"]
            waits.ends[0].set()
    assert sorted(github.sent) == ["GET /limited", "GET /limited", "GET /patient"]
    assert patient.done


async def test_a_limit_that_nobody_waits_out_holds_nobody_back(waits: Waits) -> None:
    github = ByPath(limited=[limited(1800)])
    client = make_client(github, waits)
    with pytest.raises(RateLimited):
        await client.request("GET", "/limited")
    await client.request("GET", "/other")
    assert (github.sent, waits.seconds) == (["GET /limited", "GET /other"], [])


@pytest.mark.parametrize("leap", [timedelta(days=2), timedelta(days=-2)])
async def test_a_clock_that_leaps_changes_no_wait(leap: timedelta) -> None:
    waits, github = Held(), ByPath(limited=[limited(20)])
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Sent(group, client, "/limited")
            await blocked()
            waits.time += leap
            other = Sent(group, client, "/other")
            await blocked()
            assert github.sent == ["GET /limited"]
            waits.ends[0].set()
    assert (other.done, other.error) == (True, None)


async def test_a_limit_of_one_token_holds_back_no_request_with_another() -> None:
    """An app has a token for each organization, and GitHub limits each by itself."""
    one, other = read_token("ghs_one", "the test"), read_token("ghs_other", "the test")
    limits = LimitsUnderWay(Clock(lambda: NOW), 30.0)
    call = Call("GET", httpx.URL("https://api.github.com/x"), "octo-labs", None, "x", reads=True)
    refusal = RateLimited("limited", until=NOW)
    with limits.under_way(one, 20.0, NOW + timedelta(seconds=20), lambda: refusal), anyio.fail_after(5):
        await limits.over(call, other)
    assert call.spent == 0
