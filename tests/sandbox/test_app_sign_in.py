from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SANDBOX_TOKEN, SandboxOptions
from tests.sandbox.connections import Clock, campaign_body, connect

pytestmark = pytest.mark.anyio
APP_ID = 4711
TOKENS = "/app/installations/5520001/access_tokens"
LIST = "/orgs/octo-org/campaigns"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def app_sandbox(clock: Clock, key: rsa.RSAPrivateKey) -> Sandbox:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_key().public_bytes(*form).decode()
    return create_sandbox(SandboxOptions(clock=clock, app_id=APP_ID, app_public_key=pem))


def _web_token(key: rsa.RSAPrivateKey, clock: Clock, **claims: Any) -> str:
    now = int(clock.now.timestamp())
    wanted = {"iss": str(APP_ID), "iat": now - 60, "exp": now + 540, **claims}
    return jwt.encode({name: value for name, value in wanted.items() if value is not None}, key, algorithm="RS256")


async def _installation_token(sandbox: Sandbox, web_token: str, **body: Any) -> str:
    async with connect(sandbox, web_token) as client:
        answer = await client.post(TOKENS, json=body)
    assert answer.status_code == 201
    token: str = answer.json()["token"]
    return token


async def test_an_app_finds_itself_and_its_installation(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    async with connect(app_sandbox, _web_token(key, clock)) as client:
        assert (await client.get("/app")).json()["id"] == APP_ID
        installation = (await client.get("/orgs/Octo-Org/installation")).json()
        assert (installation["id"], installation["app_id"]) == (5520001, APP_ID)
        assert (await client.get("/orgs/octo-labs/installation")).status_code == 404
        assert (await client.get("/orgs/nowhere/installation")).status_code == 404
        assert (await client.post("/app/installations/1/access_tokens")).status_code == 404


async def test_an_installation_token_runs_campaigns_until_it_expires(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    async with connect(app_sandbox, _web_token(key, clock)) as client:
        given = (await client.post(TOKENS)).json()
    assert given["token"].startswith("ghs_")
    assert given["expires_at"] == "2026-06-01T13:00:00Z"
    assert given["repository_selection"] == "all"
    async with connect(app_sandbox, given["token"]) as client:
        assert (await client.post(LIST, json=campaign_body(app_sandbox))).json()["number"] == 7
        assert (await client.get("/repos/octo-org/payments-web")).status_code == 200
        assert (await client.get("/repos/octo-org/payments-web/code-scanning/alerts")).status_code == 200
        assert (await client.get("/orgs/octo-org/memberships/hubot")).status_code == 200
        assert (await client.get("/orgs/octo-org/organization-roles")).status_code == 200
        assert (await client.get("/orgs/octo-labs/campaigns")).status_code == 404
        clock.advance(minutes=59, seconds=59)
        assert (await client.get(LIST)).status_code == 200
        clock.advance(seconds=1)
        expired = await client.get(LIST)
    assert (expired.status_code, expired.json()["message"]) == (401, "Bad credentials")


async def test_an_installation_is_no_user(app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock) -> None:
    token = await _installation_token(app_sandbox, _web_token(key, clock))
    async with connect(app_sandbox, token) as client:
        for path in ("/user", "/user/orgs", "/user/memberships/orgs/octo-org"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")


async def test_an_app_as_itself_runs_no_campaigns(app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock) -> None:
    async with connect(app_sandbox, _web_token(key, clock)) as client:
        answer = await client.get(LIST)
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")


async def test_a_token_can_be_narrowed_to_permissions(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    narrowed = {"organization_campaigns": "read"}
    token = await _installation_token(app_sandbox, _web_token(key, clock), permissions=narrowed)
    async with connect(app_sandbox, token) as client:
        assert (await client.get(LIST)).status_code == 200
        refused = await client.delete(f"{LIST}/3")
    assert (refused.status_code, refused.headers["X-Accepted-GitHub-Permissions"]) == (
        403,
        "organization_campaigns=write",
    )


async def test_a_token_can_be_narrowed_to_repositories(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    web_token = _web_token(key, clock)
    for narrowed in ({"repositories": ["checkout"]}, {"repository_ids": [41004]}):
        token = await _installation_token(app_sandbox, web_token, **narrowed)
        async with connect(app_sandbox, token) as client:
            assert (await client.get("/repos/octo-org/payments-web")).status_code == 404
            alerts = (await client.get("/orgs/octo-org/code-scanning/alerts")).json()
            assert {alert["repository"]["name"] for alert in alerts} <= {"checkout", "design-system"}
            refused = await client.post(LIST, json=campaign_body(app_sandbox))
            assert (refused.status_code, refused.headers["X-Accepted-GitHub-Permissions"]) == (
                403,
                "security_events=read",
            )


@pytest.mark.parametrize(
    "body",
    [
        {"permissions": {"contents": "write"}},
        {"permissions": {"organization_campaigns": "admin"}},
        {"permissions": []},
        {"repositories": ["no-such-repository"]},
        {"repositories": []},
        {"repository_ids": [41001, 1]},
        {"repository_ids": 41001},
    ],
)
async def test_a_token_cannot_be_widened(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock, body: dict[str, object]
) -> None:
    async with connect(app_sandbox, _web_token(key, clock)) as client:
        assert (await client.post(TOKENS, json=body)).status_code == 422


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "1"},
        {"iss": None},
        {"exp": None},
        {"iat": None},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": "now"},
        {"iat": 4_000_000_000},
        {"exp": 4_000_000_000},
    ],
)
async def test_a_web_token_with_wrong_claims_is_refused(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock, claims: dict[str, Any]
) -> None:
    async with connect(app_sandbox, _web_token(key, clock, **claims)) as client:
        assert (await client.get("/app")).status_code == 401


async def test_a_web_token_dies_by_the_clock_of_the_sandbox(
    app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    async with connect(app_sandbox, _web_token(key, clock)) as client:
        assert (await client.get("/app")).status_code == 200
        clock.advance(minutes=9)
        assert (await client.get("/app")).status_code == 401


async def test_a_web_token_of_another_key_or_algorithm_is_refused(app_sandbox: Sandbox, clock: Clock) -> None:
    now = int(clock.now.timestamp())
    claims = {"iss": str(APP_ID), "iat": now - 60, "exp": now + 540}
    stranger = rsa.generate_private_key(65537, 2048)
    secret = "a secret of thirty-two characters"
    for token in (_web_token(stranger, clock), jwt.encode(claims, secret, algorithm="HS256")):
        async with connect(app_sandbox, token) as client:
            assert (await client.get("/app")).status_code == 401


async def test_app_endpoints_want_a_web_token(app_sandbox: Sandbox, sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    async with connect(app_sandbox, SANDBOX_TOKEN) as client:
        for answer in (
            await client.get("/app"),
            await client.get("/orgs/octo-org/installation"),
            await client.post(TOKENS),
        ):
            assert answer.status_code == 401
    async with connect(sandbox, _web_token(key, Clock())) as without_app:
        assert (await without_app.get("/app")).status_code == 401


async def test_numbers_are_accepted_as_issuer(app_sandbox: Sandbox, key: rsa.RSAPrivateKey, clock: Clock) -> None:
    now = int(clock.now.timestamp())
    # PyJWT refuses to encode a numeric issuer, so the token is put together by hand.
    parts = jwt.api_jws.PyJWS().encode(f'{{"iss":{APP_ID},"iat":{now - 60},"exp":{now + 500}}}'.encode(), key, "RS256")
    async with connect(app_sandbox, parts) as client:
        assert (await client.get("/app")).status_code == 200
