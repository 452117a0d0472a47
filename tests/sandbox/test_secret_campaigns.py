from typing import Any

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import FINE_GRAINED_TOKEN, NO_SECRETS_TOKEN, SandboxOptions
from tests.sandbox.connections import Clock, campaign_body, connect

pytestmark = pytest.mark.anyio
LIST = "/orgs/octo-org/campaigns"
PAIRS = [{"repository_id": 41001, "alert_numbers": [2, 3, 3]}, {"repository_id": 41010, "alert_numbers": [1]}]


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return create_sandbox(SandboxOptions(clock=clock, secret_campaigns=True))


def _body(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    changes = {"code_scanning_alerts": None, "secret_scanning_alerts": PAIRS, **changes}
    return campaign_body(sandbox, **changes)


async def test_a_campaign_of_secrets_counts_them(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    created = await client.post(LIST, json=_body(sandbox))
    assert (created.status_code, created.json()["number"]) == (200, 7)
    assert created.json()["alert_stats"] == {"open_count": 3, "closed_count": 0, "in_progress_count": 0}
    sandbox.state.resolve_secret(41001, 3)
    changed = (await client.get(f"{LIST}/7")).json()
    assert changed["alert_stats"] == {"open_count": 2, "closed_count": 1, "in_progress_count": 0}
    assert sandbox.state.campaign("octo-org", 7).alerts == ()


async def test_resolved_secrets_are_dropped_without_a_word(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.state.resolve_secret(41001, 3, "used_in_tests")
    created = (await client.post(LIST, json=_body(sandbox))).json()
    assert created["alert_stats"]["open_count"] == 2


async def test_a_resolved_secret_moves_its_campaign_where_github_is_thought_to_do_so(clock: Clock) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, secret_campaigns=True, touch_updated_at=True))
    async with connect(sandbox) as client:
        await client.post(LIST, json=_body(sandbox))
    clock.advance(days=1)
    sandbox.state.resolve_secret(41001, 4)
    assert sandbox.state.campaign("octo-org", 7).updated_at < clock.now
    sandbox.state.resolve_secret(41001, 3)
    assert sandbox.state.campaign("octo-org", 7).updated_at == clock.now


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"code_scanning_alerts": PAIRS}, '"code_scanning_alerts" is not a permitted key.'),
        ({"secret_scanning_alerts": None}, '"code_scanning_alerts" wasn\'t supplied.'),
        ({"secret_scanning_alerts": []}, "secret_scanning_alerts"),
        ({"secret_scanning_alerts": [{"repository_id": 41001}]}, "secret_scanning_alerts"),
    ],
)
async def test_there_is_exactly_one_kind_of_alerts(
    client: httpx.AsyncClient, sandbox: Sandbox, changes: dict[str, Any], complaint: str
) -> None:
    answer = await client.post(LIST, json=_body(sandbox, **changes))
    assert answer.status_code == 422
    assert complaint in answer.json()["message"]
    assert len(sandbox.state.campaigns("octo-org")) == 6


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"generate_issues": True}, "generate_issues", "no issues"),
        ({"secret_scanning_alerts": [{"repository_id": 41001, "alert_numbers": [99]}]}, "secret_scanning_alerts", "99"),
        (
            {"secret_scanning_alerts": [{"repository_id": 41001, "alert_numbers": [1]}]},
            "secret_scanning_alerts",
            "open",
        ),
    ],
)
async def test_what_breaks_a_rule_of_the_product_fails_validation(
    client: httpx.AsyncClient, sandbox: Sandbox, changes: dict[str, Any], field: str, message: str
) -> None:
    answer = await client.post(LIST, json=_body(sandbox, **changes))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert message in answer.json()["errors"][0]["message"]
    assert sandbox.state.issues("octo-org") == 0


async def test_saying_no_to_issues_is_allowed(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    assert (await client.post(LIST, json=_body(sandbox, generate_issues=False))).status_code == 200


async def test_code_scanning_alerts_are_taken_as_before(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    created = await client.post(LIST, json=campaign_body(sandbox, generate_issues=True))
    assert created.json()["alert_stats"]["open_count"] == 3
    assert sandbox.state.campaign("octo-org", 7).secret_alerts == ()


async def test_a_token_needs_the_permission_for_the_kind_of_alerts(sandbox: Sandbox) -> None:
    async with connect(sandbox, NO_SECRETS_TOKEN) as client:
        refused = await client.post(LIST, json=_body(sandbox))
        assert (refused.status_code, refused.headers["X-Accepted-GitHub-Permissions"]) == (
            403,
            "secret_scanning_alerts=read",
        )
        assert (await client.post(LIST, json=campaign_body(sandbox))).status_code == 200
    async with connect(sandbox, FINE_GRAINED_TOKEN) as client:
        assert (await client.post(LIST, json=_body(sandbox))).status_code == 200
