from __future__ import annotations

import gc
import logging
import math
import weakref
from datetime import UTC, datetime

import anyio
import httpx
import pytest

from server.errors import InvalidInput, UnexpectedAnswer
from server.github.addresses import joined, number_segment, segment, shown_host
from server.github.clock import Clock
from server.settings import Settings
from tests.github.scripted import NOW, SECRET, Hanging, Script, Waits, http_date, make_client, told

pytestmark = pytest.mark.anyio


async def test_every_request_says_who_asks_and_in_which_version(waits: Waits) -> None:
    script = Script(told(200, []))
    await make_client(script, waits).request("GET", "/orgs/octo-org/campaigns", params={"state": "open", "page": 2})
    (request,) = script.sent
    assert str(request.url) == "https://api.github.com/orgs/octo-org/campaigns?state=open&page=2"
    assert request.headers["user-agent"].startswith("security-campaigns-mcp/")
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers["x-github-api-version"] == "2026-03-10"
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.content == b""


async def test_a_body_is_sent_as_json(waits: Waits) -> None:
    script = Script(told(200, {"ok": True}))
    answer = await make_client(script, waits).request("PATCH", "/orgs/octo-org/campaigns/3", body={"name": "Ü"})
    assert script.body() == {"name": "Ü"}
    assert script.sent[0].headers["content-type"] == "application/json"
    assert (answer.status, answer.content) == (200, {"ok": True})


async def test_the_api_address_of_the_settings_is_used_with_its_path(waits: Waits) -> None:
    script = Script(told(200, []))
    client = make_client(script, waits, settings=Settings(api_url="http://127.0.0.1:9/api/", api_version="2022-11-28"))
    await client.request("GET", "/user")
    assert str(script.sent[0].url) == "http://127.0.0.1:9/api/user"
    assert script.sent[0].headers["x-github-api-version"] == "2022-11-28"


async def test_no_content_is_none(waits: Waits) -> None:
    answer = await make_client(Script(told(204)), waits).request("DELETE", "/orgs/octo-org/campaigns/3")
    assert (answer.status, answer.content) == (204, None)


async def test_the_date_header_sets_the_clock(waits: Waits) -> None:
    clock = Clock(lambda: datetime(2020, 1, 1, tzinfo=UTC))
    script = Script(told(200, [], date=http_date(NOW)), told(200, [], date="soon"), told(200, []))
    client = make_client(script, waits, clock=clock)
    for _ in range(3):
        await client.request("GET", "/user")
        assert clock.now() == NOW


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_date_that_is_no_time_leaves_the_clock_and_the_answer(waits: Waits, method: str, date: str) -> None:
    clock = Clock(waits.now)
    client = make_client(Script(told(200, 1, date=date, x_ratelimit_remaining="3")), waits, clock=clock)
    assert (await client.request(method, "/orgs/octo-org/campaigns/6")).content == 1
    assert (clock.now(), clock.told) == (NOW, False)


