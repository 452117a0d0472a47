from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from server.errors import GitHubError, RateLimited, Unauthenticated, Unavailable
from server.github.retries import backoff, github_date, limit_wait, retry_after
from server.settings import Settings
from tests.github.scripted import NOW, SECRET, Hanging, Renewing, Script, Waits, http_date, make_client, told

pytestmark = pytest.mark.anyio

PATH = "/orgs/octo-org/campaigns/3"
UNCLEAR: list[Callable[[], httpx.Response | Exception]] = [
    lambda: httpx.ReadTimeout("slow"),
    lambda: httpx.WriteTimeout("slow"),
    lambda: httpx.ReadError("reset"),
    lambda: httpx.WriteError("broken pipe"),
    lambda: httpx.RemoteProtocolError("server disconnected"),
    lambda: TimeoutError("slow"),
    lambda: ssl.SSLError("bad record mac"),
    lambda: ConnectionResetError("reset"),
    lambda: told(500),
    lambda: told(502),
    lambda: told(503),
    lambda: told(504),
]
NEVER_SENT: list[Callable[[], Exception]] = [
    lambda: httpx.ConnectError("refused"),
    lambda: httpx.ConnectTimeout("slow"),
    lambda: httpx.PoolTimeout("full"),
    lambda: httpx.ProxyError("407"),
]
METHODS = ["GET", "POST", "PATCH", "DELETE"]


@pytest.mark.parametrize("unclear", UNCLEAR)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_reads_and_idempotent_changes_are_repeated(
    waits: Waits, method: str, unclear: Callable[[], httpx.Response | Exception]
) -> None:
    script = Script(unclear(), unclear(), told(200, {}))
    await make_client(script, waits).request(method, PATH)
    assert len(script.sent) == 3
    assert waits.seconds == [0.5, 1.0]
    assert len({(line, request.content) for line, request in zip(script.lines, script.sent, strict=True)}) == 1


@pytest.mark.parametrize("unclear", UNCLEAR)
async def test_post_is_never_repeated_after_a_failure_that_leaves_doubt(
    waits: Waits, unclear: Callable[[], httpx.Response | Exception]
) -> None:
    script = Script(unclear())
    with pytest.raises(Unavailable) as caught:
        await make_client(script, waits).request("POST", "/orgs/octo-org/campaigns", body={})
    assert len(script.sent) == 1
    assert waits.seconds == []
    assert caught.value.may_have_happened is True


@pytest.mark.parametrize("problem", NEVER_SENT)
@pytest.mark.parametrize("method", METHODS)
async def test_every_method_is_repeated_when_no_connection_came_about(
    waits: Waits, method: str, problem: Callable[[], Exception]
) -> None:
    script = Script(problem(), problem(), told(200, {}))
    await make_client(script, waits).request(method, PATH)
    assert len(script.sent) == 3


@pytest.mark.parametrize("method", METHODS)
async def test_a_host_that_never_answers_has_certainly_written_nothing(waits: Waits, method: str) -> None:
    script = Script(*[httpx.ConnectError("refused") for _ in range(4)])
    with pytest.raises(Unavailable) as caught:
        await make_client(script, waits).request(method, PATH)
    assert caught.value.may_have_happened is False
    assert waits.seconds == [0.5, 1.0, 2.0]


async def test_an_earlier_doubt_outlives_a_refused_connection(waits: Waits) -> None:
    script = Script(httpx.ReadTimeout("slow"), *[httpx.ConnectError("refused") for _ in range(3)])
    with pytest.raises(Unavailable) as caught:
        await make_client(script, waits).request("DELETE", PATH)
    assert caught.value.may_have_happened is True


async def test_an_earlier_doubt_outlives_a_clear_refusal(waits: Waits) -> None:
    with pytest.raises(GitHubError) as caught:
        await make_client(Script(told(502), told(422, {})), waits).request("PATCH", PATH, body={})
    assert caught.value.status == 422
    assert caught.value.may_have_happened is True


async def test_a_read_never_leaves_doubt(waits: Waits) -> None:
    with pytest.raises(Unavailable) as caught:
        await make_client(Script(*[told(502) for _ in range(4)]), waits).request("GET", PATH)
    assert caught.value.may_have_happened is False
    assert "failed 4 times" in str(caught.value)


