"""The main job at full size: the server as a process, 20,000 alerts behind a real socket, and no number ever typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from server.sandbox.options import SandboxOptions
from server.settings import Settings
from server.store.store import Store
from tests.harness import ORG, accept, text_of
from tests.processes import loopback_github, served

pytestmark = pytest.mark.anyio

ALERTS = f"/orgs/{ORG}/code-scanning/alerts"
NEW = {
    "name": "Old critical SQL injection",
    "description": "Use bound parameters. The alert explains the fix; ask #appsec when in doubt.",
    "ends_at": "2099-01-08",
    "managers": ["mona-lisa"],
    "generate_issues": True,
}
CRITERIA = {"template": "sql-injection", "severities": ["high"], "repositories": ["payments-*"], "min_age_days": 90}


async def call(client: Client, tool: str, said: list[CallToolResult], **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    said.append(result)
    structure: dict[str, Any] = result.structured_content or {}
    return structure


async def test_a_campaign_is_made_of_what_was_found_among_twenty_thousand_alerts(era: str, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite3"
    person = accept(go_ahead=True)
    said: list[CallToolResult] = []
    with loopback_github(SandboxOptions(alerts=20_000, repositories=200)) as github:
        organization = github.sandbox.state.organization(ORG)
        async with served(github, era, "--store", str(store), person=person) as client:
            everything = await call(client, "find_alerts", said)
            assert everything["counts"]["total"] == sum(a.state == "open" for a in organization.alerts.values())
            assert everything["fits_one_campaign"] is False
            found = await call(client, "find_alerts", said, **CRITERIA)
            shown = await call(client, "create_campaign", said, **NEW, filter=CRITERIA, dry_run=True)
            assert github.writes == []
            done = await call(client, "create_campaign", said, **NEW, filter=CRITERIA, preview=shown["preview"])
    assert 0 < found["counts"]["total"] <= 1000
    assert shown["selection"]["alerts"] == found["counts"]["total"]
    assert person.asked == [shown["would_ask"]]
    (published,) = github.writes
    sent = {
        (pair["repository_id"], number)
        for pair in published.body["code_scanning_alerts"]
        for number in pair["alert_numbers"]
    }
    assert len(sent) == found["counts"]["total"]
    for key in sent:
        alert = next(alert for alert in organization.alerts.values() if alert.key == key)
        assert organization.repositories[alert.repository_id].name.startswith("payments-")
        assert "external/cwe/cwe-089" in (alert.rule.tags or ())
    assert f" as campaign {done['campaign']['number']}: " in done["summary"]
    assert "GitHub counts" not in done["summary"]
    pages = [one for one in github.sent if one.path == ALERTS]
    assert len(pages) < 500, "the organization once, the filter twice"
    assert sum(len(text_of(result)) for result in said) < 4.5 * 2500, "what went through the model"
    kept = await Store.from_settings(Settings(api_url=github.url, store=store)).alerts_of(
        ORG, done["campaign"]["number"]
    )
    assert kept is not None
    assert {(alert.repository_id, alert.alert_number) for alert in kept.alerts} == sent