@pytest.mark.parametrize("raw", ["é".encode(), b"\xff\x9d", "\u202e".encode(), b"\xed\xa0\x80"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_header_fields_in_other_letters_are_survived(waits: Waits, method: str, raw: bytes) -> None:
    names = [b"link", b"server", b"date", b"x-ratelimit-remaining", b"retry-after", b"set-cookie", b"content-type"]
    link = b'<https://api.github.com/user?page=2>; rel="next", <https://api.github.com/' + raw + b'>; rel="last"'
    headers = [(name, link if name == b"link" else raw) for name in names]
    script = Script(httpx.Response(200, headers=headers, content=b"[]"))
    answer = await make_client(script, waits).request(method, "/user", body=None if method == "GET" else {})
    assert (answer.content, answer.next_url) == ([], "https://api.github.com/user?page=2")


async def test_a_next_page_in_other_letters_on_another_host_is_not_asked(waits: Waits) -> None:
    link = '<https://evil.example/é>; rel="next"'.encode()
    script = Script(httpx.Response(200, headers=[(b"link", link)], content=b"[]"))
    client = make_client(script, waits)
    answer = await client.request("GET", "/user")
    with pytest.raises(UnexpectedAnswer, match="another host"):
        await client.follow(str(answer.next_url), org=None)
    assert len(script.sent) == 1


async def test_link_headers_are_read(waits: Waits) -> None:
    link = (
        '<https://api.github.com/organizations/1/campaigns?page=2>; rel="next", '
        '<https://api.github.com/organizations/1/campaigns?page=7>; rel="last"'
    )
    answer = await make_client(Script(told(200, [], link=link)), waits).request("GET", "/orgs/octo-org/campaigns")
    assert answer.next_url == "https://api.github.com/organizations/1/campaigns?page=2"
    assert answer.last_page == 7


@pytest.mark.parametrize(
    "last", ["https://api.github.com/x?page=many", "https://api.github.com/x", "https://[nonsense"]
)
async def test_a_nonsense_last_page_is_survived(waits: Waits, last: str) -> None:
    answer = await make_client(Script(told(200, [], link=f'<{last}>; rel="last"')), waits).request("GET", "/user")
    assert (answer.next_url, answer.last_page) == (None, None)


async def test_without_a_last_page_the_page_that_was_asked_is_not_taken_for_it(waits: Waits) -> None:
    link = '<https://api.github.com/user?after=abc>; rel="next"'
    answer = await make_client(Script(told(200, [], link=link)), waits).request("GET", "/user", params={"page": 1})
    assert (answer.next_url, answer.last_page) == ("https://api.github.com/user?after=abc", None)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'"\\ud800"', "\ud800"),
        (b"\xef\xbb\xbf[]", []),
        (b"[Infinity]", [math.inf]),
        (b"[" * 300 + b"]" * 300, None),
        (b"[1.5, 123456789012345678901234567890]", [1.5, 123456789012345678901234567890]),
    ],
)
async def test_what_the_standard_decoder_takes_is_taken(waits: Waits, body: bytes, content: object) -> None:
    answer = await make_client(Script(httpx.Response(200, content=body)), waits).request("GET", "/user")
    assert content is None or answer.content == content


@pytest.mark.parametrize(
    "body", [b"", b"[1,]", b"[1] x", b"\xff", b"'a'", b"[" * 100_000, b"1" * 5_000, b'["a\tb"]', b'{"a": 1']
)
async def test_what_is_no_json_is_an_error_that_carries_nothing_of_it(waits: Waits, body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="cut off or is not JSON") as caught:
        await make_client(Script(httpx.Response(200, content=body)), waits).request("GET", "/user")
    error: BaseException | None = caught.value
    while error is not None:
        assert not hasattr(error, "doc")
        error = error.__cause__ or error.__context__


async def test_a_large_answer_is_let_go_at_once(waits: Waits) -> None:
    script = Script(told(200, ["large"]))
    reference = weakref.ref(script.replies[0])
    client = make_client(script, waits)
    gc.disable()
    try:
        await client.request("GET", "/user")
        assert reference() is None
    finally:
        gc.enable()


async def test_a_next_page_is_followed_verbatim(waits: Waits) -> None:
    script = Script(told(200, []))
    url = "https://api.github.com/organizations/1/campaigns?after=Y3Vyc29y%3D&per_page=100"
    await make_client(script, waits).follow(url, org="octo-org")
    assert str(script.sent[0].url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/orgs",
        "http://api.github.com/orgs",
        "https://api.github.com:8443/orgs",
        "https://api.github.com@evil.example/orgs",
        "https://someone@api.github.com/orgs",
        "https://api.github.com.evil.example/orgs",
        "https://[nonsense",
        "https://api.github.com:port/orgs",
    ],
)
async def test_a_next_page_on_another_host_is_not_asked(waits: Waits, url: str) -> None:
    script = Script()
    with pytest.raises(UnexpectedAnswer, match="The token was not sent there"):
        await make_client(script, waits).follow(url, org="octo-org")
    assert script.sent == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_read_follows_a_redirect_on_the_same_host(waits: Waits, status: int) -> None:
    script = Script(told(status, location="/organizations/1/campaigns"), told(200, ["here"]))
    answer = await make_client(script, waits).request("GET", "/orgs/octo-org/campaigns")
    assert answer.content == ["here"]
    assert script.lines == ["GET /orgs/octo-org/campaigns", "GET /organizations/1/campaigns"]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_change_keeps_method_and_body_over_a_redirect(waits: Waits, status: int) -> None:
    script = Script(told(status, location="https://api.github.com/organizations/1/campaigns"), told(200, {"number": 1}))
    await make_client(script, waits).request("POST", "/orgs/octo-org/campaigns", body={"name": "a"})
    assert script.lines == ["POST /orgs/octo-org/campaigns", "POST /organizations/1/campaigns"]
    assert script.body() == {"name": "a"}


