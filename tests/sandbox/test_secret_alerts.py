from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    FINE_GRAINED_TOKEN,
    MEMBER_TOKEN,
    NO_SCOPE_TOKEN,
    NO_SECRETS_TOKEN,
    OUTSIDER_TOKEN,
    READ_ONLY_TOKEN,
    SECURITY_MANAGER_TOKEN,
    SandboxAccount,
    SandboxOptions,
)
from server.sandbox.seed_secrets import SECRET_MARK
from tests.sandbox.connections import Clock, connect

pytestmark = pytest.mark.anyio
ALERTS = "/orgs/octo-org/secret-scanning/alerts"
OF_REPOSITORY = "/repos/octo-org/payments-web/secret-scanning/alerts"


async def _every(client: httpx.AsyncClient, path: str = ALERTS, **query: str | int) -> list[dict[str, Any]]:
    """Every alert behind the `next` links."""
    answer = await client.get(path, params=query)
    seen = []
    while True:
        assert answer.status_code == 200
        seen += answer.json()
        if "next" not in answer.links:
            return seen
        answer = await client.get(answer.links["next"]["url"])


def _keys(alerts: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(alert["repository"]["id"], alert["number"]) for alert in alerts]


async def test_the_seed_has_secrets_of_all_sorts(sandbox: Sandbox) -> None:
    alerts = sandbox.state.secret_alerts("octo-org")
    opened = [alert for alert in alerts if alert.state == "open"]
    assert (len(opened), len(alerts)) == (32, 43)
    assert {alert.validity for alert in opened} == {"active", "inactive", "unknown"}
    assert {alert.resolution for alert in alerts} == {"false_positive", "wont_fix", "revoked", "used_in_tests", None}
    assert len({alert.kind.provider for alert in opened}) > 6
    for fact in ("publicly_leaked", "multi_repo", "bypassed_by", "assigned_to"):
        assert 0 < sum(bool(getattr(alert, fact)) for alert in opened) < len(opened)
    assert len({alert.secret for alert in alerts}) == len(alerts)


async def test_every_seeded_time_of_a_secret_makes_sense(sandbox: Sandbox, clock: Clock) -> None:
    organization = sandbox.state.organization("octo-org")
    for alert in organization.secret_alerts.values():
        assert organization.repositories[alert.repository_id].created_at < alert.created_at <= alert.updated_at
        assert alert.updated_at < clock.now
        assert (alert.resolved_at is None) == (alert.resolved_by is None) == (alert.state == "open")
        assert alert.resolved_at in {None, alert.updated_at}


@pytest.mark.parametrize("sort", ["created", "updated"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("first", [{}, {"page": 1}], ids=["cursors", "page numbers"])
async def test_walking_the_links_sees_every_secret_but_the_generic_ones_in_order(
    client: httpx.AsyncClient, sandbox: Sandbox, sort: str, direction: str, first: dict[str, str | int]
) -> None:
    seen = await _every(client, ALERTS, per_page=7, sort=sort, direction=direction, **first)
    wanted = {tuple(alert.key) for alert in sandbox.state.secret_alerts("octo-org") if not alert.kind.generic}
    assert Counter(_keys(seen)) == Counter(wanted)
    moments = [alert[f"{sort}_at"] for alert in seen]
    assert moments == sorted(moments, reverse=direction == "desc")


async def test_a_secret_that_is_resolved_meanwhile_shifts_no_walk_by_cursor(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    everything = _keys(await _every(client, state="open"))
    first = await client.get(ALERTS, params={"state": "open", "per_page": 5})
    sandbox.state.resolve_secret(*everything[2])
    second = await client.get(first.links["next"]["url"])
    assert _keys(second.json()) == everything[5:10]
    assert httpx.URL(first.links["next"]["url"]).path == "/organizations/9919001/secret-scanning/alerts"
    assert everything[2] not in _keys(await _every(client, state="open"))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"state": "open"}, lambda alert: alert["state"] == "open"),
        ({"state": "resolved"}, lambda alert: alert["state"] == "resolved"),
        (
            {"secret_type": "stripe_api_key, npm_access_token"},
            lambda alert: alert["secret_type"] in {"stripe_api_key", "npm_access_token"},
        ),
        ({"exclude_secret_types": "stripe_api_key"}, lambda alert: alert["secret_type"] != "stripe_api_key"),
        ({"providers": "stripe,github"}, lambda alert: alert["provider_slug"] in {"stripe", "github"}),
        ({"exclude_providers": "stripe,github"}, lambda alert: alert["provider_slug"] not in {"stripe", "github"}),
        ({"resolution": "revoked,wont_fix"}, lambda alert: alert["resolution"] in {"revoked", "wont_fix"}),
        ({"validity": "active,inactive"}, lambda alert: alert["validity"] in {"active", "inactive"}),
        ({"assignee": "Lena-Fischer"}, lambda alert: (alert["assigned_to"] or {}).get("login") == "lena-fischer"),
        ({"assignee": "*"}, lambda alert: alert["assigned_to"] is not None),
        ({"assignee": "none"}, lambda alert: alert["assigned_to"] is None),
        ({"is_publicly_leaked": "true"}, lambda alert: alert["publicly_leaked"]),
        ({"is_multi_repo": "true"}, lambda alert: alert["multi_repo"]),
        ({"is_bypassed": "true"}, lambda alert: alert["push_protection_bypassed"]),
        ({"is_bypassed": "false"}, lambda alert: alert["push_protection_bypassed_by"] is None),
    ],
)
async def test_every_filter_lets_through_all_that_it_names(
    client: httpx.AsyncClient, query: dict[str, str], fits: Callable[[dict[str, Any]], bool]
) -> None:
    everything = await _every(client)
    wanted = [key for key, alert in zip(_keys(everything), everything, strict=True) if fits(alert)]
    assert 0 < len(wanted) < len(everything)
    assert _keys(await _every(client, **query)) == wanted


