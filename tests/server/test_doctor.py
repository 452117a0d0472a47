from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server import doctor
from server.doctor import Finding
from server.github.connection import open_github
from server.github.credentials import Credentials, FixedToken
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    ADMIN_TOKEN,
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
from server.settings import Settings
from tests.harness import Recorder, Sent
from tests.sandbox.connections import NOON, Clock

pytestmark = pytest.mark.anyio

APP_ID = 4711
WRONG_TOKEN = "ghp_wrong0123456789"
ORDER = [
    "credentials",
    "api",
    "account",
    "organization",
    "role",
    "permissions",
    "read_campaigns",
    "write_campaigns",
    "read_alerts",
    "rate_limit",
]
EVERY_ACCOUNT = [*DEFAULT_TOKENS, WRONG_TOKEN]

Reply = httpx.Response | Exception | Callable[[], httpx.Response]


@dataclass
class Visit:
    """What the doctor found, and what left for it."""

    findings: list[Finding]
    sent: list[Sent]

    def __getitem__(self, check: str) -> Finding:
        return next(finding for finding in self.findings if finding.check == check)

    @property
    def statuses(self) -> dict[str, str]:
        return {finding.check: finding.status for finding in self.findings}

    @property
    def paths(self) -> list[str]:
        return [sent.path for sent in self.sent]

    @property
    def texts(self) -> str:
        return doctor.render(self.findings, color=False) + doctor.as_json(self.findings) + repr(self.findings)


def json_answer(content: object, status: int = 200, /, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=content, headers=named)


def user(login: str = "octo-bot", scopes: str = "repo, read:org", **headers: str) -> httpx.Response:
    return json_answer({"login": login}, x_oauth_scopes=scopes, **headers)


async def visit(
    token: str | None = SANDBOX_TOKEN,
    *,
    replies: Mapping[str, Reply] | None = None,
    sandbox: Sandbox | None = None,
    environ: Mapping[str, str] | None = None,
    **settings: Any,
) -> Visit:
    """Let the doctor look at a sandbox; `replies` answer some paths in its place, `*` all of them."""
    recorder = Recorder(httpx.ASGITransport(app=sandbox or create_sandbox()))
    instead = dict(replies or {})

    async def hook(sent: Sent) -> httpx.Response | None:
        reply = instead.get(sent.path, instead.get("*"))
        if isinstance(reply, Exception):
            raise reply
        return reply() if callable(reply) else reply

    recorder.hook = hook
    credentials: Credentials | None = None if token is None else FixedToken(token, "GITHUB_TOKEN")
    # No patience: nothing is ever waited for.
    chosen = Settings(**{"org": "octo-org", "patience": 0.0, **settings})
    findings = await doctor.run_doctor(chosen, credentials=credentials, transport=recorder, environ=environ or {})
    assert [finding.check for finding in findings] == ORDER
    return Visit(findings, recorder.sent)


def skipped_for(visited: Visit, root: str, checks: Sequence[str]) -> None:
    for check in checks:
        assert visited[check].status == "skipped"
        assert visited[check].says == f"Not looked at: it waits for {root}."


# Accounts


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


# Credentials


async def test_a_wrong_token_fails_at_the_account_and_the_rest_waits() -> None:
    visited = await visit(WRONG_TOKEN)
    assert visited["credentials"].says == "Classic personal access token from GITHUB_TOKEN."
    assert visited["api"].status == "unknown"
    assert visited["account"].status == "failed"
    assert "does not accept this token" in visited["account"].says
    assert visited["account"].mend == "Give a valid one (GITHUB_TOKEN, --token-file or `gh auth login`)."
    skipped_for(visited, "account", ORDER[3:])
    assert doctor.exit_status(visited.findings) == 1


async def test_no_token_tells_the_ways_on_and_sends_nothing() -> None:
    visited = await visit(None)
    assert visited["credentials"].status == "failed"
    assert visited["credentials"].says == "No GitHub credential was found."
    for way in ("GITHUB_TOKEN", "gh auth login", "--token-file", "--app-id", "--sandbox"):
        assert way in visited["credentials"].mend
    skipped_for(visited, "credentials", ORDER[1:])
    assert visited.sent == []


