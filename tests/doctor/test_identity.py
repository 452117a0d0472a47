"""The credential, its end, and the organization."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from server import doctor
from server.github.connection import open_github
from server.github.credentials import FixedToken
from server.sandbox.app import create_sandbox
from server.sandbox.options import (
    FINE_GRAINED_TOKEN,
    SANDBOX_TOKEN,
    SandboxAccount,
    SandboxOptions,
)
from server.settings import Settings
from tests.doctor.visits import (
    ORDER,
    WRONG_TOKEN,
    Visit,
    json_answer,
    skipped_for,
    user,
    visit,
)
from tests.harness import Recorder
from tests.sandbox.connections import NOON, Clock

pytestmark = pytest.mark.anyio


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


async def test_a_users_token_that_may_not_say_whose_it_is_is_not_taken_for_an_installation() -> None:
    refusal = json_answer({"message": "Your IP address is not allowed"}, 403)
    visited = await visit("ghp_classic", replies={"/user": refusal})
    assert visited["account"].status == "failed"
    assert "Your IP address is not allowed" in visited["account"].says
