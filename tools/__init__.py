"""The MCP tools, and how each presents itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations

from server.app_page.page import PAGE_URI
from tools.create_campaign import NOT_DONE as NOT_CREATED
from tools.create_campaign import create_campaign
from tools.delete_campaign import NOT_DONE as NOT_DELETED
from tools.delete_campaign import delete_campaign
from tools.find_alerts import find_alerts
from tools.read_campaigns import get_campaign, list_campaigns
from tools.report_progress import report_progress
from tools.update_campaign import NOT_DONE as NOT_UPDATED
from tools.update_campaign import update_campaign


@dataclass(frozen=True)
class ToolSpec:
    """A tool, its annotations written out, what is true when it fails before writing, and what hosts are told."""

    run: Callable[..., Any]
    title: str
    read_only: bool
    destructive: bool
    idempotent: bool
    not_done: str = ""
    meta: dict[str, Any] | None = None

    @property
    def annotations(self) -> ToolAnnotations:
        """The annotations as the MCP specification has them. GitHub is outside, hence the open world."""
        return ToolAnnotations(
            read_only_hint=self.read_only,
            destructive_hint=self.destructive,
            idempotent_hint=self.idempotent,
            open_world_hint=True,
        )


TOOLS = (
    ToolSpec(list_campaigns, "List campaigns", read_only=True, destructive=False, idempotent=True),
    ToolSpec(get_campaign, "Get campaign", read_only=True, destructive=False, idempotent=True),
    ToolSpec(
        create_campaign,
        "Create campaign",
        read_only=False,
        destructive=False,
        idempotent=False,
        not_done=NOT_CREATED,
    ),
    ToolSpec(
        update_campaign, "Update campaign", read_only=False, destructive=True, idempotent=True, not_done=NOT_UPDATED
    ),
    ToolSpec(
        delete_campaign, "Delete campaign", read_only=False, destructive=True, idempotent=True, not_done=NOT_DELETED
    ),
    ToolSpec(find_alerts, "Find alerts", read_only=True, destructive=False, idempotent=True),
    ToolSpec(
        report_progress,
        "Report progress",
        read_only=True,
        destructive=False,
        idempotent=True,
        meta={"ui": {"resourceUri": PAGE_URI}},
    ),
)


NOT_DONE = {spec.run.__name__: spec.not_done for spec in TOOLS if spec.not_done}
"""For each write tool, what is true when it fails before writing."""


@cache
def mcp_tools() -> tuple[Tool, ...]:
    """Return the tools as the SDK has them, named as the functions and described by their docstrings.

    Made once in a process: their models and schemas take most of the time in which a server is built.
    """
    return tuple(
        Tool.from_function(spec.run, title=spec.title, annotations=spec.annotations, meta=spec.meta) for spec in TOOLS
    )