async def test_the_source_of_the_token_is_named() -> None:
    sandbox = create_sandbox(SandboxOptions(tokens={"gho_known": SandboxAccount("octo-bot", ("repo", "read:org"))}))
    visited = await visit(None, environ={"GH_TOKEN": "gho_known"}, sandbox=sandbox)
    assert visited["credentials"].says == "OAuth token from GH_TOKEN."
    assert visited["read_campaigns"].status == "ok"


async def test_a_missing_token_file_is_a_finding(tmp_path: Path) -> None:
    visited = await visit(None, token_file=tmp_path / "absent")
    assert visited["credentials"].status == "failed"
    assert "absent" in visited["credentials"].says
    assert visited.sent == []


# The token's end


def in_github_time(ahead: timedelta, style: str = "%Y-%m-%d %H:%M:%S UTC") -> str:
    return (NOON + ahead).strftime(style)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (in_github_time(timedelta(days=30)), " It expires at 2026-07-01 12:00 UTC."),
        (in_github_time(timedelta(days=3, hours=1)), " Warning: it expires in 3 days, at 2026-06-04 13:00 UTC;"),
        (in_github_time(timedelta(days=1, hours=1)), " Warning: it expires in 1 day, at"),
        (in_github_time(timedelta(hours=5)), " Warning: it expires in less than a day, at"),
        (in_github_time(timedelta(days=2), "%Y-%m-%d %H:%M:%S +0200"), " in 1 day, at 2026-06-03 10:00 UTC;"),
        ("soon", ""),
    ],
)
async def test_the_tokens_end_is_told_in_githubs_time(header: str, told: str) -> None:
    replies = {"/user": user(github_authentication_token_expiration=header)}
    visited = await visit(replies=replies, sandbox=create_sandbox(SandboxOptions(clock=Clock())))
    assert visited["account"].status == "ok"
    assert told in visited["account"].says
    assert bool(told) == ("expires" in visited["account"].says)


# The organization


async def test_without_an_organization_the_choices_are_told_and_half_is_not_looked_at() -> None:
    visited = await visit(org=None)
    assert visited["organization"].status == "failed"
    assert visited["organization"].says.endswith("The account belongs to octo-org, octo-labs.")
    for check in ("organization", "role", "read_campaigns", "write_campaigns", "read_alerts"):
        assert visited[check].status == ("failed" if check == "organization" else "skipped")
    assert visited["organization"].mend == "Name one with --org."
    assert visited["permissions"].status == visited["rate_limit"].status == "ok"
    assert doctor.exit_status(visited.findings) == 1
    assert doctor.render(visited.findings, color=False).count("Name one with --org.") == 1


async def test_a_token_that_shows_no_organizations_is_told_so() -> None:
    visited = await visit(FINE_GRAINED_TOKEN, org=None)
    assert "GitHub does not tell which ones" in visited["organization"].says


@pytest.mark.parametrize(
    ("allowed", "more"), [(("octo-org",), ""), (("octo-org", "octo-labs"), "and 1 more can be looked at with --org")]
)
async def test_the_first_allowed_organization_stands_in(allowed: tuple[str, ...], more: str) -> None:
    visited = await visit(org=None, allow_orgs=allowed)
    assert "octo-org is visible" in visited["organization"].says
    assert more in visited["organization"].says
    assert visited["read_campaigns"].status == "ok"


async def test_another_organization_than_the_configured_one_can_be_examined() -> None:
    recorder = Recorder(httpx.ASGITransport(app=create_sandbox()))
    settings = Settings(org="octo-org")
    async with open_github(settings, credentials=FixedToken(SANDBOX_TOKEN), transport=recorder) as github:
        findings = await doctor.examine(settings, github, "octo-labs")
    assert Visit(findings, recorder.sent)["organization"].says == "octo-labs is visible."


@pytest.mark.parametrize("org", ["nobody-has-this", "../user"])
async def test_an_unknown_organization_fails_and_what_needs_it_waits(org: str) -> None:
    visited = await visit(org=org)
    assert visited["organization"].status == "failed"
    skipped_for(visited, "organization", ["role", "read_campaigns", "write_campaigns", "read_alerts"])
    assert all(finding.mend == "" for finding in visited.findings if finding.status == "skipped")
    assert doctor.exit_status(visited.findings) == 1


SSO = "required; url=https://github.com/orgs/octo-org/sso?authorization_request=abc"


