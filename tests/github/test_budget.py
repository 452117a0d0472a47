"""What is left of the rate limit: reads leave something for writes, and large readings something for small reads."""

from __future__ import annotations

import time
from datetime import timedelta

import anyio
import httpx
import pytest

from server.domain.alerts import AlertQuery
from server.errors import RateLimited
from server.github.budget import Spared, for_a_write
from server.github.client import GitHubClient
from server.settings import Settings
from tests.github.held import Calling, HeldGitHub
from tests.github.paged import CODE, Asked, Paged, items, make_alerts
from tests.github.scripted import NOW, ByOrg, Hanging, Script, Waits, make_client, told
from tests.harness import Sent, connected, text_of

pytestmark = pytest.mark.anyio
SMALL: dict[str, str | int] = {"sort": "created", "direction": "asc", "per_page": 1}
blocked = anyio.wait_all_tasks_blocked
IN_FORTY_MINUTES = str(int((NOW + timedelta(minutes=40)).timestamp()))
IN_TWENTY_SECONDS = str(int((NOW + timedelta(seconds=20)).timestamp()))


def left(
    remaining: int | str, reset: str | None = IN_FORTY_MINUTES, limit: int = 5000, **headers: str
) -> httpx.Response:
    """An answer that tells what is left."""
    named = {} if reset is None else {"x_ratelimit_reset": reset}
    return told(200, {}, x_ratelimit_remaining=str(remaining), x_ratelimit_limit=str(limit), **named, **headers)


async def client_with(waits: Waits, told_left: httpx.Response, *more: httpx.Response, **settings: float) -> Script:
    """Make a client that was told what is left, and let it read once more."""
    script = Script(told_left, *more)
    client = make_client(script, waits, settings=Settings(**settings))  # type: ignore[arg-type]  # as given
    await client.request("GET", "/user")
    await client.request("GET", "/orgs/octo-org/campaigns", about="the campaigns of octo-org")
    return script


async def test_a_read_that_would_use_the_reserve_is_not_sent_and_told_when_to_come_back(waits: Waits) -> None:
    with pytest.raises(RateLimited) as caught:
        await client_with(waits, left(100))
    assert str(caught.value) == (
        "The request for the campaigns of octo-org was not sent, to spare the rate limit: 100 requests are left until "
        "it is reset at 2026-11-20 11:22:00 UTC. They are kept for writes. Try again then."
    )
    assert caught.value.until == NOW + timedelta(minutes=40)
    assert (caught.value.may_have_happened, caught.value.status, waits.seconds) == (False, None, [])


async def test_what_is_above_the_reserve_is_read(waits: Waits) -> None:
    script = await client_with(waits, left(101), left(100))
    assert len(script.sent) == 2


async def test_the_reserve_is_a_setting(waits: Waits) -> None:
    await client_with(waits, left(8), left(7), write_reserve=7)
    with pytest.raises(Spared):
        await client_with(waits, left(7), write_reserve=7)


@pytest.mark.parametrize(("limit", "enough", "little"), [(60, 13, 12), (4, 1, 0)])
async def test_of_a_small_limit_no_more_than_a_fifth_is_kept(
    waits: Waits, limit: int, enough: int, little: int
) -> None:
    await client_with(waits, left(enough, limit=limit), left(enough - 1, limit=limit))
    with pytest.raises(RateLimited):
        await client_with(waits, left(little, limit=limit))


async def test_with_nothing_left_that_is_said(waits: Waits) -> None:
    with pytest.raises(RateLimited, match=r"limit is reached\. Requests are accepted again at 2026-11-20 11:22:00"):
        await client_with(waits, left(0))


async def test_a_reset_that_is_near_is_waited_for(waits: Waits) -> None:
    script = await client_with(waits, left(100, IN_TWENTY_SECONDS), left(4999))
    assert (len(script.sent), waits.seconds) == (2, [20.0])


async def test_waiting_for_it_counts_against_patience(waits: Waits) -> None:
    script = Script(left(100, IN_TWENTY_SECONDS), told(503, retry_after="11"))
    client = make_client(script, waits, settings=Settings(patience=30))
    await client.request("GET", "/user")
    with pytest.raises(Exception, match="Try again in 11 s"):
        await client.request("GET", "/user")
    assert waits.seconds == [20.0]


async def test_after_the_reset_reads_go_on_by_themselves(waits: Waits) -> None:
    script = Script(left(3), left(4999))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    waits.time += timedelta(minutes=41)
    await client.request("GET", "/user")
    assert len(script.sent) == 2


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("remaining", [100, 1, 0])
async def test_a_write_uses_the_reserve(waits: Waits, method: str, remaining: int) -> None:
    script = Script(left(remaining), left(0))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    await client.request(method, "/orgs/octo-org/campaigns")
    assert (len(script.sent), waits.seconds) == (2, [])


