"""Completions: organizations, campaign numbers (by number or name), the prompts' closed choices, topics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)
from pydantic import MISSING

from server.context import AppContext
from server.domain.alert_templates import TEMPLATES
from server.domain.checks import check_org, read_number
from server.domain.models import Campaign
from server.errors import CampaignsError

logger = logging.getLogger(__name__)

Choices = Mapping[str, Mapping[str, Sequence[str]]]
"""A prompt's name, then its argument's name, to the values it takes."""

_MOST = 100  # the MCP specification's limit for one answer
_app: ContextVar[AppContext] = ContextVar("app")


async def remember_app(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that keeps the server's parts for the completion handler, which the SDK gives no context."""
    token = _app.set(ctx.lifespan_context)
    try:
        return await call_next(ctx)
    finally:
        _app.reset(token)


def register_completions(mcp: MCPServer[AppContext], choices_of_prompts: Callable[[], Choices]) -> None:
    """Answer `completion/complete` for prompts and resource templates.

    Args:
        mcp: the server.
        choices_of_prompts: returns the closed choices; called when somebody first fills in a prompt.
    """

    @mcp.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # the SDK leaves it untyped
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        choices = choices_of_prompts().get(ref.name, {}) if isinstance(ref, PromptReference) else {}
        if argument.name in choices:
            return _offer(choices[argument.name], argument.value, _template_words())
        if isinstance(ref, PromptReference) and argument.name == "topic":
            titles = [template.title for template in TEMPLATES.values()]
            return _offer(titles, argument.value, _template_words())
        chosen = (context.arguments if context else None) or {}
        try:
            if argument.name == "org":
                return _offer(await _organizations(_app.get()), argument.value)
            if argument.name == "campaign_number":
                return await _campaign_numbers(_app.get(), chosen.get("org"), argument.value)
        except (CampaignsError, ValueError) as error:
            logger.info("Nothing to complete for %s: %s", argument.name, error)  # a form must stay usable
        return _offer([], "")


def _offer(values: Sequence[str], typed: str, words: Mapping[str, str] | None = None) -> Completion:
    """Offer the values that start with what is typed, then those that contain it, then those with it in their words.

    Args:
        values: what may be offered.
        typed: upper and lower case are the same.
        words: for some values, further words by which they are found.
    """
    wanted = typed.casefold()
    known_by = {value: (words or {}).get(value, "").casefold() for value in values}
    matching = [value for value in values if wanted in value.casefold() or wanted in known_by[value]]
    matching.sort(key=lambda value: (not value.casefold().startswith(wanted), wanted not in value.casefold()))
    return Completion(values=matching[:_MOST], total=len(matching), has_more=len(matching) > _MOST)


@cache
def _template_words() -> Mapping[str, str]:
    """Return, for each alert template's name and for its title, all that it is called."""
    words: dict[str, str] = {}
    for name, template in TEMPLATES.items():
        words[name] = words[template.title] = " ".join(
            (name, name.replace("-", " "), template.title, template.also_called)
        )
    return words


async def _organizations(app: AppContext) -> list[str]:
    policy = app.policy
    if (allowed := policy.allowed) is not None:
        return list(allowed)
    known = [policy.default_org] if policy.default_org else []
    return list(dict.fromkeys([*known, *await app.github.people.organizations()]))


async def _campaign_numbers(app: AppContext, org: str | None, typed: str) -> Completion:
    org = app.policy.org(check_org(org) if org else MISSING)
    newest = await app.github.campaigns.page(org, state=None, sort="created", direction="desc", page=1, per_page=_MOST)
    wanted = typed.strip().casefold()

    def matches(campaign: Campaign) -> bool:
        return str(campaign.number).startswith(wanted) or wanted in campaign.name.casefold()

    found = [str(campaign.number) for campaign in newest.campaigns if matches(campaign)]
    if not found and newest.next_page and wanted.isdecimal():  # an older one, known by its number
        found = [str((await app.github.campaigns.get(org, read_number(wanted))).number)]
    offered = _offer(found, "")
    if newest.next_page is not None:  # older ones were not looked at
        offered.total, offered.has_more = None, True
    return offered