@pytest.mark.parametrize("status", [200, 403])
async def test_single_sign_on_is_told_with_where_to_authorize_the_token(status: int) -> None:
    visited = await visit(replies={"/orgs/octo-org": json_answer({"login": "octo-org"}, status, x_github_sso=SSO)})
    assert visited["organization"].status == "failed"
    assert "single sign-on" in visited["organization"].says
    assert "Configure SSO" in visited["organization"].mend
    assert "abc" not in visited.texts


# The API


def distrusted() -> httpx.ConnectError:
    problem = httpx.ConnectError("no")
    problem.__cause__ = ssl.SSLCertVerificationError("no")
    return problem


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (httpx.ConnectError("no"), "no way to api.github.com"),
        (distrusted(), "certificate of api.github.com is not trusted"),
        (httpx.ProxyError("no"), "proxy refused"),
        (httpx.ConnectTimeout("no"), "could not be reached in time"),
        (httpx.ReadTimeout("no"), "did not answer within"),
    ],
)
async def test_an_api_out_of_reach_is_told_apart_and_the_rest_waits(problem: Exception, says: str) -> None:
    visited = await visit(replies={"*": problem})
    assert visited["credentials"].status == "ok"
    assert visited["api"].status == "failed"
    assert says in visited["api"].says
    assert visited["api"].mend
    skipped_for(visited, "api", ORDER[2:])
    assert len(visited.sent) == 1


async def test_a_page_for_people_is_no_api() -> None:
    visited = await visit(replies={"*": httpx.Response(200, html="<html>Sign in</html>")})
    assert "HTML page" in visited["api"].says
    skipped_for(visited, "api", ORDER[2:])


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (json_answer({"message": "API version '2026-03-10' is not supported."}, 400), "does not support API version"),
        (json_answer(["2022-11-28", "2019-\u202e01"]), 'not among those it has: "2022-11-28, 2019-01"'),
        (json_answer(["2026-03-10"], x_github_api_version_selected="2022-11-28"), 'in API version "2022-11-28"'),
    ],
)
async def test_an_api_version_that_is_not_taken_fails(reply: httpx.Response, says: str) -> None:
    visited = await visit(replies={"/versions": reply})
    assert visited["api"].status == "failed"
    assert says in visited["api"].says
    assert "--api-version" in visited["api"].mend


async def test_the_older_api_version_is_taken_too() -> None:
    visited = await visit(api_version="2022-11-28")
    assert visited["api"].says == "api.github.com answers and takes API version 2022-11-28."
    assert set(visited.statuses.values()) == {"ok"}


async def test_an_api_that_lists_no_versions_is_not_githubs() -> None:
    visited = await visit(replies={"/versions": json_answer({"hello": "world"})})
    assert visited["api"].status == "failed"
    assert "--api-url" in visited["api"].mend


async def test_the_sandbox_is_called_by_its_name() -> None:
    visited = await visit(ADMIN_TOKEN)
    assert visited["api"].says.startswith("api.github.com")
    findings = await doctor.run_doctor(
        Settings(sandbox=True, org="octo-org"), transport=httpx.ASGITransport(app=create_sandbox()), environ={}
    )
    assert findings[0].says == "The sandbox's own token."
    assert findings[1].says.startswith("The sandbox answers")
    assert doctor.exit_status(findings) == 0


@pytest.mark.parametrize("content", [{}, {"login": 7}, ["octo-bot"]])
async def test_an_account_without_a_login_fails(content: object) -> None:
    visited = await visit(replies={"/user": json_answer(content)})
    assert visited["account"].status == "failed"
    skipped_for(visited, "account", ORDER[3:])


async def test_texts_by_others_are_cleaned() -> None:
    visited = await visit(replies={"/user": user("octo\u202e-\x1b[31mbot", scopes="repo, \x1b[2Jread:org")})
    assert visited["account"].says == "The token acts as octo-[31mbot."
    assert "\x1b" not in doctor.render(visited.findings, color=False)
    assert "\u202e" not in doctor.render(visited.findings, color=False)


# Reading and writing


async def test_a_server_that_is_read_only_does_not_ask_about_writing() -> None:
    visited = await visit(read_only=True)
    assert visited["write_campaigns"].status == "skipped"
    assert "read-only" in visited["write_campaigns"].says