async def test_what_a_write_is_decided_by_uses_the_reserve_too(waits: Waits) -> None:
    script = Script(left(100), left(99), left(0))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    with for_a_write():
        await client.request("GET", "/user")
        await client.request("GET", "/user")
        with pytest.raises(RateLimited):
            await client.request("GET", "/user")
    with pytest.raises(RateLimited):
        await client.request("GET", "/user")


async def test_what_is_not_for_a_write_leaves_the_reserve(waits: Waits) -> None:
    client = make_client(Script(left(100)), waits)
    await client.request("GET", "/user")
    with for_a_write(applies=False), pytest.raises(Spared):
        await client.request("GET", "/user")


async def test_asking_what_is_left_is_never_held_back(waits: Waits) -> None:
    script = Script(left(0), told(200, {}))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    await client.request("GET", "/rate_limit")
    assert len(script.sent) == 2


async def test_another_limit_is_not_taken_for_this_one(waits: Waits) -> None:
    script = await client_with(waits, left(1, x_ratelimit_resource="search"), left(5))
    assert len(script.sent) == 2


async def test_each_token_has_its_own(waits: Waits) -> None:
    script = Script(left(3), left(4000))
    client = make_client(script, waits, credentials=ByOrg())
    await client.request("GET", "/user", org="octo-org")
    await client.request("GET", "/user", org="octo-labs")
    with pytest.raises(Spared):
        await client.request("GET", "/user", org="octo-org")


@pytest.mark.parametrize("reset", [None, "soon", "0", "99999999999"])
async def test_without_a_usable_reset_it_is_believed_for_a_minute(waits: Waits, reset: str | None) -> None:
    script = Script(left(12, reset), left(4000))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    with pytest.raises(Spared, match=r"rate limit: 12 requests are left\. They") as caught:
        await client.request("GET", "/user")
    assert caught.value.until == NOW + timedelta(minutes=1)
    waits.time += timedelta(seconds=61)
    await client.request("GET", "/user")


@pytest.mark.parametrize("odd", ["", "many", "-3", "1e3"])
async def test_what_is_no_number_holds_nobody_back(waits: Waits, odd: str) -> None:
    script = await client_with(waits, left(odd), left(4000))
    assert len(script.sent) == 2


