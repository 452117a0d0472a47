from collections.abc import Callable
from typing import Any

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    ADMIN_TOKEN,
    FINE_GRAINED_TOKEN,
    MEMBER_TOKEN,
    NO_SCOPE_TOKEN,
    OUTSIDER_TOKEN,
    SandboxAccount,
    SandboxOptions,
)
from tests.sandbox.connections import Clock, connect, open_alerts

pytestmark = pytest.mark.anyio
ALERTS = "/orgs/octo-org/code-scanning/alerts"
OF_REPOSITORY = "/repos/octo-org/payments-web/code-scanning/alerts"


async def _walk(client: httpx.AsyncClient, path: str, **query: str | int) -> list[tuple[int, int]]:
    """Every alert behind the `next` links, as (repository id, number)."""
    answer = await client.get(path, params=query)
    seen = []
    while True:
        seen += [(alert["repository"]["id"], alert["number"]) for alert in answer.json()]
        if "next" not in answer.links:
            return seen
        answer = await client.get(answer.links["next"]["url"])


@pytest.mark.parametrize("sort", ["created", "updated"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("first", [{}, {"page": 1}], ids=["cursors", "page numbers"])
async def test_walking_the_links_sees_every_alert_once(
    client: httpx.AsyncClient, sandbox: Sandbox, sort: str, direction: str, first: dict[str, int]
) -> None:
    seen = await _walk(client, ALERTS, per_page=100, sort=sort, direction=direction, **first)
    assert len(seen) == len(set(seen))
    assert set(seen) == {tuple(alert.key) for alert in sandbox.state.alerts("octo-org")}


async def test_alerts_that_close_meanwhile_do_not_shift_a_walk_by_cursor(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    query: dict[str, str | int] = {"state": "open", "per_page": 50, "direction": "asc"}
    first = await client.get(ALERTS, params=query)
    for alert in first.json()[:20]:
        sandbox.state.close_alert(alert["repository"]["id"], alert["number"])
    second = await client.get(first.links["next"]["url"])
    seen = first.json() + second.json()
    everything = await _walk(client, ALERTS, **query)
    keys = [(alert["repository"]["id"], alert["number"]) for alert in seen]
    assert keys[20:] == everything[:80]


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_prev_leads_back_to_the_same_alerts(client: httpx.AsyncClient, direction: str) -> None:
    first = await client.get(ALERTS, params={"per_page": 10, "direction": direction})
    assert set(first.links) == {"next"}
    second = await client.get(first.links["next"]["url"])
    assert set(second.links) == {"prev", "next"}
    assert (await client.get(second.links["prev"]["url"])).json() == first.json()
    assert httpx.URL(second.links["prev"]["url"]).path == "/organizations/9919001/code-scanning/alerts"


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "W10=", "WzFlOTk5LDFlOTk5LDFd", "eyJhIjoxfQ=="])
async def test_a_made_up_cursor_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    assert (await client.get(ALERTS, params={"after": cursor})).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        {"state": "open"},
        {"state": "fixed"},
        {"state": "dismissed"},
        {"state": "closed"},
        {"severity": "critical"},
        {"severity": "note"},
        {"tool_name": "CodeQL"},
        {"tool_guid": "5d9a1f0e-6b53-4b39-9c11-2f3f8a6f7c11"},
        {"assignees": "*"},
        {"assignees": "none"},
        {"assignees": "octo-bot, Lena-Fischer"},
    ],
)
async def test_every_filter_lets_through_what_it_names(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    alerts = (await client.get(ALERTS, params={**query, "per_page": 100})).json()
    checks: dict[str, Callable[[Any, str], bool]] = {
        "state": lambda alert, value: alert["state"] == value or (value == "closed" and alert["state"] != "open"),
        "severity": lambda alert, value: value in (alert["rule"]["security_severity_level"], alert["rule"]["severity"]),
        "tool_name": lambda alert, value: alert["tool"]["name"] == value,
        "tool_guid": lambda alert, value: alert["tool"]["guid"] == value,
        "assignees": lambda alert, value: bool(alert["assignees"]) != (value == "none"),
    }
    ((name, value),) = query.items()
    assert alerts
    assert all(checks[name](alert, value) for alert in alerts)


async def test_an_assignee_of_nothing_gets_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get(ALERTS, params={"assignees": "hubot"})).json() == []