@pytest.mark.parametrize(("status", "doubtful"), [(301, False), (302, False), (303, True)])
async def test_a_change_does_not_follow_a_redirect_that_makes_it_a_read(
    waits: Waits, status: int, doubtful: bool
) -> None:
    script = Script(told(status, location="/elsewhere", x_github_request_id="AB:12"))
    with pytest.raises(UnexpectedAnswer, match="not followed for a change") as caught:
        await make_client(script, waits).request("POST", "/orgs/octo-org/campaigns", body={})
    assert (caught.value.status, caught.value.request_id) == (status, "AB:12")
    assert caught.value.may_have_happened is doubtful
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    "location", ["https://evil.example/x", "//evil.example/x", "https://evil.example@api.github.com/x"]
)
async def test_a_redirect_to_another_host_never_sees_the_token(waits: Waits, location: str) -> None:
    script = Script(told(307, location=location))
    with pytest.raises(UnexpectedAnswer, match="redirects to another host") as caught:
        await make_client(script, waits).request("GET", "/user")
    assert "The token was not sent there." in str(caught.value)
    assert len(script.sent) == 1


async def test_a_redirect_to_nowhere_is_an_error(waits: Waits) -> None:
    with pytest.raises(UnexpectedAnswer, match="without a usable address"):
        await make_client(Script(told(302)), waits).request("GET", "/user")


@pytest.mark.parametrize("nonsense", ["https://api.github.com:port/", "https://a\x00b/"])
def test_an_address_that_cannot_be_read_is_none(nonsense: str) -> None:
    assert joined(httpx.URL("https://api.github.com/user"), nonsense) is None
    assert shown_host(None) == "an address that cannot be read"


async def test_a_circle_of_redirects_ends(waits: Waits) -> None:
    script = Script(*[told(302, location="/user") for _ in range(4)])
    with pytest.raises(UnexpectedAnswer, match="in circles"):
        await make_client(script, waits).request("GET", "/user")
    assert len(script.sent) == 4


@pytest.mark.parametrize(
    "hostile", ["", " ", ".", "..", "a/b", "a..b", "a%2fb", "a\\b", "a?b", "a#b", "a\nb", "\u202e", "\ud800", "a" * 201]
)
def test_a_name_that_could_escape_the_path_is_refused(hostile: str) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        segment(hostile)


def test_a_name_is_percent_encoded() -> None:
    assert segment("octo-org") == "octo-org"
    assert segment("octo-app[bot]") == "octo-app%5Bbot%5D"
    assert segment("ö") == "%C3%B6"


@pytest.mark.parametrize("number", [0, -1, True, False, 2**63, 10**400])
def test_a_number_that_is_none_is_refused(number: int) -> None:
    with pytest.raises(InvalidInput):
        number_segment(number)


async def test_the_token_is_in_no_log(waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = Script(told(503), told(200, {}, x_github_request_id="AB:12"))
    await make_client(script, waits).request("GET", "/user")
    assert "GET /user: HTTP 200, request AB:12" in caplog.text
    assert SECRET not in caplog.text


async def test_cancelling_passes_through(waits: Waits) -> None:
    client = make_client(Hanging(), waits)
    with anyio.move_on_after(0) as scope:
        await client.request("GET", "/orgs/octo-org/campaigns/3")
    assert scope.cancelled_caught
    assert waits.seconds == []


async def test_a_write_under_way_is_finished_when_the_caller_gives_up(waits: Waits) -> None:
    finished = False

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - httpx's
            nonlocal finished
            scope.cancel()
            await anyio.lowlevel.checkpoint()
            finished = True
            return told(204)

    with anyio.CancelScope() as scope:
        await make_client(Slow(), waits).request("DELETE", "/orgs/octo-org/campaigns/3")
    assert finished


async def test_a_write_that_github_put_off_is_not_sent_after_the_caller_gave_up() -> None:
    script = Script(told(429, retry_after="2"))
    with anyio.CancelScope() as scope:

        async def give_up(_: float) -> None:
            scope.cancel()
            await anyio.lowlevel.checkpoint()

        client = make_client(script, Waits(), sleep=give_up)
        await client.request("POST", "/orgs/octo-org/campaigns", body={})
    assert scope.cancelled_caught
    assert script.lines == ["POST /orgs/octo-org/campaigns"]
