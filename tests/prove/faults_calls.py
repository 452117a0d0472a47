"""The calls that faults befall, and what is true of them: read from the sandbox's memory, not by the server's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mcp_types import CallToolResult

from server.sandbox.app import Sandbox
from server.sandbox.options import ADMIN_TOKEN
from server.sandbox.world import AlertStats, Campaign
from tests.harness import ORG, open_pairs, text_of
from tests.prove.faults_acts import HOUR
from tests.prove.faults_stage import Stage

Told = Literal["result", "error", "unknown"]
READ, CHANGED, DELETED = 5, 6, 3
NOT_DONE = {
    "create_campaign": "Nothing was published.",
    "update_campaign": f"Campaign {CHANGED} was not changed.",
    "delete_campaign": f"Campaign {DELETED} was not deleted.",
}
_NOT_KNOWN = "So it is not known whether "
_INSIDES = ("Traceback", "httpx", "Error executing", "this server failed", "NoneType", ADMIN_TOKEN, "ghs_", "PRIVATE")


@dataclass(frozen=True)
class Call:
    """A call of one tool; `name` is the new name that it gives a campaign."""

    tool: str
    name: str

    def arguments(self, sandbox: Sandbox) -> dict[str, Any]:
        if self.tool == "create_campaign":
            fixed = {"description": "Encode what users typed.", "ends_at": "2099-01-08"}
            return {"name": self.name, **fixed, "alerts": open_pairs(sandbox, 1)}
        others: dict[str, dict[str, Any]] = {
            "get_campaign": {"campaign_number": READ},
            "update_campaign": {"campaign_number": CHANGED, "name": self.name},
            "delete_campaign": {"campaign_number": DELETED},
        }
        return others.get(self.tool, {})

    def done(self, sandbox: Sandbox) -> int:
        """Return how often GitHub made the write: how many campaigns are as it leaves them."""
        campaigns = sandbox.state.campaigns(ORG)
        if self.tool == "delete_campaign":
            return int(all(campaign.number != DELETED for campaign in campaigns))
        return sum(campaign.name == self.name for campaign in campaigns)

    def truth(self, sandbox: Sandbox) -> object:
        """Return what the tool must answer with as GitHub stands now, in the form of `answered`."""
        organization = sandbox.state.organization(ORG)
        campaigns = organization.campaigns
        is_open = [number for number, campaign in campaigns.items() if campaign.state == "open"]
        match self.tool:
            case "list_campaigns":
                return {number: _facts(sandbox, campaign) for number, campaign in campaigns.items()}
            case "get_campaign":
                return _facts(sandbox, campaigns[READ])
            case "find_alerts":
                return sum(alert.state == "open" for alert in sandbox.state.alerts(ORG))
            case "report_progress":
                return {number: organization.stats(campaigns[number])._asdict() for number in is_open}
            case "delete_campaign":
                return DELETED
            case _:
                return next((_facts(sandbox, one) for one in campaigns.values() if one.name == self.name), None)

    def answered(self, structure: Mapping[str, Any]) -> object:
        """Return what a result says, as far as `truth` tells it."""
        match self.tool:
            case "list_campaigns":
                return {row["number"]: _said(row) for row in structure["campaigns"]}
            case "get_campaign":
                return _said(structure)
            case "find_alerts":
                return structure["counts"]["total"]
            case "report_progress":
                return {row["campaign_number"]: _counts(row) for row in structure.get("campaigns", [])}
            case "delete_campaign":
                return structure["campaign_number"]
            case _:
                return _said(structure["campaign"])


def _facts(sandbox: Sandbox, campaign: Campaign) -> dict[str, Any]:
    counts = sandbox.state.organization(ORG).stats(campaign)
    return {"number": campaign.number, "name": campaign.name, **counts._asdict()}


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": row["number"], "name": row["name"], **_counts(row["alert_stats"])}


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in AlertStats._fields}


def told(call: Call, result: CallToolResult) -> Told | None:
    """Return what the caller is told became of a call; None when an error of a write leaves that out."""
    text = text_of(result)
    if not result.is_error:
        return "result"
    if call.tool not in NOT_DONE:
        return "error"
    if text.endswith(NOT_DONE[call.tool]):
        return "error"
    return "unknown" if _NOT_KNOWN in text else None


def insides(result: CallToolResult) -> list[str]:
    """Return what must never be in a text."""
    return [inside for inside in _INSIDES if inside in text_of(result)]


class Kept:
    """The world as it was, to be put back; time goes on."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        organization = stage.sandbox.state.organization(ORG)
        self._campaigns = [replace(campaign) for campaign in organization.campaigns.values()]
        self._alerts = [(key, alert.state) for key, alert in organization.alerts.items()]

    async def end_fault(self) -> None:
        """End every fault, and let the time pass that any limit takes."""
        stage = self._stage
        await stage.github.begin()
        stage.time.on_wait = None
        stage.time.advance(HOUR)
        stage.restore_token()

    def put_back(self) -> None:
        """Undo what the call or others changed."""
        world = self._stage.sandbox.state
        organization = world.organization(ORG)
        organization.campaigns = {campaign.number: replace(campaign) for campaign in self._campaigns}
        for key, state in self._alerts:
            if organization.alerts[key].state != state:
                world.reopen_alert(*key)
