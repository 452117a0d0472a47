from __future__ import annotations

import httpx
import pytest

from server.errors import Unauthenticated, UnexpectedAnswer
from server.github.credentials import FixedToken
from server.github.sources import find_credentials
from server.settings import Settings
from tests.github.scripted import Renewing, Reply, Routes, Script, Waits, make_people, told

pytestmark = pytest.mark.anyio

ORG = "/orgs/octo-org"
ROLES = f"GET {ORG}/organization-roles"
HOLDERS: dict[str, Reply] = {
    ROLES: told(200, {"total_count": 2, "roles": [{"id": 7, "name": "other"}, {"id": 8, "name": "security_manager"}]}),
    f"{ROLES}/8/users": told(200, [{"login": "Mona-Lisa"}]),
    f"{ROLES}/8/teams": told(200, [{"slug": "app-sec"}]),
}
MEMBERS: dict[str, Reply] = {
    f"GET {ORG}/memberships/monalisa-owner": told(200, {"role": "admin", "state": "active"}),
    f"GET {ORG}/memberships/mona-lisa": told(200, {"role": "member", "state": "active"}),
    f"GET {ORG}/memberships/hubot": told(200, {"role": "member", "state": "active"}),
    f"GET {ORG}/memberships/invited": told(200, {"role": "admin", "state": "pending"}),
}
TEAMS: dict[str, Reply] = {
    f"GET {ORG}/teams/app-sec": told(200, {"slug": "app-sec"}),
    f"GET {ORG}/teams/designers": told(200, {"slug": "designers"}),
}
OWN_ROLE = "GET /user/memberships/orgs/octo-org"


async def test_the_acting_account_is_asked_once_for_a_token(waits: Waits) -> None:
    script = Script(told(200, {"login": "octo-bot"}))
    people = make_people(script, waits)
    assert [await people.acting_account(org) for org in ("octo-org", None)] == ["octo-bot", "octo-bot"]
    assert script.lines == ["GET /user"]


async def test_another_token_is_another_account(waits: Waits) -> None:
    credentials = Renewing(*[f"token-{number}" for number in range(70)])
    people = make_people(
        Script(*[told(200, {"login": f"user-{number}"}) for number in range(70)]), waits, credentials=credentials
    )
    for number in range(70):
        assert await people.acting_account(None) == f"user-{number}"
        credentials.values.pop(0)


async def test_an_installation_token_is_not_asked_whose_it_is(waits: Waits) -> None:
    script = Script()
    people = make_people(script, waits, credentials=FixedToken("ghs_a"))
    assert await people.acting_account("octo-org") == "this app installation"


async def test_a_token_that_may_not_say_whose_it_is_is_not_called_something_else(waits: Waits) -> None:
    script = Script(told(403, {"message": "Your IP address is not allowed"}))
    assert await make_people(script, waits).acting_account("octo-org") == "the account of this token"


@pytest.mark.parametrize("content", [[], {}, {"login": ""}, {"login": 7}])
async def test_an_account_without_a_login_is_unexpected(waits: Waits, content: object) -> None:
    with pytest.raises(UnexpectedAnswer, match="whose token"):
        await make_people(Script(told(200, content)), waits).acting_account(None)


async def test_a_wrong_token_has_no_account(waits: Waits) -> None:
    with pytest.raises(Unauthenticated):
        await make_people(Script(told(401, {})), waits).acting_account(None)


async def test_organizations_are_logins(waits: Waits) -> None:
    link = '<https://api.github.com/user/orgs?page=2>; rel="next"'
    script = Script(told(200, [{"login": "octo-org"}, {"login": None}], link=link), told(200, [{"login": "cats"}]))
    assert await make_people(script, waits).organizations() == ["octo-org", "cats"]
    assert script.lines == ["GET /user/orgs?per_page=100", "GET /user/orgs?page=2"]


@pytest.mark.parametrize("status", [403, 404])
async def test_organizations_that_may_not_be_seen_are_none(waits: Waits, status: int) -> None:
    assert await make_people(Script(told(status, {})), waits).organizations() == []


async def test_nobody_to_check_needs_no_request(waits: Waits) -> None:
    check = await make_people(Script(), waits).check_managers("octo-org", [], [])
    assert (check.unknown, check.unfit, check.unchecked, check.why, check.roles) == ([], [], [], "", {})


