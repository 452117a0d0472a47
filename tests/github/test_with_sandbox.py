"""The client against the embedded GitHub: whole ways, in both API versions and in both shapes of answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server.domain.dates import wire
from server.errors import NotFound, OutcomeUnknown, PermissionMissing, RateLimited, Rejected, Unauthenticated
from server.github.connection import GitHub, open_github
from server.github.credentials import Credentials, FixedToken
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    ADMIN_TOKEN,
    MEMBER_TOKEN,
    NO_SCOPE_TOKEN,
    OUTSIDER_TOKEN,
    READ_ONLY_TOKEN,
    SANDBOX_TOKEN,
    SandboxOptions,
    Shape,
)
from server.settings import API_VERSIONS, Settings
from tests.github.scripted import Waits

pytestmark = pytest.mark.anyio


class Losing(httpx.AsyncBaseTransport):
    """Carries requests to the sandbox and loses the answers to the first few changes."""

    def __init__(self, sandbox: Sandbox, lost: int = 0, *, carried_out: bool = True) -> None:
        self._inner = httpx.ASGITransport(sandbox)
        self._lost = lost
        self._carried_out = carried_out
        self.lines: list[str] = []
        self.statuses: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.lines.append(f"{request.method} {request.url.path}")
        losing = request.method != "GET" and self._lost > 0
        self._lost -= losing
        if losing and not self._carried_out:
            raise httpx.RemoteProtocolError("dropped")
        response = await self._inner.handle_async_request(request)
        self.statuses.append(response.status_code)
        if losing:
            raise httpx.ReadTimeout("slow")
        return response


@asynccontextmanager
async def opened(
    sandbox: Sandbox,
    waits: Waits,
    *,
    token: str | Credentials = SANDBOX_TOKEN,
    transport: Losing | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[GitHub]:
    credentials = FixedToken(token) if isinstance(token, str) else token
    async with open_github(
        replace(settings or Settings(), write_spacing=0.0),
        credentials=credentials,
        transport=transport or Losing(sandbox),
        sleep=waits,
    ) as github:
        yield github


@pytest.fixture
def sandbox() -> Sandbox:
    return create_sandbox()


def body(sandbox: Sandbox, name: str = "Stop XSS") -> dict[str, object]:
    alert = next(alert for alert in sandbox.state.alerts("octo-org") if alert.state == "open")
    return {
        "name": name,
        "description": "Fix them all",
        "ends_at": wire(datetime.now(UTC) + timedelta(days=40)),
        "managers": ["mona-lisa"],
        "code_scanning_alerts": [{"repository_id": alert.repository_id, "alert_numbers": [alert.number]}],
    }


@pytest.mark.parametrize("version", API_VERSIONS)
@pytest.mark.parametrize("shape", ["schema", "examples"])
async def test_a_campaign_is_published_changed_closed_and_deleted(waits: Waits, version: str, shape: Shape) -> None:
    sandbox = create_sandbox(SandboxOptions(shape=shape))
    async with opened(sandbox, waits, settings=Settings(api_version=version)) as github:
        before = {one.number for one in await github.campaigns.all_open("octo-org")}
        made = (await github.campaigns.create("octo-org", body(sandbox), known=before)).campaign
        assert made.number not in before
        assert made.managers == ["mona-lisa"]
        moved = await github.campaigns.update("octo-org", made.number, {"ends_at": "2031-01-01T00:00:00Z"})
        assert moved.ends_at == datetime(2031, 1, 1, tzinfo=UTC)
        assert (await github.campaigns.update("octo-org", made.number, {"state": "closed"})).state == "closed"
        await github.campaigns.delete("octo-org", made.number)
        with pytest.raises(NotFound):
            await github.campaigns.get("octo-org", made.number)
    assert waits.seconds == []


async def test_pages_come_to_an_end_and_hold_everything_once(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        seen: list[int] = []
        number: int | None = 1
        while number is not None:
            page = await github.campaigns.page("octo-org", page=number, per_page=2)
            seen += [one.number for one in page.campaigns]
            number = page.next_page
        whole = await github.campaigns.page("octo-org", per_page=100)
    assert len(seen) > 2
    assert seen == [one.number for one in whole.campaigns]


async def test_a_second_reading_costs_nothing(sandbox: Sandbox, waits: Waits) -> None:
    transport = Losing(sandbox)
    async with opened(sandbox, waits, transport=transport) as github:
        first = await github.campaigns.all_open("octo-org")
        assert await github.campaigns.all_open("octo-org") == first
    assert transport.statuses == [200, 304]


async def test_a_published_campaign_whose_answer_was_lost_is_found(sandbox: Sandbox, waits: Waits) -> None:
    transport = Losing(sandbox, lost=1)
    async with opened(sandbox, waits, transport=transport) as github:
        known = [one.number for one in await github.campaigns.all_open("octo-org")]
        made = await github.campaigns.create("octo-org", body(sandbox), known=known)
        assert made.found
        assert made.campaign.alert_stats is not None
        now_open = [one.name for one in await github.campaigns.all_open("octo-org")]
    assert now_open.count("Stop XSS") == 1
    assert transport.lines.count("POST /orgs/octo-org/campaigns") == 1


async def test_a_lost_request_is_not_repeated_and_not_known(sandbox: Sandbox, waits: Waits) -> None:
    transport = Losing(sandbox, lost=1, carried_out=False)
    async with opened(sandbox, waits, transport=transport) as github:
        known = [one.number for one in await github.campaigns.all_open("octo-org")]
        with pytest.raises(OutcomeUnknown, match="after two looks"):
            await github.campaigns.create("octo-org", body(sandbox), known=known)
    assert transport.lines.count("POST /orgs/octo-org/campaigns") == 1


async def test_a_lost_answer_to_a_delete_is_a_success(sandbox: Sandbox, waits: Waits) -> None:
    transport = Losing(sandbox, lost=1)
    async with opened(sandbox, waits, transport=transport) as github:
        number = (await github.campaigns.all_open("octo-org"))[0].number
        await github.campaigns.delete("octo-org", number)
    assert transport.statuses == [200, 204, 404]


async def test_a_lost_answer_to_an_update_is_repeated(sandbox: Sandbox, waits: Waits) -> None:
    transport = Losing(sandbox, lost=2)
    async with opened(sandbox, waits, transport=transport) as github:
        number = (await github.campaigns.all_open("octo-org"))[0].number
        assert (await github.campaigns.update("octo-org", number, {"name": "New"})).name == "New"
    assert len(waits.seconds) == 2


async def test_a_wrong_token_is_unauthenticated(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits, token="ghp_wrong") as github:
        with pytest.raises(Unauthenticated) as caught:
            await github.campaigns.all_open("octo-org")
    assert caught.value.request_id
    assert "ghp_wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("token", "org", "says"),
    [
        (NO_SCOPE_TOKEN, "octo-org", 'it needs one of the scopes "security_events'),
        (MEMBER_TOKEN, "octo-org", "its account is neither owner nor security manager there"),
        (OUTSIDER_TOKEN, "octo-org", "its account is neither owner nor security manager there"),
        (SANDBOX_TOKEN, "nowhere", "There is no organization nowhere"),
    ],
)
@pytest.mark.parametrize("number", [None, 3])
async def test_scope_role_and_organization_are_told_apart(
    sandbox: Sandbox, waits: Waits, token: str, org: str, says: str, number: int | None
) -> None:
    async with opened(sandbox, waits, token=token) as github:
        with pytest.raises((NotFound, PermissionMissing)) as caught:
            await (github.campaigns.all_open(org) if number is None else github.campaigns.get(org, number))
    assert says in str(caught.value)
    assert caught.value.status == 404


async def test_a_campaign_that_is_not_there_is_named(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        for attempt in (
            github.campaigns.get("octo-org", 99),
            github.campaigns.update("octo-org", 99, {"name": "New"}),
            github.campaigns.delete("octo-org", 99),
        ):
            with pytest.raises(NotFound, match="There is no campaign octo-org/99"):
                await attempt


async def test_a_campaign_for_no_organization_is_not_published(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        with pytest.raises(NotFound, match="There is no organization nowhere"):
            await github.campaigns.create("nowhere", body(sandbox), known=())


async def test_a_read_only_token_cannot_write_and_is_told_why(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits, token=READ_ONLY_TOKEN) as github:
        number = (await github.campaigns.all_open("octo-org"))[0].number
        with pytest.raises((NotFound, PermissionMissing), match="write"):
            await github.campaigns.update("octo-org", number, {"name": "New"})


async def test_what_github_rejects_is_told_in_its_words(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        with pytest.raises(Rejected, match="GitHub says") as caught:
            await github.campaigns.create("octo-org", {**body(sandbox), "managers": ["hubot"]}, known=())
    assert caught.value.status == 422


async def test_a_used_up_rate_limit_names_its_end(waits: Waits) -> None:
    sandbox = create_sandbox(SandboxOptions(rate_limit=2))
    async with opened(sandbox, waits) as github:
        await github.people.acting_account(None)
        await github.people.organizations()
        with pytest.raises(RateLimited) as caught:
            await github.campaigns.all_open("octo-org")
        assert timedelta() < caught.value.until - github.clock.now() <= timedelta(hours=1)
    assert waits.seconds == []


async def test_accounts_and_organizations_are_told(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        assert await github.people.acting_account("octo-org") == "octo-bot"
        assert "octo-org" in await github.people.organizations()


async def test_an_administrators_token_judges_managers(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits, token=ADMIN_TOKEN) as github:
        check = await github.people.check_managers(
            "octo-org", ["mona-lisa", "octo-bot", "ada-reyes", "hubot", "nobody"], ["appsec", "payments", "no-team"]
        )
    assert check.roles == {
        "mona-lisa": "security manager",
        "octo-bot": "owner",
        "ada-reyes": "security manager",
        "appsec": "security manager",
    }
    assert (check.unfit, check.unknown, check.unchecked) == (["hubot", "payments"], ["nobody", "no-team"], [])


async def test_an_everyday_token_says_what_it_could_not_see(sandbox: Sandbox, waits: Waits) -> None:
    async with opened(sandbox, waits) as github:
        check = await github.people.check_managers("octo-org", ["mona-lisa", "octo-bot", "nobody"], ["appsec"])
    assert check.roles == {"octo-bot": "owner"}
    assert (check.unknown, check.unchecked) == (["nobody"], ["mona-lisa", "appsec"])
    assert check.why


async def test_an_app_signs_in_and_reads_campaigns(waits: Waits, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sandbox = create_sandbox(SandboxOptions(app_id=4711, app_public_key=public.decode()))
    settings = Settings(app_id="4711", app_key_file=file)
    async with open_github(settings, environ={}, transport=httpx.ASGITransport(sandbox), sleep=waits) as github:
        assert await github.campaigns.all_open("octo-org")
        assert (await github.credentials.token("octo-org")).kind == "installation token"
        assert (await github.people.acting_account("octo-org")).endswith("[bot]")
