"""Keys that come and go, and an issuer that does."""

from __future__ import annotations

import json

import anyio
import anyio.abc
import pytest

from server.errors import SignInUnavailable
from server.signin.jwks import IssuerKeys
from tests.signin.local_issuer import LocalIssuer, new_key

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def known(keys: IssuerKeys, *kids: str) -> list[bool]:
    return [bool(await keys.fitting(kid, "ES256")) for kid in kids]


async def test_keys_are_read_once_through_the_metadata(issuer: LocalIssuer) -> None:
    keys = IssuerKeys(issuer.url)
    assert await known(keys, "first", "first", "first") == [True, True, True]
    assert issuer.asked == ["/.well-known/openid-configuration", "/jwks"]


async def test_an_address_for_the_keys_spares_the_metadata(issuer: LocalIssuer) -> None:
    assert await known(IssuerKeys(issuer.url, f"{issuer.url}/jwks"), "first") == [True]
    assert issuer.asked == ["/jwks"]


async def test_metadata_of_an_authorization_server_is_found_too(issuer: LocalIssuer) -> None:
    origin, issuer.url = issuer.url, f"{issuer.url}/realms/team"
    told = json.dumps({"issuer": issuer.url, "jwks_uri": f"{origin}/jwks"}).encode()
    issuer.documents["/.well-known/oauth-authorization-server/realms/team"] = (200, told)
    assert await known(IssuerKeys(issuer.url), "first") == [True]


async def test_a_new_key_is_found_when_a_token_needs_it(issuer: LocalIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, clock=clock)
    assert await known(keys, "first") == [True]
    issuer.keys.append(new_key("second"))
    clock.now += 61
    assert await known(keys, "second", "first") == [True, True]


async def test_made_up_key_ids_make_it_ask_once_a_minute_at_most(issuer: LocalIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, clock=clock)
    await known(keys, "first")
    clock.now += 61
    asked = len(issuer.asked)
    assert await known(keys, *(f"made-up-{number}" for number in range(50))) == [False] * 50
    assert len(issuer.asked) == asked + 2
    clock.now += 59
    await known(keys, "made-up")
    assert len(issuer.asked) == asked + 2
    clock.now += 2
    await known(keys, "made-up")
    assert len(issuer.asked) == asked + 4


async def test_a_withdrawn_key_is_forgotten_within_the_hour(issuer: LocalIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, clock=clock)
    await known(keys, "first")
    issuer.keys = [new_key("second")]
    clock.now += 3599
    assert await known(keys, "first") == [True]
    clock.now += 2
    assert await known(keys, "first", "second") == [False, True]


async def test_known_keys_stay_good_while_the_issuer_is_down(issuer: LocalIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, clock=clock)
    await known(keys, "first")
    issuer.down = True
    for _ in range(5):
        clock.now += 7200
        assert await known(keys, "first", "unknown") == [True, False]
    issuer.down = False
    issuer.keys.append(new_key("second"))
    clock.now += 61
    assert await known(keys, "second") == [True]


async def test_an_issuer_that_was_down_at_first_is_asked_again_soon(issuer: LocalIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, clock=clock)
    issuer.down = True
    for _ in range(10):
        with pytest.raises(SignInUnavailable, match="could not read the keys of the issuer"):
            await keys.fitting("first", "ES256")
    assert len(issuer.asked) == 2  # both places of the metadata, once
    issuer.down = False
    clock.now += 6
    assert await known(keys, "first") == [True]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/.well-known/openid-configuration", 200, b'{"issuer": "https://evil.example.com", "jwks_uri": "{}/jwks"}'),
        ("/.well-known/openid-configuration", 200, b'{"issuer": "{}/", "jwks_uri": "{}/jwks"}'),
        ("/.well-known/openid-configuration", 200, b'{"issuer": "{}", "jwks_uri": "http://evil.example.com/jwks"}'),
        ("/.well-known/openid-configuration", 200, b'{"issuer": "{}", "jwks_uri": "file:///etc/passwd"}'),
        ("/.well-known/openid-configuration", 200, b'{"issuer": "{}", "jwks_uri": "{}/elsewhere#not-an-address"}'),
        ("/.well-known/openid-configuration", 200, b'{"issuer": "{}", "jwks_uri": 7}'),
        ("/.well-known/openid-configuration", 200, b"[]"),
        ("/.well-known/openid-configuration", 302, b"{}/elsewhere"),
        ("/jwks", 200, b"<html>"),
        ("/jwks", 200, b'{"keys": 7}'),
        ("/jwks", 200, b"[" * 20_000),
        ("/jwks", 200, b'{"keys": [], "more": "' + b"x" * 300_000 + b'"}'),
        ("/jwks", 302, b"{}/elsewhere"),
        ("/jwks", 404, b"{}"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_cannot_be_trusted_gives_no_keys(issuer: LocalIssuer, path: str, status: int, body: bytes) -> None:
    good = json.dumps({"keys": [issuer.keys[0].public]}).encode()
    issuer.documents["/elsewhere"] = (200, good)
    issuer.documents[path] = (status, body.replace(b"{}", issuer.url.encode()) if body != b"{}" else body)
    with pytest.raises(SignInUnavailable):
        await IssuerKeys(issuer.url).fitting("first", "ES256")
    assert "/elsewhere" not in issuer.asked


async def test_a_strange_key_among_good_ones_does_no_harm(issuer: LocalIssuer) -> None:
    strange = [
        7,
        {},
        {"kty": "EC"},
        {**issuer.keys[0].public, "x": "nonsense", "kid": "broken"},
        {"kty": "oct", "k": "x"},
    ]
    issuer.documents["/jwks"] = (200, json.dumps({"keys": [*strange, issuer.keys[0].public]}).encode())
    assert await known(IssuerKeys(issuer.url), "first", "broken") == [True, False]


async def test_nobody_listening_is_told_as_unavailable() -> None:
    with pytest.raises(SignInUnavailable):
        await IssuerKeys("http://127.0.0.1:1").fitting("first", "ES256")


async def test_all_who_wait_for_an_issuer_that_hangs_share_one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and never answers, so that each attempt takes the whole patience."""
    monkeypatch.setattr("server.signin.jwks._PATIENCE", 0.05)
    clock, connections, refused = Clock(), 0, []

    async def hang(connection: anyio.abc.SocketStream) -> None:
        nonlocal connections
        connections += 1
        clock.now += 10
        async with connection:
            await anyio.sleep_forever()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, hang)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
        keys = IssuerKeys(f"http://127.0.0.1:{port}", clock=clock)

        async def ask() -> None:
            with pytest.raises(SignInUnavailable):
                await keys.fitting("first", "ES256")
            refused.append(connections)

        async with anyio.create_task_group() as callers:
            for _ in range(5):
                callers.start_soon(ask)
        assert refused == [1] * 5
        clock.now += 6
        await ask()
        assert connections == 2
        group.cancel_scope.cancel()
