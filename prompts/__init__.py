"""The MCP prompts: what a person picks in their host to have something written or planned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Literal, Protocol, get_args, get_origin, get_type_hints

from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import UserMessage

from prompts.planning import draft_campaign_description, plan_campaign
from prompts.reporting import announce_campaign, close_out_campaign, summarize_campaign_progress

PromptFunction = Callable[..., list[UserMessage] | Awaitable[list[UserMessage]]]

TITLES: dict[PromptFunction, str] = {
    draft_campaign_description: "Draft a campaign's description",
    plan_campaign: "Plan a campaign",
    announce_campaign: "Announce a campaign",
    summarize_campaign_progress: "Summarize progress",
    close_out_campaign: "Close out a campaign",
}
_PUBLISHING = (plan_campaign,)


def _closed_choices(function: PromptFunction) -> dict[str, tuple[str, ...]]:
    """Return what each argument that takes only certain values takes, in order."""
    choices = {name: _choices(hint) for name, hint in get_type_hints(function).items()}
    return {name: values for name, values in choices.items() if values}


def _choices(hint: object) -> tuple[str, ...]:
    """Return the choices of a type, or of the option of `X | MISSING` that has some."""
    options = (hint, *get_args(hint))
    return next((get_args(option) for option in options if get_origin(option) is Literal), ())


CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    function.__name__: choices for function in TITLES if (choices := _closed_choices(function))
}
"""For each prompt, for each of its arguments with closed choices, the choices."""


class PromptRegistry(Protocol):
    """What prompts are registered with: the server."""

    planning: set[str]

    def add_prompt(self, prompt: Prompt) -> None:
        """Add a prompt."""


@cache
def _made() -> tuple[Prompt, ...]:
    return tuple(Prompt.from_function(function, title=title) for function, title in TITLES.items())


def register_prompts(mcp: PromptRegistry) -> None:
    """Add the prompts to the server, telling it which of them end in publishing. They are made once in a process."""
    for prompt in _made():
        mcp.add_prompt(prompt)
    mcp.planning |= {function.__name__ for function in _PUBLISHING}
