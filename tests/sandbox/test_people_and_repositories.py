import httpx
import pytest

from server.sandbox.app import Sandbox
from server.sandbox.options import (
    ADMIN_TOKEN,
    FINE_GRAINED_TOKEN,
    MEMBER_TOKEN,
    NO_SCOPE_TOKEN,
    OUTSIDER_TOKEN,
    SECURITY_MANAGER_TOKEN,
)
from tests.sandbox.connections import connect

pytestmark = pytest.mark.anyio
ROLES = "/orgs/octo-org/organization-roles"


async def test_user_is_the_account_behind_the_token(sandbox: Sandbox) -> None:
    for token, login in ((ADMIN_TOKEN, "octo-bot"), (FINE_GRAINED_TOKEN, "octo-bot"), (MEMBER_TOKEN, "hubot")):
        async with connect(sandbox, token) as client:
            assert (await client.get("/user")).json()["login"] == login
    async with connect(sandbox, None) as client:
        assert (await client.get("/user")).status_code == 401


@pytest.mark.parametrize(
    ("token", "status", "logins"),
    [
        (ADMIN_TOKEN, 200, ["octo-org", "octo-labs"]),
        (MEMBER_TOKEN, 200, ["octo-org"]),
        (OUTSIDER_TOKEN, 200, []),
        (FINE_GRAINED_TOKEN, 200, []),
        (NO_SCOPE_TOKEN, 403, None),
    ],
)
async def test_user_orgs_depends_on_the_kind_of_token(
    sandbox: Sandbox, token: str, status: int, logins: list[str] | None
) -> None:
    async with connect(sandbox, token) as client:
        answer = await client.get("/user/orgs")
    assert answer.status_code == status
    if logins is not None:
        assert [org["login"] for org in answer.json()] == logins


@pytest.mark.parametrize(
    ("token", "own", "of_hubot"),
    [
        (ADMIN_TOKEN, 200, 200),
        (FINE_GRAINED_TOKEN, 200, 200),
        (MEMBER_TOKEN, 200, 200),
        (NO_SCOPE_TOKEN, 403, 403),
        (OUTSIDER_TOKEN, 404, 404),
        (None, 401, 401),
    ],
)
async def test_memberships_are_for_members(sandbox: Sandbox, token: str | None, own: int, of_hubot: int) -> None:
    async with connect(sandbox, token) as client:
        assert (await client.get("/user/memberships/orgs/octo-org")).status_code == own
        answer = await client.get("/orgs/octo-org/memberships/HUBOT")
    assert answer.status_code == of_hubot
    if of_hubot == 200:
        assert (answer.json()["role"], answer.json()["user"]["login"]) == ("member", "hubot")


@pytest.mark.parametrize("username", ["outside-user", "nobody-here"])
async def test_a_user_outside_the_organization_has_no_membership(client: httpx.AsyncClient, username: str) -> None:
    assert (await client.get(f"/orgs/octo-org/memberships/{username}")).status_code == 404


async def test_the_profile_of_an_organization_is_public(sandbox: Sandbox) -> None:
    async with connect(sandbox, None) as client:
        body = (await client.get("/orgs/Octo-ORG")).json()
    assert (body["login"], body["public_repos"]) == ("octo-org", 2)


async def test_a_team_is_found_by_its_slug(client: httpx.AsyncClient) -> None:
    team = (await client.get("/orgs/octo-org/teams/payments")).json()
    assert (team["name"], team["members_count"], team["organization"]["login"]) == ("Payments", 2, "octo-org")
    assert (await client.get("/orgs/octo-org/teams/no-such-team")).status_code == 404