@pytest.mark.parametrize("query", [{"is_publicly_leaked": "false"}, {"is_multi_repo": "false"}, {"after": ""}])
async def test_what_is_the_default_filters_nothing(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert await _every(client, **query) == await _every(client)


@pytest.mark.parametrize(
    "query", [{"assignee": "hubot"}, {"included_metadata": "owner-email"}, {"owner_email_hash": "0" * 64}]
)
async def test_what_no_secret_has_gets_nothing(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert await _every(client, **query) == []


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, set()),
        ({"exclude_secret_types": "npm_access_token"}, set()),
        ({"secret_type": "password"}, {"password"}),
        ({"secret_type": "password,rsa_private_key,slack_incoming_webhook_url"}, {"password", "rsa_private_key"}),
    ],
)
async def test_generic_patterns_are_listed_only_when_they_are_named(
    client: httpx.AsyncClient, query: dict[str, str], shown: set[str]
) -> None:
    types = {alert["secret_type"] for alert in await _every(client, **query)}
    assert types & {"password", "rsa_private_key"} == shown


@pytest.mark.parametrize("path", [ALERTS, OF_REPOSITORY])
async def test_hidden_secrets_are_left_out_and_shown_ones_can_be_recognized(
    client: httpx.AsyncClient, path: str
) -> None:
    assert all(alert["secret"].startswith(SECRET_MARK) for alert in await _every(client, path))
    assert await _every(client, path, hide_secret="false") == await _every(client, path)
    hidden = await client.get(path, params={"hide_secret": "true", "per_page": 5})
    assert SECRET_MARK not in hidden.text
    assert all("secret" not in alert for alert in hidden.json())
    assert "hide_secret=true" in hidden.links["next"]["url"]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "closed"},
        {"sort": "number"},
        {"direction": "up"},
        {"validity": "active,valid"},
        {"resolution": "fixed"},
        {"hide_secret": "1"},
        {"is_bypassed": "maybe"},
        {"secret_type": "password", "exclude_secret_types": "npm_access_token"},
        {"providers": "stripe", "exclude_providers": "npm"},
        {"after": "nonsense"},
    ],
)
@pytest.mark.parametrize("path", [ALERTS, OF_REPOSITORY])
async def test_a_filter_with_a_wrong_value_is_refused(
    client: httpx.AsyncClient, path: str, query: dict[str, str]
) -> None:
    assert (await client.get(path, params=query)).status_code == 422


async def test_a_repository_lists_its_own_secrets_without_repeating_itself(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    alerts = await _every(client, OF_REPOSITORY, per_page=4)
    wanted = {key.alert_number for key in sandbox.state.organization("octo-org").secret_alerts if key[0] == 41001}
    assert Counter(alert["number"] for alert in alerts) == Counter(wanted)
    assert "repository" not in alerts[0]


async def test_where_secret_scanning_is_off_there_are_no_secrets(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    answer = await client.get("/repos/octo-org/handbook/secret-scanning/alerts")
    assert (answer.status_code, answer.json()["message"]) == (404, "Secret scanning is disabled on this repository.")
    sandbox.state.repository("octo-org", "payments-web").secret_scanning = False
    assert 41001 not in {key[0] for key in _keys(await _every(client))}


@pytest.mark.parametrize(
    ("token", "of_org", "private", "public"),
    [
        (SECURITY_MANAGER_TOKEN, 200, 200, 200),
        (FINE_GRAINED_TOKEN, 200, 200, 200),
        (READ_ONLY_TOKEN, 200, 200, 200),
        (NO_SECRETS_TOKEN, 403, 403, 403),
        (MEMBER_TOKEN, 404, 404, 404),
        (NO_SCOPE_TOKEN, 404, 404, 404),
        (OUTSIDER_TOKEN, 404, 404, 404),
        (None, 401, 401, 401),
    ],
)
async def test_secrets_are_for_owners_and_security_managers(
    sandbox: Sandbox, token: str | None, of_org: int, private: int, public: int
) -> None:
    async with connect(sandbox, token) as client:
        answers = [
            await client.get(ALERTS),
            await client.get(OF_REPOSITORY),
            await client.get("/repos/octo-org/design-system/secret-scanning/alerts"),
        ]
    assert [answer.status_code for answer in answers] == [of_org, private, public]
    if token == NO_SECRETS_TOKEN:
        wanted = {answer.headers["X-Accepted-GitHub-Permissions"] for answer in answers}
        assert wanted == {"secret_scanning_alerts=read"}


@pytest.mark.parametrize("scope", ["repo", "security_events"])
async def test_either_scope_of_a_classic_token_will_do(clock: Clock, scope: str) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, tokens={"t": SandboxAccount("octo-bot", (scope,))}))
    async with connect(sandbox, "t") as client:
        names = {alert["repository"]["name"] for alert in await _every(client)}
    assert ("payments-web" in names, "design-system" in names) == (scope == "repo", True)
