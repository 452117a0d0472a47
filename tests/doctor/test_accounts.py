"""What each kind of account is told."""

from __future__ import annotations

import pytest

from server import doctor
from server.doctor import Finding
from server.sandbox.app import create_sandbox
from server.sandbox.options import (
    DEFAULT_TOKENS,
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
from tests.doctor.visits import (
    json_answer,
    skipped_for,
    visit,
)

pytestmark = pytest.mark.anyio


async def test_an_owner_with_the_everyday_token_is_told_that_everything_works() -> None:
    visited = await visit(SANDBOX_TOKEN)
    assert set(visited.statuses.values()) == {"ok"}
    assert doctor.exit_status(visited.findings) == 0
    assert visited["account"].says == "The token acts as octo-bot."
    assert visited["role"].says == "octo-bot is an owner of octo-org."
    assert "Expected to work" in visited["write_campaigns"].says
    assert not any(finding.mend for finding in visited.findings)


async def test_a_security_manager_whose_role_is_hidden_is_unknown_there_and_can_still_read_and_write() -> None:
    visited = await visit(SECURITY_MANAGER_TOKEN)
    assert visited["role"].status == "unknown"
    assert "If read campaigns works, mona-lisa is security manager." in visited["role"].says
    assert visited["read_campaigns"].status == visited["write_campaigns"].status == "ok"
    assert doctor.exit_status(visited.findings) == 0


async def test_a_plain_member_fails_to_read_campaigns_and_is_sent_to_an_owner_for_the_role() -> None:
    visited = await visit(MEMBER_TOKEN)
    assert visited["role"].status == "unknown"
    assert visited["permissions"].status == "ok"
    assert visited["read_campaigns"].status == "failed"
    assert "neither owner nor security manager of octo-org" in visited["read_campaigns"].says
    assert "an owner of octo-org give hubot the role of security manager" in visited["read_campaigns"].mend
    skipped_for(visited, "read campaigns", ["write_campaigns"])
    assert visited["read_alerts"].status == "failed"
    assert doctor.exit_status(visited.findings) == 1


ROLES = "/orgs/octo-org/organization-roles"


@pytest.mark.parametrize(("holders", "status"), [(["mona-lisa"], "failed"), (["mona-lisa", "hubot"], "ok")])
async def test_where_role_holders_can_be_seen_a_member_is_judged_by_them(holders: list[str], status: str) -> None:
    replies = {
        ROLES: json_answer({"roles": [{"id": 138, "name": "security_manager"}]}),
        f"{ROLES}/138/users": json_answer([{"login": login} for login in holders]),
        f"{ROLES}/138/teams": json_answer([]),
    }
    visited = await visit(MEMBER_TOKEN, replies=replies)
    assert visited["role"].status == status
    if status == "ok":
        assert visited["role"].says == "hubot is security manager of octo-org."
    else:
        assert visited["role"].mend == "Ask an owner of octo-org for the role of security manager."
        assert visited["read_campaigns"].mend == "Mend role first."
        skipped_for(visited, "role", ["write_campaigns"])


async def test_a_token_without_scopes_fails_by_name_of_the_scope() -> None:
    visited = await visit(NO_SCOPE_TOKEN)
    assert visited["permissions"].says == "The token lacks the scope security_events: it has no scopes."
    assert visited["permissions"].mend == "Add the scope to the token."
    assert visited["role"].status == "unknown"
    assert "read:org" in visited["role"].mend
    assert visited["read_campaigns"].mend == "Add the scope to the token."
    skipped_for(visited, "permissions", ["write_campaigns"])


@pytest.mark.parametrize(
    ("scopes", "status", "says"),
    [
        (("gist",), "failed", "it has only gist"),
        (("security_events",), "ok", "Without read:org, managers cannot be looked up"),
        (("repo", "write:org"), "ok", "are enough: repo, write:org."),
    ],
)
async def test_scopes_are_judged_by_what_includes_them(scopes: tuple[str, ...], status: str, says: str) -> None:
    sandbox = create_sandbox(SandboxOptions(tokens={"classic": SandboxAccount("octo-bot", scopes)}))
    visited = await visit("classic", sandbox=sandbox)
    assert visited["permissions"].status == status
    assert says in visited["permissions"].says


@pytest.mark.parametrize("token", [FINE_GRAINED_TOKEN, READ_ONLY_TOKEN])
async def test_what_a_fine_grained_token_may_write_cannot_be_known(token: str) -> None:
    visited = await visit(token)
    assert visited["credentials"].says == "Fine-grained personal access token from GITHUB_TOKEN."
    assert visited["permissions"].status == "unknown"
    assert visited["read_campaigns"].status == "ok"
    assert visited["write_campaigns"].status == "unknown"
    assert visited["write_campaigns"].says == "Cannot be known without writing."
    assert '"Campaigns: write"' in visited["write_campaigns"].mend
    assert doctor.exit_status(visited.findings) == 0


async def test_a_fine_grained_token_without_a_permission_is_told_which() -> None:
    account = SandboxAccount("octo-bot", permissions={"members": "read", "security_events": "read"})
    visited = await visit("github_pat_x", sandbox=create_sandbox(SandboxOptions(tokens={"github_pat_x": account})))
    assert visited["read_campaigns"].status == "failed"
    assert "organization_campaigns" in visited["read_campaigns"].says
    assert visited["read_campaigns"].mend == "Grant it to the token or app."


async def test_a_fine_grained_token_of_someone_without_the_role_is_pointed_at_both() -> None:
    account = SandboxAccount("hubot", permissions=DEFAULT_TOKENS[READ_ONLY_TOKEN].permissions)
    visited = await visit("github_pat_x", sandbox=create_sandbox(SandboxOptions(tokens={"github_pat_x": account})))
    assert visited["read_campaigns"].mend.startswith('Give the token the permission "Campaigns: read", or let an owner')


async def test_an_outsider_is_no_member() -> None:
    visited = await visit(OUTSIDER_TOKEN)
    assert visited["organization"].status == "ok"
    assert visited["role"].status == "failed"
    assert "outside-user is not a member of octo-org" in visited["role"].says
    assert "membership" in visited["role"].mend


async def test_an_invitation_has_to_be_accepted_first() -> None:
    membership = json_answer({"role": "admin", "state": "pending"})
    visited = await visit(replies={"/user/memberships/orgs/octo-org": membership})
    assert visited["role"] == Finding(
        "role", "failed", "octo-bot was invited to octo-org and has not accepted yet.", "Accept the invitation."
    )


async def test_a_membership_in_another_shape_proves_nothing() -> None:
    visited = await visit(replies={"/user/memberships/orgs/octo-org": json_answer([1]), ROLES: json_answer({})})
    # The second look, at all members, still shows an owner.
    assert visited["role"].says == "octo-bot is owner of octo-org."


async def test_an_owner_whose_campaigns_are_hidden_is_asked_whether_the_product_is_on() -> None:
    hidden = json_answer({"message": "Not Found"}, 404)
    visited = await visit(replies={"/orgs/octo-org/campaigns": hidden})
    assert "GitHub Code Security" in visited["read_campaigns"].mend
