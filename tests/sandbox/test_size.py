from collections import Counter
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import AlertLinks, SandboxOptions
from server.sandbox.world import Alert, AlertKey
from tests.sandbox.connections import NOON, Clock, connect, open_alerts

ALERTS = "/orgs/octo-org/code-scanning/alerts"


def _large(alerts: int = 3000, repositories: int | None = 60, links: AlertLinks = "numbered") -> Sandbox:
    return create_sandbox(
        SandboxOptions(clock=Clock(), alerts=alerts, repositories=repositories, alert_links=links, limits=False)
    )


def _keys(answer: httpx.Response) -> list[tuple[int, int]]:
    return [(alert["repository"]["id"], alert["number"]) for alert in answer.json()]


def _ordered(alerts: list[Alert], sort: str = "created_at") -> list[tuple[int, int]]:
    """Newest first, as GitHub lists them."""
    alerts = sorted(alerts, key=lambda alert: (getattr(alert, sort), *alert.key), reverse=True)
    return [(alert.repository_id, alert.number) for alert in alerts]


@pytest.mark.parametrize(
    ("alerts", "repositories", "seen_alerts", "seen_repositories"),
    [(3000, 60, 3000, 60), (3000, None, 3000, 30), (400, None, 400, 14), (0, 60, 267, 13)],
)
def test_octo_org_is_as_large_as_it_should_be(
    sandbox: Sandbox, alerts: int, repositories: int | None, seen_alerts: int, seen_repositories: int
) -> None:
    large = _large(alerts, repositories)
    assert len(open_alerts(large)) == seen_alerts
    assert len(large.state.organization("octo-org").repositories) == seen_repositories
    everyday = sandbox.state.organization("octo-org")
    assert large.state.organization("octo-org").alerts.items() >= everyday.alerts.items()
    assert large.state.organization("octo-org").campaigns == everyday.campaigns


def test_the_large_world_is_uneven_as_real_ones_are() -> None:
    organization = _large(20_000, 200).state.organization("octo-org")
    sizes = Counter(key.repository_id for key in organization.alerts)
    assert len(organization.repositories) == 200
    assert sum(size for _, size in sizes.most_common(20)) > len(organization.alerts) / 2
    assert sum(size < 60 for size in sizes.values()) > 100
    names = [repository.name for repository in organization.repositories.values()]
    assert len(set(names)) == 200
    assert sum(name.startswith("payments-") for name in names) > 10
    assert {repository.private for repository in organization.repositories.values()} == {True, False}
    assert 200 < sum(alert.state != "open" for alert in organization.alerts.values()) < 1000
    severities = {alert.rule.security_severity_level or alert.rule.severity for alert in organization.alerts.values()}
    assert severities >= {"critical", "high", "medium", "note", "error"}
    assert len({repository.language for repository in organization.repositories.values()}) == 6


def test_names_do_not_run_out() -> None:
    organization = _large(5000, 500).state.organization("octo-org")
    names = {repository.name for repository in organization.repositories.values()}
    assert len(names) == 500
    assert "payments-web-002" in names


def test_every_time_in_the_large_world_makes_sense() -> None:
    organization = _large().state.organization("octo-org")
    ages = []
    for repository_id, repository in organization.repositories.items():
        alerts = [alert for key, alert in organization.alerts.items() if key.repository_id == repository_id]
        assert [alert.number for alert in alerts] == list(range(1, len(alerts) + 1))
        if repository_id > 43000:
            assert alerts == sorted(alerts, key=lambda alert: alert.created_at)
            ages += [NOON - alert.created_at for alert in alerts]
        assert all(repository.created_at < alert.created_at <= alert.updated_at <= NOON for alert in alerts)
    assert timedelta(days=1300) < max(ages) < timedelta(days=1500)
    assert min(ages) < timedelta(days=3)


def test_the_large_world_is_the_same_every_time() -> None:
    assert _large().state.organizations == _large().state.organizations


@pytest.mark.anyio
@pytest.mark.parametrize("sort", ["created", "updated"])
async def test_every_change_between_two_pages_is_seen(client: httpx.AsyncClient, sandbox: Sandbox, sort: str) -> None:
    query: dict[str, str | int] = {"per_page": 100, "sort": sort}
    organization = sandbox.state.organization("octo-org")
    alerts = organization.alerts

    async def expected() -> bool:
        first = await client.get(ALERTS, params=query)
        return _keys(first) == _ordered(list(alerts.values()), f"{sort}_at")[:100]

    assert await expected()
    oldest = min(alerts.values(), key=lambda alert: alert.created_at)
    oldest.created_at = oldest.updated_at = NOON
    assert await expected()
    del alerts[oldest.key]
    assert await expected()
    oldest.number = 999
    alerts[oldest.key] = oldest
    assert await expected()
    sandbox.state.close_alert(*open_alerts(sandbox)[0].key)
    assert await expected()
    newest = (await client.get(ALERTS, params=query)).json()[0]
    key = AlertKey(newest["repository"]["id"], newest["number"])
    alerts[key] = replace(alerts[key], path="somewhere/else.py")
    replaced = (await client.get(ALERTS, params=query)).json()[0]
    assert replaced["most_recent_instance"]["location"]["path"] == "somewhere/else.py"
    organization.repositories[newest["repository"]["id"]].name = "renamed"
    again = (await client.get(ALERTS, params=query)).json()[0]
    assert (again["repository"]["name"], again["repository"]["full_name"]) == ("renamed", "octo-org/renamed")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("links", "query", "relations"),
    [
        ("numbered", {"page": 1}, {"next", "last"}),
        ("numbered", {"page": 2}, {"prev", "next", "last", "first"}),
        ("numbered", {}, {"next"}),
        ("cursors", {"page": 1}, {"next"}),
        ("cursors", {"page": 2}, {"prev", "next"}),
        ("cursors", {}, {"next"}),
    ],
)
@pytest.mark.parametrize("path", [ALERTS, "/orgs/octo-org/secret-scanning/alerts"])
async def test_the_links_of_an_organizations_alerts_can_be_cursors_only(
    clock: Clock, path: str, links: AlertLinks, query: dict[str, int], relations: set[str]
) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, alert_links=links))
    async with connect(sandbox) as client:
        everything = _keys(await client.get(path, params={"per_page": 100}))
        answer = await client.get(path, params={**query, "per_page": 5, "direction": "desc"})
        start = 5 * (query.get("page", 1) - 1)
        assert _keys(answer) == everything[start : start + 5]
        assert set(answer.links) == relations
        following = httpx.URL(answer.links["next"]["url"])
        assert ("after" in following.params) == (links == "cursors" or not query)
        assert not {"page", "after"} <= set(following.params)
        assert _keys(await client.get(following)) == everything[start + 5 : start + 10]


@pytest.mark.anyio
async def test_links_of_repositories_stay_numbered(clock: Clock) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, alert_links="cursors"))
    async with connect(sandbox) as client:
        answer = await client.get("/repos/octo-org/payments-web/code-scanning/alerts", params={"page": 1})
    assert set(answer.links) == {"next", "last"}


@pytest.mark.anyio
async def test_a_repository_that_was_never_analyzed_has_no_alerts(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.state.repository("octo-org", "payments-web").analyzed = False
    path = "/repos/octo-org/payments-web/code-scanning/alerts"
    for answer in (await client.get(path), await client.get(f"{path}/3")):
        assert (answer.status_code, answer.json()["message"]) == (404, "no analysis found")
    assert 41001 not in {key[0] for key in _keys(await client.get(ALERTS, params={"per_page": 100}))}