async def test_organization_roles_are_for_owners_with_admin_org(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    refused = await client.get(ROLES)
    assert (refused.status_code, refused.headers["X-Accepted-OAuth-Scopes"]) == (404, "admin:org")
    async with connect(sandbox, SECURITY_MANAGER_TOKEN) as manager:
        assert (await manager.get(ROLES)).status_code == 404
    async with connect(sandbox, ADMIN_TOKEN) as owner:
        roles = {role["name"]: role for role in (await owner.get(ROLES)).json()["roles"]}
        role_id = roles["security_manager"]["id"]
        users = (await owner.get(f"{ROLES}/{role_id}/users")).json()
        teams = (await owner.get(f"{ROLES}/{role_id}/teams")).json()
        others = (await owner.get(f"{ROLES}/{roles['all_repo_read']['id']}/users")).json()
        assert (await owner.get(f"{ROLES}/1/users")).status_code == 404
    assert [(user["login"], user["assignment"]) for user in users] == [
        ("mona-lisa", "direct"),
        ("ada-reyes", "indirect"),
        ("kenji-mori", "indirect"),
    ]
    assert [team["slug"] for team in users[1]["inherited_from"]] == ["appsec"]
    assert [team["slug"] for team in teams] == ["appsec"]
    assert others == []


async def test_an_owner_without_ownership_of_the_role_is_refused(sandbox: Sandbox) -> None:
    sandbox.state.organization("octo-org").members["octo-bot"] = "member"
    async with connect(sandbox, ADMIN_TOKEN) as client:
        assert (await client.get(ROLES)).status_code == 404


async def test_somebody_can_hold_the_role_both_ways(sandbox: Sandbox) -> None:
    sandbox.state.organization("octo-org").security_managers.append("ada-reyes")
    async with connect(sandbox, ADMIN_TOKEN) as client:
        users = (await client.get(f"{ROLES}/138/users")).json()
    assert {user["login"]: user["assignment"] for user in users}["ada-reyes"] == "mixed"


async def test_a_security_manager_who_left_manages_nothing(sandbox: Sandbox) -> None:
    organization = sandbox.state.organization("octo-org")
    del organization.members["mona-lisa"]
    assert not organization.may_manage("mona-lisa")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({}, "handbook"),
        ({"direction": "asc"}, "payments-web"),
        ({"sort": "full_name"}, "checkout"),
        ({"sort": "pushed"}, "payments-web"),
        ({"type": "public", "sort": "full_name"}, "design-system"),
    ],
)
async def test_the_repositories_of_an_organization_can_be_sorted_and_filtered(
    client: httpx.AsyncClient, query: dict[str, str], first: str
) -> None:
    assert (await client.get("/orgs/octo-org/repos", params=query)).json()[0]["name"] == first


async def test_the_links_lead_through_every_repository_once(client: httpx.AsyncClient) -> None:
    answer = await client.get("/orgs/octo-org/repos", params={"per_page": 5})
    names = [repository["name"] for repository in answer.json()]
    while "next" in answer.links:
        answer = await client.get(answer.links["next"]["url"])
        names += [repository["name"] for repository in answer.json()]
    assert len(names) == len(set(names)) == 13


@pytest.mark.parametrize(
    ("token", "private", "public"),
    [(ADMIN_TOKEN, 200, 200), (FINE_GRAINED_TOKEN, 200, 200), (NO_SCOPE_TOKEN, 404, 200), (None, 404, 200)],
)
async def test_a_private_repository_hides_from_strangers(
    sandbox: Sandbox, token: str | None, private: int, public: int
) -> None:
    async with connect(sandbox, token) as client:
        assert (await client.get("/repos/octo-org/payments-web")).status_code == private
        assert (await client.get("/repos/Octo-Org/Handbook")).status_code == public
        assert (await client.get("/repos/octo-org/nothing")).status_code == 404
        assert (await client.get("/repos/nobody/nothing")).status_code == 404


async def test_has_downloads_went_away_in_the_newer_version(client: httpx.AsyncClient) -> None:
    path = "/repos/octo-org/payments-web"
    newer = await client.get(path, headers={"X-GitHub-Api-Version": "2026-03-10"})
    assert "has_downloads" in (await client.get(path)).json()
    assert "has_downloads" not in newer.json()
