"""Results as both kinds of host need them: the structure, and the same in a text block that is as small."""

from __future__ import annotations

from typing import Any

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from server.domain.answers import CampaignDetail


class SentRequest(BaseModel):
    """A request to GitHub, exactly as it would be sent."""

    method: str
    path: str
    body: dict[str, Any]


class Change(BaseModel):
    """One field before and after a write, in GitHub's words. Left out means null."""

    before: Any = None
    after: Any = None


class WriteResult(BaseModel):
    """What a write did, or with dry_run what it would do."""

    summary: str
    notes: list[str] | None = Field(default=None, description="What to know about it")
    campaign: CampaignDetail | None = None
    changes: dict[str, Change] | None = None
    request: SentRequest | None = Field(default=None, description="dry_run: what would be sent")
    would_ask: str | None = Field(default=None, description="dry_run: the question a person would get")
    preview: str | None = Field(default=None, description="dry_run: give it back to do exactly this")


class DeleteResult(BaseModel):
    """What was deleted."""

    summary: str
    org: str
    campaign_number: int
    name: str


def answered(result: BaseModel) -> CallToolResult:
    """Return the result as structure and as text: the summary, if there is one, then the rest as compact JSON."""
    structure = result.model_dump(mode="json", exclude_none=True)
    text = result.model_dump_json(exclude_none=True, exclude={"summary"})
    if "summary" in structure:
        text = f"{structure['summary']}\n{text}"
    return CallToolResult(content=[TextContent(text=text)], structured_content=structure)
