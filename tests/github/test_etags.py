from __future__ import annotations

import pickle
from dataclasses import dataclass

import httpx
import pytest

from server.errors import UnexpectedAnswer
from server.github.etags import EtagCache
from tests.github.scripted import Renewing, Script, Waits, make_client, told

pytestmark = pytest.mark.anyio
LINK = '<https://api.github.com/user?page=2>; rel="next"'


async def test_an_unchanged_answer_comes_from_memory(waits: Waits) -> None:
    script = Script(told(200, {"a": 1}, etag='"one"', link=LINK), told(304, x_ratelimit_remaining="9"))
    client = make_client(script, waits)
    first = await client.request("GET", "/user")
    second = await client.request("GET", "/user")
    assert "if-none-match" not in script.sent[0].headers
    assert script.sent[1].headers["if-none-match"] == '"one"'
    assert (second.status, second.content, second.next_url) == (200, {"a": 1}, "https://api.github.com/user?page=2")
    assert second.headers["x-ratelimit-remaining"] == "9"
    assert second.content is not first.content


@pytest.mark.parametrize("distilling", [False, True])
async def test_header_fields_in_other_letters_keep_no_answer_from_memory(waits: Waits, distilling: bool) -> None:
    odd = [(b"link", f'{LINK}, <https://api.github.com/é>; rel="é"'.encode()), (b"server", b"\xff")]
    first = httpx.Response(200, headers=[(b"etag", b'"one"'), *odd], content=b"[1]")
    script = Script(first, httpx.Response(304, headers=[(b"server", b"\xe9"), (b"date", b"\xff")]))
    client = make_client(script, waits)
    for _ in range(2):
        answer = await client.request("GET", "/user", distill=Counted() if distilling else None)
        assert list(answer.content) == ([0] if distilling else [1])  # type: ignore[call-overload] # a list or a range
        assert answer.next_url == "https://api.github.com/user?page=2"
    assert script.sent[1].headers["if-none-match"] == '"one"'


async def test_a_changed_answer_replaces_the_stored_one(waits: Waits) -> None:
    script = Script(told(200, 1, etag='"one"'), told(200, 2, etag='"two"'), told(304))
    client = make_client(script, waits)
    assert [(await client.request("GET", "/user")).content for _ in range(3)] == [1, 2, 2]
    assert script.sent[2].headers["if-none-match"] == '"two"'


async def test_another_address_or_method_sends_no_etag(waits: Waits) -> None:
    script = Script(told(200, 1, etag='"one"'), told(200, 2), told(200, 3))
    client = make_client(script, waits)
    await client.request("GET", "/user")
    await client.request("GET", "/user", params={"page": 2})
    await client.request("PATCH", "/user", body={})
    assert not any("if-none-match" in request.headers for request in script.sent)


async def test_another_token_sends_no_etag(waits: Waits) -> None:
    script = Script(told(200, 1, etag='"one"'), told(401, {"message": "Bad credentials"}), told(200, 2))
    client = make_client(script, waits, credentials=Renewing("first", "second"))
    await client.request("GET", "/user")
    await client.request("GET", "/user")
    assert [request.headers.get("if-none-match") for request in script.sent] == [None, '"one"', None]


async def test_not_modified_without_memory_is_unexpected(waits: Waits) -> None:
    with pytest.raises(UnexpectedAnswer, match="HTTP 304"):
        await make_client(Script(told(304)), waits).request("GET", "/user")


@dataclass(frozen=True)
class Counted:
    """Keeps how many items a list had, and nothing of them."""

    name: str = "items"

    def __call__(self, content: object) -> range:
        assert isinstance(content, list)
        return range(len(content))


async def test_what_is_distilled_comes_from_memory_without_the_body(waits: Waits) -> None:
    script = Script(told(200, ["canary"], etag='"one"', link=LINK, x_a="b"), told(304, x_ratelimit_remaining="9"))
    client = make_client(script, waits)
    first = await client.request("GET", "/user", distill=Counted())
    second = await client.request("GET", "/user", distill=Counted())
    assert script.sent[1].headers["if-none-match"] == '"one"'
    assert (first.content, first.unchanged) == (range(1), False)
    assert (second.content, second.unchanged, second.status) == (range(1), True, 200)
    assert second.content is first.content
    assert second.next_url == "https://api.github.com/user?page=2"
    assert dict(second.headers) == {"link": LINK, "x-ratelimit-remaining": "9"}
    assert b"canary" not in pickle.dumps((client._distilled, client._bodies))


