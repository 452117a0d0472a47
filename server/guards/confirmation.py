"""Asking a person before a write, and refusing whatever is not that person's fresh and matching answer.

Questions go through the SDK's `Resolve` and `Elicit`, which serve both protocol eras. They hold stable facts only:
on 2026-07-28 the question is rendered again when the answer arrives, and a different text is asked again. So there a
campaign that changed meanwhile is shown anew and needs a new answer; before, it is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation
from mcp.server.mcpserver import Context
from mcp_types import ClientCapabilities
from pydantic import BaseModel, ConfigDict, Field

from server.domain.checks import holds_token
from server.domain.dates import spoken
from server.domain.models import Campaign
from server.domain.text import hidden_characters, quote
from server.errors import AnswerUsedBefore, CampaignsError, NotFound, Refused
from server.guards.one_use import answer_was_used

Outcome = AcceptedElicitation[Any] | DeclinedElicitation | CancelledElicitation
_USED = "That answer was used already, and one answer is good for one execution"
_ASKED_IN_RESULT = "2026-07-28"  # from this protocol on, questions travel in results and need no back-channel


def _bare(schema: dict[str, Any]) -> None:
    """Keep class names and docstrings out of a form: hosts show its title and description to the person."""
    schema.pop("title", None)
    schema.pop("description", None)


class TypedCampaign(BaseModel):
    """The answer to a question about something irreversible."""

    model_config = ConfigDict(json_schema_extra=_bare)

    campaign: str = Field(title="Campaign", description="organization/number, as shown in the question")


class GoAhead(BaseModel):
    """The answer to a yes-or-no question."""

    model_config = ConfigDict(json_schema_extra=_bare)

    go_ahead: bool = Field(title="Go ahead?", strict=True)


def name_campaign(org: str, campaign: Campaign) -> str:
    """Name a campaign in a question by its stable facts: number, name, state, when it was created, when it ends."""
    name = quote(campaign.name)
    return (
        f"{org}/{campaign.number} {name} ({campaign.state}, created {campaign.created_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"ends {spoken(campaign.ends_at)})"
    )


def can_ask(ctx: Context[Any, Any]) -> bool:
    """Tell whether the client of this call can put a form question to a person (MCP specification, elicitation)."""
    capabilities: ClientCapabilities | None = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return (ctx.protocol_version or "") >= _ASKED_IN_RESULT or ctx.session.can_send_request


def require_asking(ctx: Context[Any, Any], doing: str, by_hand: str) -> None:
    """Refuse when nobody can be asked.

    Args:
        ctx: the call.
        doing: the start of a sentence, such as `Deleting`.
        by_hand: how a person does it without this server, the start of a sentence.

    Raises:
        Refused: with the ways on.
    """
    if not can_ask(ctx):
        raise Refused(
            f"{doing} needs a person's confirmation, and this client cannot ask for one.",
            f"{by_hand}, use a client that supports elicitation, or let the operator start the server with "
            "--confirm never.",
        )


async def refuse_used_answer(look: Callable[[], Awaitable[Campaign]], org: str, number: int) -> None:
    """Refuse an answer that an earlier call used, saying how the campaign stands now.

    Args:
        look: reads the campaign.
        org: its organization.
        number: its number.

    Raises:
        AnswerUsedBefore: when that is so.
        StoreFailed: when it cannot be told.
    """
    if not answer_was_used():
        return
    try:
        campaign = await look()
        stands = f"Campaign {name_campaign(org, campaign)} exists now"
    except NotFound:
        stands = f"Campaign {org}/{number} is not found now"
    except CampaignsError:
        stands = f"How campaign {org}/{number} stands now could not be read"  # and the first call may well have worked
    raise AnswerUsedBefore(
        f"{_USED}. {stands}; this call changed nothing.", "Call the tool anew if something is still to be done."
    )


async def refuse_used_answer_to_publish(look: Callable[[], Awaitable[Iterable[Campaign]]], org: str) -> None:
    """Refuse an answer that an earlier call used to publish a campaign, naming the open ones.

    Args:
        look: reads the open campaigns.
        org: their organization.

    Raises:
        AnswerUsedBefore: when that is so.
        StoreFailed: when it cannot be told.
    """
    if not answer_was_used():
        return
    try:
        stands = ", ".join(f"{campaign.number} {quote(campaign.name)}" for campaign in await look()) or "none"
    except CampaignsError:
        stands = "could not be read"  # and the first call may well have published it
    raise AnswerUsedBefore(f"{_USED}; this call published nothing. Open campaigns of {org} now: {stands}.")


def require_yes(answer: Outcome) -> None:
    """Let only a yes pass.

    Raises:
        Refused: for anything else, including an answer that the host gave by itself.
    """
    if isinstance(answer, AcceptedElicitation):
        if isinstance(answer.data, GoAhead) and answer.data.go_ahead:
            return
        raise Refused("Not confirmed (the answer was no).")
    raise _unanswered(answer)


def require_typed(answer: Outcome, expected: str) -> None:
    """Let only the exact text pass.

    Raises:
        Refused: for anything else; a wrong text is shown, cut short.
    """
    if isinstance(answer, AcceptedElicitation):
        typed = answer.data.campaign if isinstance(answer.data, TypedCampaign) else ""
        if typed.strip() == expected:
            return
        raise Refused(f"Not confirmed (the answer was {_shown(typed)}, not {quote(expected)}).")
    raise _unanswered(answer)


def _shown(typed: str) -> str:
    if holds_token(typed):
        return "a GitHub token"  # pasted into the wrong place; it must not come back
    return quote(typed, 40) + (" with invisible characters" if hidden_characters(typed) else "")


def _unanswered(answer: Outcome) -> Refused:
    # Some hosts decline or cancel by themselves, so nobody may have been asked at all.
    return Refused(f"Not confirmed ({'declined' if answer.action == 'decline' else 'left without an answer'}).")


def require_account(asked_for: str | None, acting: str) -> None:
    """Refuse when another account would act than the question named, as after a token was replaced.

    Raises:
        Refused: naming both.
    """
    if asked_for != acting:
        raise Refused(
            f"The question named {asked_for} as the acting account, and now it is {acting}.",
            "Call the tool again to be asked anew.",
        )


def require_unchanged(org: str, shown: Campaign, now: Campaign, *, also: Iterable[str] = ()) -> None:
    """Refuse when the campaign is no longer the one that was shown.

    `updated_at` and the counts do not matter: GitHub moves them by itself when an alert closes.

    Args:
        org: the campaign's organization.
        shown: the campaign as it was shown.
        now: the campaign just before the write.
        also: further fields that would be overwritten.

    Raises:
        Refused: naming what is different.
    """
    fields = dict.fromkeys(["number", "created_at", "name", "state", "ends_at", *also])
    changed = [field for field in fields if getattr(shown, field) != getattr(now, field)]
    if changed:
        raise Refused(
            f"Campaign {org}/{shown.number} changed while it was being confirmed ({', '.join(changed)}): it is now "
            f"{name_campaign(org, now)}.",
            "Call the tool again to be asked about it as it is.",
        )