async def test_those_under_way_count_as_if_they_were_used(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Calling(group, client)
            await blocked()
            github.asked[0].end(left(103))
            await blocked()
            calls = [Calling(group, client, path=f"/{number}") for number in range(6)]
            await blocked()
            assert len(github.under_way) == 3
            github.asked[1].end(left(103))  # unchanged answers cost nothing
            await blocked()
            assert len(github.under_way) == 3
            for remaining, asked in zip((102, 101, 100), list(github.under_way), strict=True):
                asked.end(left(remaining))
            await blocked()
            assert github.under_way == []
    assert sum(call.answered for call in calls) == 4
    assert all(isinstance(call.error, Spared) for call in calls if not call.answered)


async def test_who_waits_for_those_under_way_can_give_up(waits: Waits) -> None:
    github = HeldGitHub()
    client = make_client(github, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Calling(group, client)
            await blocked()
            github.asked[0].end(left(101))
            await blocked()
            Calling(group, client)
            waiting = Calling(group, client, path="/other")
            await blocked()
            waiting.scope.cancel()
            await blocked()
            assert waiting.cancelled
            github.under_way[0].end(left(101))
    assert github.lines == ["GET /user", "GET /user"]


async def test_identical_reads_that_waited_for_the_reset_are_one_request(waits: Waits) -> None:
    paged = HeldGitHub()
    client = make_client(paged, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            Calling(group, client)
            await blocked()
            paged.asked[0].end(left(3, IN_TWENTY_SECONDS))
            await blocked()
            calls = [Calling(group, client) for _ in range(4)]
            await blocked()
            assert len(paged.under_way) == 1
            paged.under_way[0].end(left(4999))
    assert all(call.answered for call in calls)


# Readings of alerts


def telling(remaining: int, reset: str = IN_FORTY_MINUTES) -> Paged:
    """A GitHub with many alerts that counts down, like the real one."""
    paged = Paged(items(range(1, 2001)))
    paged.etags = False
    state = {"left": remaining}

    async def count_down(asked: Asked) -> httpx.Response | None:
        state["left"] -= 1
        paged.headers = {
            "x-ratelimit-remaining": str(state["left"]),
            "x-ratelimit-limit": "5000",
            "x-ratelimit-reset": reset,
        }
        return None

    paged.before = count_down
    return paged


@pytest.mark.parametrize("at_once", [1, 4, 20])
async def test_a_large_reading_leaves_something_to_small_reads_and_they_to_writes(waits: Waits, at_once: int) -> None:
    paged = telling(210)
    alerts = make_alerts(paged, waits, at_once=at_once)
    reading = await alerts.read("octo-org", AlertQuery("code"))
    assert len(paged.asked) == 10
    assert reading.gaps == (
        f"Only {len(reading.alerts):,} of about 2,000 alerts were read, to spare the rate limit: 200 requests are left "
        "until it is reset at 2026-11-20 11:22:00 UTC.",
    )
    client: GitHubClient = alerts._client
    for _ in range(100):
        await client.request("GET", CODE, params=SMALL)
    with pytest.raises(Spared):
        await client.request("GET", CODE, params=SMALL)
    assert paged.headers["x-ratelimit-remaining"] == "100"


async def test_a_reading_waits_for_a_reset_that_is_near(waits: Waits) -> None:
    paged = telling(205, IN_TWENTY_SECONDS)
    refills: list[float] = []

    async def sleep(seconds: float) -> None:
        refills.append(seconds)
        await waits(seconds)
        paged.before = telling(5000).before

    client = make_client(paged, waits, sleep=sleep)
    alerts = make_alerts(paged, waits, at_once=1)
    alerts._client = client
    reading = await alerts.read("octo-org", AlertQuery("code"))
    assert (len(reading.alerts), reading.gaps, refills) == (2000, (), [20.0])


async def test_a_reading_that_may_not_even_begin_says_why(waits: Waits) -> None:
    paged = telling(150)
    alerts = make_alerts(paged, waits)
    await alerts._client.request(
        "GET", "/orgs/octo-org/code-scanning/alerts", params={"sort": "created", "direction": "asc"}
    )
    with pytest.raises(RateLimited, match=r"149 requests are left until .* kept for writes and smaller reads"):
        await alerts.read("octo-org", AlertQuery("code"))
    assert len(paged.asked) == 1


async def test_a_short_reading_has_its_turn_while_a_long_one_goes_on(waits: Waits) -> None:
    names = [f"repo-{number}" for number in range(60)]
    paged = Paged(items(range(1, 11)))
    for number, name in enumerate(names, 100):
        paged.others[f"/repos/octo-org/{name}"] = told(200, {"id": number, "full_name": f"octo-org/{name}"})
        paged.lists[f"/repos/octo-org/{name}/code-scanning/alerts"] = items(range(1, 11))
    alerts = make_alerts(paged, waits, at_once=2)
    asked_in_all: list[int] = []

    async def short() -> None:
        await alerts.read("octo-org", AlertQuery("code"))
        asked_in_all.append(len(paged.asked))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(alerts.read, "octo-org", AlertQuery("code", repositories=tuple(names)))
            await anyio.lowlevel.checkpoint()
            group.start_soon(short)
    assert asked_in_all[0] <= 8
    assert len(paged.asked) == 121


async def test_a_hanging_read_keeps_no_write_waiting(waits: Waits) -> None:
    class Mixed(Hanging):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await super().handle_async_request(request) if request.method == "GET" else told(204)

    client = make_client(Mixed(), waits, write_spacing=1.0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for number in range(30):
                Calling(group, client, path=f"/{number}")
            await blocked()
            await client.request("DELETE", "/orgs/octo-org/campaigns/3")
            group.cancel_scope.cancel()


async def test_calls_that_only_preview_do_not_use_what_is_kept_for_writes(era: str) -> None:
    """Until a preview is refused, then a write: it still gets through."""
    async with connected(era, confirm="never") as case:
        left_now = 103

        async def count(_: Sent) -> httpx.Response | None:
            nonlocal left_now
            left_now -= 1
            return None

        case.recorder.hook = count
        inner = case.recorder.handle_async_request

        async def told_left(request: httpx.Request) -> httpx.Response:
            answer = await inner(request)
            answer.headers.update(
                {
                    "x-ratelimit-remaining": str(max(left_now, 0)),
                    "x-ratelimit-limit": "5000",
                    "x-ratelimit-reset": str(int(time.time()) + 3000),
                }
            )
            return answer

        case.recorder.handle_async_request = told_left  # type: ignore[method-assign]  # to tell what is left
        dry = {"campaign_number": 6, "name": "x", "dry_run": True}
        previews = [await case.client.call_tool("update_campaign", dry) for _ in range(10)]
        assert not previews[0].is_error
        assert "kept for writes" in text_of(previews[-1])
        assert left_now == 100
        await case.done("delete_campaign", campaign_number=5)