async def test_a_followed_page_is_distilled_and_remembered_too(waits: Waits) -> None:
    script = Script(told(200, [1, 2], etag='"one"'), told(304))
    client = make_client(script, waits)
    for _ in range(2):
        answer = await client.follow("https://api.github.com/x?after=a", org=None, distill=Counted())
        assert answer.content == range(2)


async def test_what_was_distilled_otherwise_is_asked_for_anew(waits: Waits) -> None:
    script = Script(*[told(200, [1], etag='"one"') for _ in range(3)])
    client = make_client(script, waits)
    for distill in (Counted(), Counted("others"), None):
        await client.request("GET", "/user", distill=distill)
    assert not any("if-none-match" in request.headers for request in script.sent)


async def test_for_another_token_nothing_distilled_is_taken(waits: Waits) -> None:
    script = Script(told(200, [1], etag='"one"'), told(401, {"message": "Bad credentials"}), told(200, [1, 2]))
    client = make_client(script, waits, credentials=Renewing("first", "second"))
    await client.request("GET", "/user", distill=Counted())
    assert (await client.request("GET", "/user", distill=Counted())).content == range(2)
    assert [request.headers.get("if-none-match") for request in script.sent] == [None, '"one"', None]


async def test_an_answer_can_be_asked_for_afresh_and_is_remembered(waits: Waits) -> None:
    script = Script(told(200, [1], etag='"one"'), told(200, [1, 2], etag='"two"'), told(304))
    client = make_client(script, waits)
    await client.request("GET", "/user", distill=Counted())
    await client.request("GET", "/user", distill=Counted(), afresh=True)
    assert (await client.request("GET", "/user", distill=Counted())).content == range(2)
    assert [request.headers.get("if-none-match") for request in script.sent] == [None, None, '"two"']


def test_distilled_answers_are_bounded_in_number_and_in_records() -> None:
    cache = EtagCache(entries=3, size=10)
    for key, records in (("a", 4), ("b", 4), ("c", 4), ("d", 11), ("e", 0), ("f", 0), ("g", 0)):
        cache.put(key, told(200, "body", etag=f'"{key}"'), range(records))
    assert [key for key in "abcdefg" if cache.get(key) is not None] == ["e", "f", "g"]
    default = EtagCache.of_records()
    assert (default._most_entries, default._most_size) == (2_200, 250_000)


def test_the_records_that_fit_stay() -> None:
    cache = EtagCache(entries=9, size=10)
    for key, records in (("a", 4), ("b", 4), ("c", 4), ("d", 11)):
        cache.put(key, told(200, "body", etag=f'"{key}"'), range(records))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["b", "c"]


def test_the_least_recently_used_answer_makes_room() -> None:
    cache = EtagCache(entries=2)
    for key in ("a", "b"):
        cache.put(key, told(200, key, etag=f'"{key}"'))
    assert cache.get("a") is not None
    cache.put("c", told(200, "c", etag='"c"'))
    assert [cache.get(key) is not None for key in ("a", "b", "c")] == [True, False, True]


def test_the_cache_is_bounded_in_bytes() -> None:
    cache = EtagCache(size=10)
    cache.put("a", httpx.Response(200, headers={"etag": "a"}, content=b"123456"))
    cache.put("b", httpx.Response(200, headers={"etag": "b"}, content=b"123456"))
    cache.put("c", httpx.Response(200, headers={"etag": "c"}, content=b"x" * 11))
    assert [cache.get(key) is not None for key in ("a", "b", "c")] == [False, True, False]


def test_an_answer_that_lost_its_etag_is_forgotten() -> None:
    cache = EtagCache()
    cache.put("a", told(200, 1, etag='"one"'))
    cache.put("a", told(200, 2))
    assert cache.get("a") is None


@pytest.mark.parametrize("odd", ['"ö"', '"a\x7f"'])
def test_an_odd_etag_is_not_sent_back(odd: str) -> None:
    cache = EtagCache()
    cache.put("a", httpx.Response(200, headers=[(b"etag", odd.encode("latin-1"))], content=b"1"))
    assert cache.get("a") is None


def test_a_key_holds_no_token_and_tells_versions_apart() -> None:
    url = httpx.URL("https://api.github.com/user")
    keys = {EtagCache.key(url, token, version) for token in ("secret", "other") for version in ("1", "2")}
    assert len(keys) == 4
    assert "secret" not in "".join(keys)
