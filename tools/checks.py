"""Checks before a write that need more than the argument alone: the time, and what GitHub shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import MISSING

from server.context import AppContext
from server.domain.dates import wire
from server.errors import CampaignsError, Refused

if TYPE_CHECKING:
    from server.github.clock import Clock


def require_future(ends_at: datetime, clock: Clock, error: type[CampaignsError] = Refused) -> None:
    """Refuse an end that has certainly passed.

    Args:
        ends_at: the end that is wanted.
        clock: GitHub's time; until GitHub has told it, only what is past beyond doubt is refused.
        error: what to raise; InvalidInput only while nothing has been sent, since that is what it says.

    Raises:
        CampaignsError: as `error` says, naming the first date that works.
    """
    if ends_at <= clock.at_least():
        raise error(f"`ends_at` {wire(ends_at)} is in the past; give a date from {clock.now():%Y-%m-%d} on.")


async def check_managers(
    app: AppContext, org: str, managers: Sequence[str] | MISSING, team_managers: Sequence[str] | MISSING
) -> tuple[str, list[str]]:
    """Look up who is to manage a campaign.

    Returns:
        Who it is, for a sentence, each with the role that was seen; and notes about what could not be seen.

    Raises:
        Refused: naming those that do not exist or may not manage a campaign (GitHub Docs: owners, security managers
            and teams with such a role).
    """
    users = [] if managers is MISSING else list(managers)
    teams = [] if team_managers is MISSING else list(team_managers)
    if not users and not teams:
        return "nobody", []
    check = await app.github.people.check_managers(org, users, teams)
    problems = [f"{name} is not found in {org}" for name in check.unknown]
    problems += [
        f"{name} is {'no security manager team' if name in teams else 'neither owner nor security manager'}"
        for name in check.unfit
    ]
    if problems:
        raise Refused(f"Cannot manage a campaign: {'; '.join(problems)}.", "Name those who are, or leave them out.")
    names = [f"{name} ({check.roles[name]})" if name in check.roles else name for name in [*users, *teams]]
    notes = []
    if check.unchecked:
        notes.append(f"Not checked whether these may manage it: {', '.join(check.unchecked)} ({check.why}).")
    return ", ".join(names), notes
