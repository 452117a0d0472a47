"""Reading alerts from the embedded GitHub: its pages, its Links, its refusals."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server.domain.alerts import AlertQuery, CodeAlert, SecretAlert
from server.errors import NotFound, PermissionMissing
from server.github.connection import open_github
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import FINE_GRAINED_TOKEN, MEMBER_TOKEN, NO_SCOPE_TOKEN, SandboxOptions
from server.sandbox.seed_secrets import SECRET_MARK
from server.settings import API_VERSIONS, Settings
from tests.github.scripted import Waits
from tests.github.test_with_sandbox import Losing, opened

pytestmark = pytest.mark.anyio
CODE = AlertQuery("code")
SECRETS = AlertQuery("secret")


@pytest.fixture
def sandbox() -> Sandbox:
    return create_sandbox()


def open_keys(sandbox: Sandbox) -> set[tuple[int, int]]:
    organization = sandbox.state.organization("octo-org")
    return {(alert.repository_id, alert.number) for alert in organization.alerts.values() if alert.state == "open"}


def keys(alerts: list[CodeAlert] | list[SecretAlert]) -> list[tuple[int, int]]:
    return [(alert.repository_id, alert.alert_number) for alert in alerts]


@pytest.mark.parametrize("version", API_VERSIONS)
async def test_every_open_alert_is_read_once_and_whole(sandbox: Sandbox, waits: Waits, version: str) -> None:
    async with opened(sandbox, waits, settings=Settings(api_version=version)) as github:
        reading = await github.alerts.read("octo-org", CODE)
    assert (reading.gaps, reading.notes) == ((), ())
    assert sorted(keys(reading.alerts)) == sorted(open_keys(sandbox))
    alerts = [alert for alert in reading.alerts if isinstance(alert, CodeAlert)]
    assert len(alerts) == len(reading.alerts)
    assert all(alert.repository and alert.tool and alert.path for alert in alerts)
    assert any(79 in alert.cwes and alert.rule for alert in alerts)
    assert {alert.severity for alert in alerts} >= {"critical", "high", "medium"}


async def test_a_second_look_costs_nothing(waits: Waits) -> None:
    sandbox = create_sandbox(SandboxOptions(alerts=1_250))
    transport = Losing(sandbox)
    async with opened(sandbox, waits, transport=transport) as github:
        first = await github.alerts.read("octo-org", CODE)
        assert len(first.alerts) == 1_250
        assert transport.statuses == [200] * 13 + [304] * 2
        transport.statuses.clear()
        assert (await github.alerts.read("octo-org", CODE)).alerts == first.alerts
    assert transport.statuses == [304] * 15


async def test_cursors_lead_through_everything(waits: Waits) -> None:
    sandbox = create_sandbox(SandboxOptions(alerts=450, alert_links="cursors"))
    async with opened(sandbox, waits) as github:
        reading = await github.alerts.read("octo-org", CODE)
    assert sorted(keys(reading.alerts)) == sorted(open_keys(sandbox))
    assert (reading.gaps, reading.requests) == ((), 5)


async def test_the_repositories_together_are_the_organization(sandbox: Sandbox, waits: Waits) -> None:
    names = [one.name for one in sandbox.state.organization("octo-org").repositories.values()]
    async with opened(sandbox, waits) as github:
        whole = await github.alerts.read("octo-org", CODE)
        parts = await github.alerts.read("octo-org", AlertQuery("code", repositories=tuple(names)))
    assert sorted(parts.alerts) == sorted(whole.alerts)
    assert [gap.partition(" for ")[0] for gap in parts.gaps] == ["Code scanning is not enabled"]


async def test_passes_by_severity_are_the_filtered_whole(sandbox: Sandbox, waits: Waits) -> None:
    query = AlertQuery("code", passes=((("severity", "critical"),), (("severity", "high"),)))
    async with opened(sandbox, waits) as github:
        whole = await github.alerts.read("octo-org", CODE)
        some = await github.alerts.read("octo-org", query)
    wanted = [
        alert for alert in whole.alerts if isinstance(alert, CodeAlert) and alert.severity in ("critical", "high")
    ]
    assert sorted(some.alerts) == sorted(wanted)


async def test_secret_alerts_come_without_their_secrets(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        reading = await github.alerts.read("octo-org", SECRETS)
    assert reading.alerts
    assert (reading.gaps, reading.notes) == ((), ())
    assert all(isinstance(alert, SecretAlert) and alert.secret_type for alert in reading.alerts)
    assert SECRET_MARK not in repr(reading)


@pytest.mark.parametrize("query", [CODE, SECRETS], ids=["code", "secret"])
@pytest.mark.parametrize(
    ("token", "org", "says"),
    [
        (NO_SCOPE_TOKEN, "octo-org", "scope"),
        (MEMBER_TOKEN, "octo-org", "its account is neither owner nor security manager there"),
        (MEMBER_TOKEN, "nowhere", "There is no organization nowhere"),
    ],
)
async def test_scope_role_and_organization_are_told_apart(
    sandbox: Sandbox, waits: Waits, query: AlertQuery, token: str, org: str, says: str
) -> None:
    async with opened(sandbox, waits, token=token) as github:
        with pytest.raises((NotFound, PermissionMissing)) as caught:
            await github.alerts.read(org, query)
    assert says in str(caught.value)
    assert "ampaign" not in str(caught.value).replace("security-campaigns-mcp doctor", "")


async def test_a_fine_grained_token_is_told_of(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits, token=FINE_GRAINED_TOKEN) as github:
        reading = await github.alerts.read("octo-org", CODE)
    assert reading.notes == ("This token sees only the repositories it was given.",)


async def test_a_rate_limit_that_is_near_is_told(waits: Waits) -> None:
    sandbox = create_sandbox(SandboxOptions(alerts=1_250, rate_limit=7))
    async with opened(sandbox, waits, settings=Settings(parallel_reads=1)) as github:
        reading = await github.alerts.read("octo-org", CODE)
    assert reading.gaps[0].startswith("Only 450 of about 1,300 alerts were read, to spare the rate limit: 2 requests")


async def test_an_app_that_was_given_every_repository_sees_all(waits: Waits, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sandbox = create_sandbox(SandboxOptions(app_id=4711, app_public_key=public.decode()))
    settings = Settings(app_id="4711", app_key_file=file)
    async with open_github(settings, environ={}, transport=httpx.ASGITransport(sandbox), sleep=waits) as github:
        assert (await github.credentials.token("octo-org")).every_repository is True
        reading = await github.alerts.read("octo-org", CODE)
    assert reading.notes == ()
    assert sorted(keys(reading.alerts)) == sorted(open_keys(sandbox))