async def test_a_token_that_sees_the_roles_judges_everybody(waits: Waits) -> None:
    routes = Routes({**HOLDERS, **MEMBERS, **TEAMS})
    check = await make_people(routes, waits).check_managers(
        "octo-org", ["mona-lisa", "monalisa-owner", "hubot", "invited", "nobody", "a/b", "hubot"],
        ["app-sec", "designers", "no-team", "a/b"],
    )  # fmt: skip
    assert check.roles == {
        "mona-lisa": "security manager",
        "monalisa-owner": "owner",
        "app-sec": "security manager",
    }
    assert check.unfit == ["hubot", "invited", "designers"]
    assert check.unknown == ["nobody", "a/b", "no-team", "a/b"]
    assert (check.unchecked, check.why) == ([], "")


async def test_without_the_roles_only_owners_are_certain(waits: Waits) -> None:
    routes = Routes({**MEMBERS, **TEAMS, ROLES: told(403, {})})
    check = await make_people(routes, waits).check_managers(
        "octo-org", ["monalisa-owner", "hubot", "invited", "nobody"], ["app-sec", "no-team"]
    )
    assert check.roles == {"monalisa-owner": "owner"}
    assert check.unfit == ["invited"]
    assert check.unknown == ["nobody"]
    assert check.unchecked == ["hubot", "app-sec", "no-team"]
    assert check.why == (
        "GitHub shows who is security manager only to tokens that may read the organization's roles. "
        "GitHub may hide teams from this token."
    )


async def test_not_found_proves_nothing_when_no_member_is_visible(waits: Waits) -> None:
    check = await make_people(Routes({}), waits).check_managers("octo-org", ["nobody"], ["no-team"])
    assert (check.unknown, check.unchecked) == ([], ["nobody", "no-team"])
    assert check.why == "GitHub may hide members from this token. GitHub may hide teams from this token."


async def test_an_owners_token_proves_who_is_not_there(waits: Waits) -> None:
    routes = Routes({OWN_ROLE: told(200, {"role": "admin"})})
    check = await make_people(routes, waits).check_managers("octo-org", ["nobody"], ["no-team"])
    assert check.unknown == ["nobody", "no-team"]


async def test_a_members_token_proves_nothing_about_teams(waits: Waits) -> None:
    routes = Routes({OWN_ROLE: told(200, {"role": "member"})})
    check = await make_people(routes, waits).check_managers("octo-org", ["nobody"], ["no-team"])
    assert (check.unknown, check.unchecked) == (["nobody"], ["no-team"])


async def test_a_security_manager_whose_membership_fails_still_fits(waits: Waits) -> None:
    routes = Routes({**HOLDERS, f"GET {ORG}/memberships/mona-lisa": told(422, {})})
    check = await make_people(routes, waits).check_managers("octo-org", ["mona-lisa"], [])
    assert check.roles == {"mona-lisa": "security manager"}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (told(501), "GitHub failed"),
        (told(429, retry_after="900"), "GitHub's rate limit is reached"),
        (told(200, []), "something other than an object"),
        (httpx.ConnectError("refused"), "There is no way to api.github.com."),
        (httpx.Response(200, html="<html>"), "HTML page instead of JSON"),
    ],
)
async def test_a_failing_look_is_unchecked_and_never_an_error(waits: Waits, reply: Reply, why: str) -> None:
    routes = Routes({**HOLDERS, f"GET {ORG}/memberships/hubot": reply})
    check = await make_people(routes, waits).check_managers("octo-org", ["hubot"], [])
    assert check.unchecked == ["hubot"]
    assert why in check.why


@pytest.mark.parametrize(
    "roles", [{"roles": []}, {"roles": [{"name": "security_manager", "id": "8"}]}, {"roles": None}, {}]
)
async def test_roles_of_another_shape_leave_people_unchecked(waits: Waits, roles: dict[str, object]) -> None:
    routes = Routes({**MEMBERS, ROLES: told(200, roles)})
    check = await make_people(routes, waits).check_managers("octo-org", ["hubot"], [])
    assert check.unchecked == ["hubot"]
    assert check.why


async def test_without_a_credential_everything_is_unchecked(waits: Waits) -> None:
    people = make_people(Script(), waits, credentials=find_credentials(Settings(), {}))
    check = await people.check_managers("octo-org", ["hubot"], [])
    assert check.unchecked == ["hubot"]
    assert "No GitHub credential was found" in check.why
