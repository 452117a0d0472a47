"""GitHub Apps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server import doctor
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    DEFAULT_TOKENS,
    READ_ONLY_TOKEN,
    SandboxOptions,
)
from tests.doctor.visits import (
    APP_ID,
    ORDER,
    Reply,
    Visit,
    json_answer,
    skipped_for,
    visit,
)
from tests.sandbox.connections import Clock

pytestmark = pytest.mark.anyio


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
