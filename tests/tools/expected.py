"""What the tools should say of the sandbox's campaigns, worked out from its memory and not by the server's code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mcp_types import CallToolResult

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SandboxOptions
from server.sandbox.world import Campaign
from tests.harness import ORG, Case, text_of

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PAGE = f"https://github.com/orgs/{ORG}/security/campaigns"
SORTED = {"sort": "created", "direction": "desc", "page": "1", "per_page": "30"}
OPEN = {"sort": "created", "direction": "desc", "state": "open", "per_page": "100"}


def frozen(**options: Any) -> Sandbox:
    """A sandbox whose time stands still at noon of 1 June 2026."""
    return create_sandbox(SandboxOptions(clock=lambda: NOON, **options))


def campaign_in(sandbox: Sandbox, number: int) -> Campaign:
    return sandbox.state.campaign(ORG, number)


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def row(sandbox: Sandbox, number: int) -> dict[str, Any]:
    """A campaign as a list should show it."""
    campaign = campaign_in(sandbox, number)
    counts = sandbox.state.organization(ORG).stats(campaign)
    shown: dict[str, Any] = {
        "number": number,
        "name": campaign.name,
        "state": campaign.state,
        "description": campaign.description,
        "managers": campaign.managers,
        "ends_at": written(campaign.ends_at),
        "alert_stats": counts._asdict(),
        "remediation_rate": round(counts.closed_count / sum(counts), 3),
    }
    if campaign.team_managers:
        shown["team_managers"] = campaign.team_managers
    if campaign.closed_at:
        shown["closed_at"] = written(campaign.closed_at)
    else:
        shown["days_left"] = (campaign.ends_at.date() - NOON.date()).days
    return shown


def detail(sandbox: Sandbox, number: int) -> dict[str, Any]:
    """A campaign as it should be shown alone."""
    campaign = campaign_in(sandbox, number)
    shown = row(sandbox, number) | {
        "created_at": written(campaign.created_at),
        "updated_at": written(campaign.updated_at),
        "published_at": written(campaign.published_at),
        "url": f"{PAGE}/{number}",
    }
    return shown | ({"contact_link": campaign.contact_link} if campaign.contact_link else {})


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def assert_text_says_the_same(result: CallToolResult) -> None:
    """The text block is the summary, if there is one, and the rest of the structure as compact JSON."""
    structure: Mapping[str, Any] = result.structured_content or {}
    summary, _, rest = text_of(result).rpartition("\n")
    assert summary == structure.get("summary", "")
    assert json.loads(rest) == {key: value for key, value in structure.items() if key != "summary"}
    assert rest == compact(json.loads(rest))
    assert len(result.content) == 1


async def shown(case: Case, **asked: Any) -> dict[str, Any]:
    """Preview a campaign; return the arguments that publish exactly that."""
    preview = await case.done("create_campaign", **asked, dry_run=True)
    return {**asked, "preview": preview["preview"]}
