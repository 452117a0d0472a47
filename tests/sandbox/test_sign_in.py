import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    ADMIN_TOKEN,
    FINE_GRAINED_TOKEN,
    MEMBER_TOKEN,
    NO_SCOPE_TOKEN,
    OUTSIDER_TOKEN,
    READ_ONLY_TOKEN,
    SANDBOX_TOKEN,
    SECURITY_MANAGER_TOKEN,
    SandboxAccount,
    SandboxOptions,
)
from tests.sandbox.connections import campaign_body, connect

pytestmark = pytest.mark.anyio
LIST = "/orgs/octo-org/campaigns"


async def test_campaigns_want_a_token(sandbox: Sandbox) -> None:
    async with connect(sandbox, None) as client:
        answer = await client.get(LIST)
    assert answer.status_code == 401
    assert answer.json()["message"] == "Requires authentication"
    assert answer.json()["status"] == "401"


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong", "Bearer", "Bearer ", "Basic b2N0bzpib3Q=", "sandbox-token", "Bearer a.b.c"],
)
async def test_a_wrong_credential_is_a_401_everywhere(sandbox: Sandbox, header: str) -> None:
    async with connect(sandbox, None) as client:
        for path in (LIST, "/user", "/versions", "/nowhere"):
            answer = await client.get(path, headers={"Authorization": header})
            assert answer.status_code == 401
            assert "sandbox-token" not in answer.text


async def test_the_older_token_scheme_is_accepted(sandbox: Sandbox) -> None:
    async with connect(sandbox, None) as client:
        answer = await client.get("/user", headers={"Authorization": f"token {SANDBOX_TOKEN}"})
    assert answer.json()["login"] == "octo-bot"


async def test_a_security_manager_may_do_everything(sandbox: Sandbox) -> None:
    async with connect(sandbox, SECURITY_MANAGER_TOKEN) as client:
        assert (await client.get(LIST)).status_code == 200
        assert (await client.post(LIST, json=campaign_body(sandbox))).status_code == 200
        assert (await client.delete(f"{LIST}/7")).status_code == 204


@pytest.mark.parametrize("token", [NO_SCOPE_TOKEN, MEMBER_TOKEN, OUTSIDER_TOKEN])
async def test_who_may_not_see_campaigns_is_told_that_there_are_none(sandbox: Sandbox, token: str) -> None:
    async with connect(sandbox, token) as client:
        answers = [
            await client.get(LIST),
            await client.get(f"{LIST}/3"),
            await client.post(LIST, json=campaign_body(sandbox)),
            await client.patch(f"{LIST}/3", json={}),
            await client.delete(f"{LIST}/3"),
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.headers["X-Accepted-OAuth-Scopes"] for answer in answers} == {"security_events"}


async def test_a_classic_token_learns_its_scopes(sandbox: Sandbox) -> None:
    async with connect(sandbox) as client:
        assert (await client.get("/user")).headers["X-OAuth-Scopes"] == "security_events, read:org, repo"
    async with connect(sandbox, NO_SCOPE_TOKEN) as client:
        assert (await client.get(LIST)).headers["X-OAuth-Scopes"] == ""


async def test_the_repo_scope_includes_security_events() -> None:
    sandbox = create_sandbox(SandboxOptions(tokens={"t": SandboxAccount("octo-bot", ("repo",))}))
    async with connect(sandbox, "t") as client:
        assert (await client.get(LIST)).status_code == 200


async def test_a_fine_grained_token_with_write_may_do_everything(sandbox: Sandbox) -> None:
    async with connect(sandbox, FINE_GRAINED_TOKEN) as client:
        answer = await client.post(LIST, json=campaign_body(sandbox))
        assert answer.status_code == 200
        assert answer.headers["X-Accepted-GitHub-Permissions"] == "organization_campaigns=write"
        assert "X-OAuth-Scopes" not in answer.headers


async def test_a_fine_grained_token_without_write_is_told_the_missing_permission(sandbox: Sandbox) -> None:
    async with connect(sandbox, READ_ONLY_TOKEN) as client:
        assert (await client.get(LIST)).status_code == 200
        refusals = [
            await client.post(LIST, json=campaign_body(sandbox)),
            await client.patch(f"{LIST}/5", json={"name": "Other"}),
            await client.delete(f"{LIST}/5"),
        ]
    for answer in refusals:
        assert answer.status_code == 403
        assert answer.json()["message"] == "Resource not accessible by personal access token"
        assert answer.headers["X-Accepted-GitHub-Permissions"] == "organization_campaigns=write"
        assert int(answer.headers["X-RateLimit-Remaining"]) > 0
    assert len(sandbox.state.campaigns("octo-org")) == 6


async def test_creating_also_wants_to_read_the_alerts() -> None:
    account = SandboxAccount("octo-bot", permissions={"organization_campaigns": "write"})
    sandbox = create_sandbox(SandboxOptions(tokens={"t": account}))
    async with connect(sandbox, "t") as client:
        answer = await client.post(LIST, json=campaign_body(sandbox, ends_at="2099-01-01T00:00:00Z"))
    assert answer.status_code == 403
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "security_events=read"


async def test_an_organization_that_does_not_exist_is_not_found(client: httpx.AsyncClient) -> None:
    for path in ("/orgs/nowhere/campaigns", "/orgs/nowhere", "/user/memberships/orgs/nowhere"):
        assert (await client.get(path)).status_code == 404


async def test_the_options_decide_who_may_sign_in() -> None:
    sandbox = create_sandbox(SandboxOptions(tokens={"mine": SandboxAccount("sofia-lindqvist")}))
    async with connect(sandbox, "mine") as client:
        assert (await client.get("/user")).json()["name"] == "Sofia Lindqvist"
    async with connect(sandbox, ADMIN_TOKEN) as client:
        assert (await client.get("/user")).status_code == 401