async def test_nothing_to_read_is_no_failure() -> None:
    replies = {"/orgs/octo-org/campaigns": json_answer([]), "/orgs/octo-org/code-scanning/alerts": json_answer([])}
    visited = await visit(replies=replies)
    assert visited["read_campaigns"].says == "Campaigns can be read; there are none yet."
    assert visited["read_alerts"].says == "Code scanning alerts can be read; none is open."


async def test_a_read_that_github_fails_is_a_failure() -> None:
    visited = await visit(replies={"/orgs/octo-org/campaigns": json_answer({"message": "no"}, 503)})
    assert visited["read_campaigns"].status == "failed"
    assert "githubstatus" in visited["read_campaigns"].mend
    skipped_for(visited, "read campaigns", ["write_campaigns"])


# The rate limit


@pytest.mark.parametrize(("limit", "met_at"), [(3, "role"), (1, "account")])
async def test_a_used_up_rate_limit_fails_with_its_end_and_nothing_more_is_asked(limit: int, met_at: str) -> None:
    sandbox = create_sandbox(SandboxOptions(rate_limit=limit, clock=Clock()))
    visited = await visit(sandbox=sandbox)
    assert visited[met_at].status == "unknown"
    assert "rate limit is reached" in visited[met_at].says
    skipped_for(visited, "rate limit", ORDER[ORDER.index(met_at) + 1 : -1])
    assert visited["rate_limit"].status == "failed"
    assert visited["rate_limit"].says == f"No request of {limit} an hour is left until 2026-06-01 13:00 UTC."
    assert doctor.exit_status(visited.findings) == 1
    assert visited.paths[-1] == "/rate_limit"


async def test_a_rate_limit_met_at_the_first_request_is_still_looked_at() -> None:
    visited = await visit(replies={"/versions": json_answer({"message": "slow down"}, 429, retry_after="90")})
    assert visited["api"].status == "unknown"
    assert visited["rate_limit"].status == "failed"
    assert "rate limit is reached" in visited["rate_limit"].says
    assert visited.paths == ["/versions", "/rate_limit"]


async def test_a_rate_limit_on_asking_for_the_rate_limit_fails() -> None:
    visited = await visit(replies={"/rate_limit": json_answer({"message": "slow down"}, 429, retry_after="90")})
    assert visited["rate_limit"].status == "failed"
    assert visited["rate_limit"].mend


async def test_few_requests_left_are_told() -> None:
    core = {"limit": 5000, "remaining": 499, "reset": int(NOON.timestamp())}
    visited = await visit(replies={"/rate_limit": json_answer({"resources": {"core": core}})})
    assert visited["rate_limit"].status == "ok"
    assert visited["rate_limit"].says == "Only 499 of 5000 requests are left until 2026-06-01 12:00 UTC."


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"resources": {"core": 3}},
        {"resources": {"core": {"limit": "many"}}},
        {"resources": {"core": {"limit": 1, "remaining": 1, "reset": 10**20}}},
    ],
)
async def test_a_rate_limit_in_another_shape_fails(content: object) -> None:
    visited = await visit(replies={"/rate_limit": json_answer(content)})
    assert visited["rate_limit"].status == "failed"
    assert "not what its reference describes" in visited["rate_limit"].says


