"""Prompts that lead to a published campaign. A docstring is what people read in their host's list of prompts."""

from __future__ import annotations

from mcp.server.mcpserver.prompts.base import UserMessage
from pydantic import MISSING

from prompts.arguments import (
    DraftAudience,
    EndsOn,
    Goal,
    Language,
    LearningLink,
    Org,
    Repositories,
    Template,
    Topic,
)
from prompts.facts import room
from prompts.render import facts_message, message
from server.context import CallContext, app_of
from server.domain.alert_filter import AlertFilter
from server.domain.dates import wire
from server.domain.text import quote
from server.errors import InvalidInput


def draft_campaign_description(
    topic: Topic,
    audience: DraftAudience = "developers",
    language: Language = "English",
    learning_link: LearningLink = "",
) -> list[UserMessage]:
    """Write a campaign's name and description that fit GitHub's limits and tell developers what to do."""
    link = "with a learning link" if learning_link else "without a learning link"
    return [
        message(
            "draft_campaign_description",
            {"for_audience": audience, "where_to_learn": link},
            topic=topic,
            audience=audience,
            language=language,
            learning_link=quote(learning_link, len(learning_link)),
            link_length=len(learning_link),
        )
    ]


async def plan_campaign(
    ctx: CallContext,
    goal: Goal,
    template: Template = MISSING,
    repositories: Repositories = MISSING,
    org: Org = MISSING,
    ends_on: EndsOn = MISSING,
) -> list[UserMessage]:
    """Go step by step from a goal to a published campaign: choose alerts, preview, ask, publish."""
    app = app_of(ctx)
    org = app.policy.org(org)
    wanted = AlertFilter.model_validate({"template": template, "repositories": repositories})
    facts = await room(app, org)
    if ends_on is MISSING:
        end_date, ends_at = "without an end date", ""
    else:
        end_date, ends_at = "with an end date", wire(ends_on)
        if ends_on <= app.now():
            raise InvalidInput(f"`ends_on` is in the past; give a date from {app.now():%Y-%m-%d} on.")
    wording = message(
        "plan_campaign",
        {"end_date": end_date, "first_look": "with criteria" if wanted.canonical() else "without criteria"},
        org=org,
        goal=goal,
        ends_at=ends_at,
        criteria=wanted.model_dump_json(exclude_defaults=True),
    )
    return [facts_message(facts), wording]