async def test_a_post_that_changes_nothing_is_repeated(waits: Waits) -> None:
    script = Script(told(502), told(201, {}))
    await make_client(script, waits).request("POST", "/app/installations/1/access_tokens", changes_nothing=True)
    assert len(script.sent) == 2


async def test_a_status_that_will_not_pass_is_not_repeated(waits: Waits) -> None:
    with pytest.raises(Unavailable):
        await make_client(Script(told(501)), waits).request("GET", PATH)


async def test_a_certificate_that_is_not_trusted_is_not_tried_again(waits: Waits) -> None:
    problem = httpx.ConnectError("certificate verify failed")
    problem.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    with pytest.raises(Unavailable, match="not trusted"):
        await make_client(Script(problem), waits).request("GET", PATH)
    assert waits.seconds == []


async def test_waiting_stays_within_the_callers_patience(waits: Waits) -> None:
    script = Script(told(502), told(502))
    with pytest.raises(Unavailable):
        await make_client(script, waits, settings=Settings(patience=1.2)).request("GET", PATH)
    assert waits.seconds == [0.5]


async def test_a_failing_server_that_names_a_pause_is_obeyed(waits: Waits) -> None:
    script = Script(told(503, retry_after="7"), told(200, {}))
    await make_client(script, waits).request("GET", PATH)
    assert waits.seconds == [7.0]


async def test_a_pause_beyond_patience_is_told(waits: Waits) -> None:
    script = Script(told(503, retry_after="300"))
    with pytest.raises(Unavailable, match="Try again in 300 s"):
        await make_client(script, waits).request("GET", PATH)


async def test_an_answer_that_drips_is_cut_off(waits: Waits) -> None:
    client = make_client(Hanging(), waits, settings=Settings(timeout=0.01))
    with pytest.raises(Unavailable, match=r"did not answer within 0\.01 s") as caught:
        await client.request("POST", "/orgs/octo-org/campaigns", body={})
    assert caught.value.may_have_happened is True