# GitHub Apps


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_file(key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def app_sandbox(key: rsa.RSAPrivateKey) -> Sandbox:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return create_sandbox(SandboxOptions(app_id=APP_ID, app_public_key=public.decode(), clock=Clock()))


def installation(**permissions: str) -> httpx.Response:
    return json_answer({"id": 5520001, "app_slug": "sandbox-campaigns", "permissions": permissions})


INSTALLATION = "/orgs/octo-org/installation"


async def app_visit(sandbox: Sandbox, key_file: Path, app_id: str = str(APP_ID), **more: Any) -> Visit:
    return await visit(None, sandbox=sandbox, app_id=app_id, app_key_file=key_file, **more)


async def test_an_app_is_told_as_what_it_acts_and_what_its_installation_may_do(
    app_sandbox: Sandbox, key_file: Path
) -> None:
    visited = await app_visit(app_sandbox, key_file)
    assert visited["credentials"].says == "GitHub App 4711 from --app-id and --app-key-file."
    assert visited["api"].status == "ok"
    assert visited["account"].says == "The app acts as sandbox-campaigns[bot], installed in octo-org."
    assert visited["role"].status == "unknown"
    assert "not documented" in visited["role"].says
    assert visited["permissions"].says == (
        "The installation has the permissions Campaigns: write and Code scanning alerts."
    )
    assert visited["read_campaigns"].status == "ok"
    assert visited["write_campaigns"].status == "unknown"
    assert "has the permission" in visited["write_campaigns"].says
    assert visited["rate_limit"].status == "ok"
    assert doctor.exit_status(visited.findings) == 0


async def test_signing_in_is_all_that_an_app_posts(app_sandbox: Sandbox, key_file: Path) -> None:
    visited = await app_visit(app_sandbox, key_file)
    others = [sent.path for sent in visited.sent if sent.method != "GET"]
    assert others == ["/app/installations/5520001/access_tokens"]


async def test_an_app_without_an_organization_is_told_to_name_one(app_sandbox: Sandbox, key_file: Path) -> None:
    visited = await app_visit(app_sandbox, key_file, org=None)
    assert visited["account"].says == "GitHub knows the app as sandbox-campaigns."
    for check in ORDER[3:]:
        assert visited[check].status == ("failed" if check == "organization" else "skipped")
    assert visited["organization"].mend == "Name one with --org."
    assert doctor.exit_status(visited.findings) == 1


async def test_an_app_that_is_not_installed_there_fails_at_the_account(app_sandbox: Sandbox, key_file: Path) -> None:
    visited = await app_visit(app_sandbox, key_file, org="octo-labs")
    assert visited["account"].status == "failed"
    assert "is not installed in octo-labs" in visited["account"].says
    skipped_for(visited, "account", ORDER[3:])


@pytest.mark.parametrize("org", ["octo-org", None])
async def test_an_app_that_github_does_not_know_fails_at_the_account(
    app_sandbox: Sandbox, key_file: Path, org: str | None
) -> None:
    visited = await app_visit(app_sandbox, key_file, app_id="4712", org=org)
    assert visited["api"].status == "unknown"
    assert visited["account"].status == "failed"
    assert "does not know the GitHub App 4712" in visited["account"].says


async def test_a_key_that_is_none_fails_first(app_sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("not a key")
    visited = await app_visit(app_sandbox, path)
    assert visited["credentials"].status == "failed"
    assert "holds no RSA private key" in visited["credentials"].says
    assert visited.sent == []


async def test_an_app_that_may_only_read_campaigns_cannot_write_them(app_sandbox: Sandbox, key_file: Path) -> None:
    replies = {INSTALLATION: lambda: installation(organization_campaigns="read", security_events="read")}
    visited = await app_visit(app_sandbox, key_file, replies=replies)
    assert visited["permissions"].status == "ok"
    assert visited["write_campaigns"].status == "failed"
    assert "--read-only" in visited["write_campaigns"].mend
    visited = await app_visit(app_sandbox, key_file, replies=replies, read_only=True)
    assert doctor.exit_status(visited.findings) == 0


async def test_an_app_without_alerts_fails_by_name_of_the_permission(app_sandbox: Sandbox, key_file: Path) -> None:
    visited = await app_visit(
        app_sandbox, key_file, replies={INSTALLATION: lambda: installation(organization_campaigns="write")}
    )
    assert visited["permissions"].status == "failed"
    assert "Code scanning alerts: read" in visited["permissions"].says
    skipped_for(visited, "permissions", ["write_campaigns"])


async def test_an_app_that_shows_no_permission_for_campaigns_is_judged_by_reading(
    app_sandbox: Sandbox, key_file: Path
) -> None:
    replies: dict[str, Reply] = {
        INSTALLATION: lambda: installation(security_events="read", members="read"),
        "/orgs/octo-org/campaigns": json_answer({"message": "Not Found"}, 404),
    }
    visited = await app_visit(app_sandbox, key_file, replies=replies)
    assert visited["permissions"].status == "unknown"
    assert "only members, security_events" in visited["permissions"].says
    assert visited["read_campaigns"].mend.startswith('Add the permission "Campaigns: read" to the GitHub App')


async def test_an_installation_that_hides_its_permissions_and_name_is_no_crash(
    app_sandbox: Sandbox, key_file: Path
) -> None:
    replies: dict[str, Reply] = {
        INSTALLATION: lambda: json_answer({"id": 5520001}),
        "/app": json_answer([]),
    }
    visited = await app_visit(app_sandbox, key_file, replies=replies)
    assert visited["account"].says == "The app acts as an app without a name, installed in octo-org."
    assert visited["permissions"].status == "failed"
    visited = await app_visit(app_sandbox, key_file, replies={INSTALLATION: _first_then_a_list()})
    assert visited["permissions"].status == "failed"


def _first_then_a_list() -> Callable[[], httpx.Response]:
    answers = [installation(security_events="read"), json_answer([])]
    return lambda: answers.pop(0)


async def test_an_installation_token_from_the_environment_is_taken_for_one() -> None:
    refusal = json_answer({"message": "Resource not accessible by integration"}, 403)
    sandbox = create_sandbox(SandboxOptions(tokens={"ghs_x": DEFAULT_TOKENS[READ_ONLY_TOKEN]}))
    visited = await visit("ghs_x", sandbox=sandbox, replies={"/user": refusal})
    assert visited["credentials"].says == "Installation token from GITHUB_TOKEN."
    assert visited["account"].status == "ok"
    assert visited["role"].status == visited["permissions"].status == "unknown"
    visited = await visit("ghs_x", sandbox=sandbox, replies={"/user": refusal}, org=None)
    assert "acts in the organizations where it is installed" in visited["organization"].says


# What holds for all


@pytest.mark.parametrize("token", EVERY_ACCOUNT)
@pytest.mark.parametrize("org", ["octo-org", "nobody-has-this", None])
async def test_only_reads_are_sent_and_the_token_is_in_no_output(token: str, org: str | None) -> None:
    visited = await visit(token, org=org)
    assert {sent.method for sent in visited.sent} == {"GET"}
    assert token not in visited.texts


@pytest.mark.parametrize("token", EVERY_ACCOUNT)
async def test_nobody_is_sent_to_the_doctor_by_the_doctor(token: str) -> None:
    visited = await visit(token)
    assert not any("doctor" in finding.mend for finding in visited.findings)


@pytest.mark.parametrize("token", EVERY_ACCOUNT)
async def test_every_failure_says_how_to_mend_it_and_what_works_does_not(token: str) -> None:
    visited = await visit(token)
    for finding in visited.findings:
        assert finding.says.endswith(".")
        assert finding.mend or finding.status != "failed"
        assert not finding.mend or finding.status != "ok"


# How it is shown

FOUND = [
    Finding("credentials", "ok", "Found."),
    Finding("rate_limit", "failed", "Used up.", "Wait."),
    Finding("role", "unknown", "Hidden.", "Ask."),
    Finding("api", "skipped", "Not looked at.", "Wait."),
]


async def test_the_text_is_aligned_and_counts() -> None:
    assert doctor.render(FOUND, color=False).splitlines() == [
        "ok       credentials  Found.",
        "FAILED   rate limit   Used up.",
        "                      -> Wait.",
        "unknown  role         Hidden.",
        "                      -> Ask.",
        "skipped  api          Not looked at.",
        "",
        "1 ok, 1 failed, 1 unknown, 1 skipped.",
    ]


async def test_color_changes_nothing_but_the_marks() -> None:
    colored = doctor.render(FOUND, color=True)
    assert "\x1b[1;31mFAILED \x1b[0m  rate limit   Used up." in colored
    plain = colored
    for code in ("32", "1;31", "33", "2", "0"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == doctor.render(FOUND, color=False)


async def test_json_has_stable_keys() -> None:
    visited = await visit(MEMBER_TOKEN)
    shown = json.loads(doctor.as_json(visited.findings))
    assert list(shown) == ["exit_status", "findings"]
    assert shown["exit_status"] == 1
    assert [found["check"] for found in shown["findings"]] == ORDER
    assert all(list(found) == ["check", "status", "says", "mend"] for found in shown["findings"])


@pytest.mark.parametrize(
    ("statuses", "expected"), [([], 0), (["ok", "unknown", "skipped"], 0), (["ok", "failed", "unknown"], 1)]
)
async def test_only_a_failed_check_changes_the_exit_status(statuses: list[doctor.Status], expected: int) -> None:
    findings = [Finding("api", status, "So it is.") for status in statuses]
    assert doctor.exit_status(findings) == expected


def test_the_checks_have_the_documented_order() -> None:
    assert [check.name for check in doctor.CHECKS] == ORDER
