from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from server.errors import ConfigurationError, PermissionMissing, Unauthenticated, Unavailable, UnexpectedAnswer
from server.github.app_auth import AppCredentials
from server.github.clock import Clock
from server.github.connection import GitHub, open_github
from server.github.pools import Pools
from server.settings import Settings
from tests.github.scripted import NOW, Routes, Waits, http_date, told

pytestmark = pytest.mark.anyio

KEY = rsa.generate_private_key(65537, 2048)
INSTALLATION = {"id": 77, "app_slug": "octo-app", "account": {"login": "octo-org"}}


def pem(key: Any = KEY, encryption: Any = None) -> bytes:
    content: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )
    return content


class App:
    """GitHub as an app sees it: hands out a new token each time, valid for one hour of its own time."""

    def __init__(self, waits: Waits) -> None:
        self.waits = waits
        self.minted = 0
        self.claims: list[dict[str, Any]] = []
        self.routes = Routes(
            {
                "GET /orgs/octo-org/installation": self.signed(lambda: told(200, INSTALLATION)),
                "GET /orgs/Octo-Org/installation": self.signed(lambda: told(200, INSTALLATION)),
                "POST /app/installations/77/access_tokens": self.signed(self.mint),
                "GET /app/installations": self.signed(lambda: told(200, [INSTALLATION])),
                "GET /user": lambda request: told(200, {"auth": request.headers["authorization"]}),
            }
        )

    def signed(self, reply: Callable[[], httpx.Response]) -> Callable[[httpx.Request], httpx.Response]:
        def check(request: httpx.Request) -> httpx.Response:
            signed = request.headers["authorization"].removeprefix("Bearer ")
            claims = jwt.decode(
                signed,
                KEY.public_key(),
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
            self.claims.append(claims)
            now = self.waits.time.timestamp()
            date = http_date(self.waits.time)
            if claims["iat"] > now or not now < claims["exp"] <= now + 600:
                return told(401, {"message": "'Expiration time' claim ('exp') is too far in the future"}, date=date)
            answer = reply()
            answer.headers["date"] = date
            return answer

        return check

    def mint(self) -> httpx.Response:
        self.minted += 1
        expires_at = (self.waits.time + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return told(201, {"token": f"ghs_number{self.minted}", "expires_at": expires_at})


@pytest.fixture
def app(waits: Waits) -> App:
    return App(waits)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "key.pem"
    file.write_bytes(pem())
    return Settings(app_id="4711", app_key_file=file)


def opened(app: App, settings: Settings, clock: Clock | None = None) -> Any:
    return open_github(settings, environ={}, transport=app.routes, sleep=app.waits, clock=clock or Clock(app.waits.now))


async def refused(app: App, settings: Settings, org: str | None = "octo-org") -> ConfigurationError:
    async with opened(app, settings) as github:
        with pytest.raises(ConfigurationError) as caught:
            await github.client.request("GET", "/user", org=org)
    assert "PRIVATE KEY" not in str(caught.value)
    return caught.value


async def test_an_app_signs_in_and_asks_with_the_installations_token(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github:
        answer = await github.client.request("GET", "/user", org="octo-org")
        assert answer.content == {"auth": "Bearer ghs_number1"}
        assert await github.people.acting_account("octo-org") == "octo-app[bot]"
    assert app.routes.lines == [
        "GET /orgs/octo-org/installation",
        "POST /app/installations/77/access_tokens",
        "GET /user",
    ]
    begun = int(NOW.timestamp())
    assert app.claims[0] == {"iat": begun - 60, "exp": begun + 540, "iss": "4711"}


async def test_a_token_is_kept_for_its_organization_whatever_its_case(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github:
        first = await github.credentials.token("octo-org")
        assert await github.credentials.token("Octo-Org") == first
    assert app.minted == 1


async def test_a_token_is_renewed_before_it_expires(app: App, settings: Settings, waits: Waits) -> None:
    async with opened(app, settings) as github:
        await github.credentials.token("octo-org")
        waits.time += timedelta(minutes=54)
        assert (await github.credentials.token("octo-org")).value == "ghs_number1"
        waits.time += timedelta(minutes=2)
        assert (await github.credentials.token("octo-org")).value == "ghs_number2"


async def test_a_failed_renewal_is_survived_while_the_old_token_lives(
    app: App, settings: Settings, waits: Waits
) -> None:
    async with opened(app, settings) as github:
        await github.credentials.token("octo-org")
        app.routes.routes["POST /app/installations/77/access_tokens"] = told(502)
        waits.time += timedelta(minutes=56)
        assert (await github.credentials.token("octo-org")).value == "ghs_number1"
        waits.time += timedelta(minutes=5)
        with pytest.raises(Unavailable):
            await github.credentials.token("octo-org")


async def test_many_requests_at_once_sign_in_once(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github, anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(github.credentials.token, "octo-org")
    assert app.minted == 1


async def test_a_refused_token_is_replaced_once_for_all(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github:
        old = await github.credentials.token("octo-org")
        new = await github.credentials.renewed("octo-org", old)
        assert new is not None
        assert new.value == "ghs_number2"
        assert await github.credentials.renewed("octo-org", old) == new


async def test_a_token_that_cannot_be_replaced_leaves_the_refusal_to_tell(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github:
        await github.credentials.token("octo-org")
        app.routes.routes["GET /user"] = told(401, {"message": "Bad credentials"})
        del app.routes.routes["GET /orgs/octo-org/installation"]
        with pytest.raises(Unauthenticated):
            await github.client.request("GET", "/user", org="octo-org")


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_machine_whose_clock_is_off_signs_in_by_githubs_time(
    app: App, settings: Settings, waits: Waits, hours: int
) -> None:
    machine = Clock(lambda: waits.time + timedelta(hours=hours))
    async with opened(app, settings, machine) as github:
        assert (await github.credentials.token("octo-org")).value == "ghs_number1"
        assert abs(github.clock.now() - waits.time) < timedelta(seconds=1)
    assert app.routes.lines[:2] == ["GET /orgs/octo-org/installation"] * 2


async def test_a_wrong_app_id_is_told(app: App, settings: Settings) -> None:
    app.routes.routes["GET /orgs/octo-org/installation"] = told(401, {"message": "Integration not found"})
    error = await refused(app, settings)
    assert error.what == "GitHub does not know the GitHub App 4711 with the key in --app-key-file."


async def test_an_app_that_is_not_installed_is_told(app: App, settings: Settings) -> None:
    assert (await refused(app, settings, "other-org")).what == "The GitHub App 4711 is not installed in other-org."


async def test_a_suspended_installation_is_told(app: App, settings: Settings) -> None:
    app.routes.routes["POST /app/installations/77/access_tokens"] = told(403, {"message": "has been suspended"})
    async with opened(app, settings) as github:
        with pytest.raises(PermissionMissing, match="has been suspended"):
            await github.credentials.token("octo-org")


async def test_without_an_organization_the_only_installation_is_meant(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github:
        assert (await github.credentials.token(None)).value == "ghs_number1"
        token = await github.credentials.token(None)
        assert await github.credentials.renewed(None, token) is not None
    assert app.routes.lines.count("GET /app/installations") == 1


async def test_without_an_organization_the_default_is_meant(app: App, settings: Settings) -> None:
    chosen = Settings(app_id=settings.app_id, app_key_file=settings.app_key_file, org="octo-org")
    async with opened(app, chosen) as github:
        await github.credentials.token(None)
    assert "GET /app/installations" not in app.routes.lines


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([], "is installed in no organization."),
        ([INSTALLATION, {"account": {"login": "other-org"}}], "is installed in several organizations"),
        ([{"account": None}, 7], "is installed in no organization."),
    ],
)
async def test_an_unclear_organization_is_asked_for(
    app: App, settings: Settings, listed: list[object], said: str
) -> None:
    app.routes.routes["GET /app/installations"] = told(200, listed)
    assert said in (await refused(app, settings, None)).what


@pytest.mark.parametrize(
    ("route", "answer"),
    [
        ("GET /app/installations", {}),
        ("GET /orgs/octo-org/installation", []),
        ("GET /orgs/octo-org/installation", {"id": "77"}),
        ("POST /app/installations/77/access_tokens", {}),
        ("POST /app/installations/77/access_tokens", {"token": "ghs_a", "expires_at": "soon"}),
        ("POST /app/installations/77/access_tokens", {"token": "ghs_a", "expires_at": "2026-11-20T11:42:00"}),
        ("POST /app/installations/77/access_tokens", {"token": "ghs a", "expires_at": "2026-11-20T11:42:00Z"}),
    ],
)
async def test_an_answer_of_another_shape_is_unexpected(
    app: App, settings: Settings, route: str, answer: object
) -> None:
    app.routes.routes[route] = told(200, answer)
    async with opened(app, settings) as github:
        with pytest.raises(UnexpectedAnswer, match="not what its reference describes"):
            await github.credentials.token(None)


async def test_an_installation_without_a_slug_has_no_known_account(app: App, settings: Settings) -> None:
    app.routes.routes["GET /orgs/octo-org/installation"] = told(200, {"id": 77})
    async with opened(app, settings) as github:
        assert await github.people.acting_account("octo-org") == "this app installation"


async def test_signing_in_is_repeated_after_a_failure(app: App, settings: Settings, waits: Waits) -> None:
    answers = [told(502), app.mint()]
    app.routes.routes["POST /app/installations/77/access_tokens"] = lambda _: answers.pop(0)
    async with opened(app, settings) as github:
        assert (await github.credentials.token("octo-org")).value == "ghs_number1"
    assert len(waits.seconds) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no RSA private key"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "no RSA private key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA private key"),
        (pem(KEY, serialization.BestAvailableEncryption(b"word")), "locked with a password"),
        (None, "does not exist"),
    ],
)
async def test_a_wrong_key_file_has_its_own_sentence(
    app: App, settings: Settings, content: bytes | None, said: str
) -> None:
    assert settings.app_key_file is not None
    if content is None:
        settings.app_key_file.unlink()
    else:
        settings.app_key_file.write_bytes(content)
    assert said in (await refused(app, settings)).what
    assert app.routes.sent == []


async def test_credentials_without_an_app_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="no GitHub App"):
        AppCredentials(Settings(), pools=Pools([]), clock=Clock())


async def test_neither_key_nor_token_is_in_a_repr(app: App, settings: Settings) -> None:
    async with opened(app, settings) as github:
        token = await github.credentials.token("octo-org")
        assert isinstance(github, GitHub)
        assert "ghs_number1" not in repr(token) + repr(github) + json.dumps(app.claims)
    assert app.claims[0]["exp"] < datetime(2027, 1, 1, tzinfo=UTC).timestamp()