def test_backoff_doubles_is_capped_and_spread() -> None:
    assert [backoff(tries, 1.0) for tries in (1, 2, 3, 4, 5, 6, 50)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert backoff(3, 0.0) == 1.0


@pytest.mark.parametrize(
    "limited",
    [
        lambda: told(429, {"message": "slow down"}, retry_after="5"),
        lambda: told(429, retry_after="5"),
        lambda: httpx.Response(429, html="<html>too many</html>", headers={"retry-after": "5"}),
        lambda: told(403, {"message": "no"}, retry_after="5"),
        lambda: told(403, {"message": "no"}, retry_after=http_date(NOW + timedelta(seconds=5))),
        lambda: told(
            403,
            {"message": "API rate limit exceeded"},
            x_ratelimit_remaining="0",
            x_ratelimit_reset=str(int(NOW.timestamp()) + 5),
        ),
    ],
)
@pytest.mark.parametrize("method", METHODS)
async def test_a_short_rate_limit_is_waited_out_for_every_method(
    waits: Waits, method: str, limited: Callable[[], httpx.Response]
) -> None:
    script = Script(limited(), told(200, {}))
    answer = await make_client(script, waits).request(method, PATH)
    assert waits.seconds == [5.0]
    assert answer.content == {}


@pytest.mark.parametrize(
    "body",
    [
        {"message": "You have exceeded a secondary rate limit. Wait."},
        {"message": "no", "documentation_url": "https://docs.github.com/rest#about-secondary-rate-limits"},
    ],
)
async def test_a_secondary_limit_without_a_hint_lasts_a_minute_and_then_longer(
    waits: Waits, body: dict[str, str]
) -> None:
    script = Script(told(403, body), told(403, body), told(403, body))
    with pytest.raises(RateLimited) as caught:
        await make_client(script, waits, settings=Settings(patience=200)).request("POST", PATH)
    assert waits.seconds == [60.0, 120.0]
    assert caught.value.until == NOW + timedelta(seconds=60 + 120 + 240)
    assert caught.value.may_have_happened is False


async def test_a_long_rate_limit_names_its_end_in_githubs_time(waits: Waits) -> None:
    github_time = datetime(2030, 5, 1, 12, 0, 0, tzinfo=UTC)
    reply = told(
        403,
        {"message": "API rate limit exceeded"},
        date=http_date(github_time),
        x_ratelimit_remaining="0",
        x_ratelimit_reset=str(int(github_time.timestamp()) + 1800),
        x_github_request_id="AB:1",
    )
    with pytest.raises(RateLimited, match="2030-05-01 12:30:00 UTC") as caught:
        await make_client(Script(reply), waits).request("GET", PATH)
    assert caught.value.until == github_time + timedelta(minutes=30)
    assert (caught.value.status, caught.value.request_id) == (403, "AB:1")
    assert waits.seconds == []


async def test_a_server_that_always_says_soon_is_not_asked_for_ever(waits: Waits) -> None:
    script = Script(*[told(429, retry_after="0") for _ in range(4)])
    with pytest.raises(RateLimited):
        await make_client(script, waits).request("GET", PATH)
    assert waits.seconds == [1.0, 1.0, 1.0]


async def test_a_forbidden_answer_with_requests_remaining_is_no_rate_limit(waits: Waits) -> None:
    with pytest.raises(GitHubError) as caught:
        await make_client(Script(told(403, {"message": "no"}, x_ratelimit_remaining="17")), waits).request("GET", PATH)
    assert not isinstance(caught.value, RateLimited)


@pytest.mark.parametrize(
    "nonsense", ["", "soon", "-5", "nan", "inf", "1e400", "9" * 30, "99999999999", "½", "Fri, 99 Foo 2026", "1_0 "]
)
def test_nonsense_in_retry_after_is_survived(nonsense: str) -> None:
    headers = httpx.Headers([("retry-after", nonsense)], encoding="utf-8")
    assert retry_after(headers, NOW) in (None, 10.0)
    assert limit_wait(headers, NOW, 1) >= 1.0


@pytest.mark.parametrize("nonsense", ["", "later", "-1", "9" * 19, "nan"])
def test_nonsense_in_the_reset_time_is_survived(nonsense: str) -> None:
    headers = httpx.Headers({"x-ratelimit-remaining": "0", "x-ratelimit-reset": nonsense})
    assert limit_wait(headers, NOW, 1) in (60.0, 1.0)


def test_dates_of_the_past_and_without_a_zone_are_read() -> None:
    assert retry_after(httpx.Headers({"retry-after": "Fri, 20 Nov 2020 10:42:00 GMT"}), NOW) == 0.0
    assert github_date("Fri, 20 Nov 2026 10:42:00 -0000") == NOW
    assert github_date(None) is None


async def test_a_refused_token_is_renewed_once(waits: Waits) -> None:
    script = Script(told(401, {"message": "Bad credentials"}), told(200, {}))
    credentials = Renewing("old", "new", "newest")
    await make_client(script, waits, credentials=credentials).request("GET", PATH)
    assert [request.headers["authorization"] for request in script.sent] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_change_is_not_sent_on_with_a_token_of_nobody_knows_whom(waits: Waits, method: str) -> None:
    """A person may have confirmed it for another account; the next call uses the newer token."""
    script = Script(told(401, {"message": "Bad credentials"}))
    with pytest.raises(Unauthenticated):
        await make_client(script, waits, credentials=Renewing("old", "new")).request(method, PATH)
    assert [request.headers["authorization"] for request in script.sent] == ["Bearer old"]


async def test_a_token_refused_twice_is_an_error(waits: Waits) -> None:
    script = Script(told(401), told(401))
    with pytest.raises(Unauthenticated):
        await make_client(script, waits, credentials=Renewing("old", "new", "newest")).request("GET", PATH)
    assert len(script.sent) == 2


async def test_a_token_that_cannot_be_renewed_is_an_error_at_once(waits: Waits) -> None:
    script = Script(told(401, {"message": "Bad credentials"}))
    with pytest.raises(Unauthenticated) as caught:
        await make_client(script, waits).request("POST", PATH)
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.may_have_happened is False


async def test_a_read_that_is_repeated_gets_no_more_time_than_is_left(waits: Waits) -> None:
    limits: list[float] = []

    class Watching(Script):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            limits.append(anyio.current_effective_deadline() - anyio.current_time())
            return await super().handle_async_request(request)

    script = Watching(told(503, retry_after="9"), told(200, {}), told(503, retry_after="9"), told(200, {}))
    client = make_client(script, waits, settings=Settings(patience=12.0, timeout=15.0))
    await client.request("GET", PATH)
    await client.request("DELETE", PATH)
    assert [round(limit) for limit in limits] == [15, 3, 15, 15]