@pytest.mark.parametrize(
    "query",
    [{"state": "resolved"}, {"severity": "severe"}, {"sort": "number"}, {"tool_name": "CodeQL", "tool_guid": "x"}],
)
async def test_a_filter_with_a_wrong_value_is_refused(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await client.get(ALERTS, params=query)).status_code == 422


async def test_the_seed_has_the_fields_that_tools_leave_empty(client: httpx.AsyncClient) -> None:
    alerts = []
    answer = await client.get(ALERTS, params={"per_page": 100})
    while "next" in answer.links:
        alerts += answer.json()
        answer = await client.get(answer.links["next"]["url"])
    for field in ("id", "severity", "security_severity_level", "tags"):
        assert any(alert["rule"][field] is None for alert in alerts)
    assert any(alert["tool"]["version"] is None for alert in alerts)
    assert any(alert["dismissed_comment"] for alert in alerts)
    assert any("external/cwe/cwe-079" in (alert["rule"]["tags"] or []) for alert in alerts)


async def test_a_repository_lists_its_own_alerts_without_repeating_itself(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    answer = await client.get(OF_REPOSITORY, params={"per_page": 100, "sort": "number", "direction": "asc"})
    numbers = [alert["number"] for alert in answer.json()]
    assert numbers == sorted(
        key.alert_number for key in sandbox.state.organization("octo-org").alerts if key[0] == 41001
    )
    assert "repository" not in answer.json()[0]


@pytest.mark.parametrize(("ref", "some"), [("main", True), ("refs/heads/main", True), ("refs/heads/other", False)])
async def test_only_the_default_branch_has_alerts(client: httpx.AsyncClient, ref: str, some: bool) -> None:
    assert bool((await client.get(OF_REPOSITORY, params={"ref": ref})).json()) == some


async def test_one_alert_comes_with_the_help_of_its_rule(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    alert = open_alerts(sandbox)[0]
    sandbox.state.close_alert(*alert.key, outcome="dismissed", reason="used in tests")
    name = sandbox.state.organization("octo-org").repositories[alert.repository_id].name
    body = (await client.get(f"/repos/octo-org/{name}/code-scanning/alerts/{alert.number}")).json()
    assert (body["state"], body["dismissed_reason"], body["dismissed_by"]["login"]) == (
        "dismissed",
        "used in tests",
        "octo-bot",
    )
    assert body["rule"]["help"].startswith("# ")
    assert body["linked_pull_requests"] == []


@pytest.mark.parametrize("number", ["9999", "0", "one"])
async def test_an_alert_that_does_not_exist_is_not_found(client: httpx.AsyncClient, number: str) -> None:
    assert (await client.get(f"{OF_REPOSITORY}/{number}")).status_code == 404


async def test_a_repository_without_code_scanning_refuses_its_alerts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/repos/octo-org/handbook/code-scanning/alerts")
    assert answer.status_code == 403
    assert "not enabled" in answer.json()["message"]


@pytest.mark.parametrize(
    ("token", "of_org", "private", "public"),
    [
        (ADMIN_TOKEN, 200, 200, 200),
        (FINE_GRAINED_TOKEN, 200, 200, 200),
        (MEMBER_TOKEN, 404, 403, 403),
        (NO_SCOPE_TOKEN, 404, 404, 403),
        (OUTSIDER_TOKEN, 404, 404, 403),
        (None, 401, 401, 401),
    ],
)
async def test_alerts_are_for_owners_and_security_managers(
    sandbox: Sandbox, token: str | None, of_org: int, private: int, public: int
) -> None:
    async with connect(sandbox, token) as client:
        assert (await client.get(ALERTS)).status_code == of_org
        assert (await client.get(OF_REPOSITORY)).status_code == private
        assert (await client.get("/repos/octo-org/design-system/code-scanning/alerts")).status_code == public


async def test_a_fine_grained_token_needs_the_alerts_permission(clock: Clock) -> None:
    tokens = {"t": SandboxAccount("octo-bot", permissions={"organization_campaigns": "write"})}
    async with connect(create_sandbox(SandboxOptions(clock=clock, tokens=tokens)), "t") as client:
        for path in (ALERTS, OF_REPOSITORY):
            answer = await client.get(path)
            assert answer.status_code == 403
            assert answer.headers["X-Accepted-GitHub-Permissions"] == "security_events=read"
