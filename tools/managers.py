"""Managers and teams, looked up before a write where the token can see them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import MISSING

from server.context import AppContext
from server.errors import Refused


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
    check = await app.github.people.unfit_managers(org, users, teams)
    problems = []
    if check.unknown:
        problems.append(f"not found in {org}: {', '.join(check.unknown)}")
    if check.unfit:
        problems.append(f"neither owner nor security manager: {', '.join(check.unfit)}")
    if problems:
        raise Refused(f"These cannot manage a campaign: {'; '.join(problems)}.", "Name owners or security managers.")
    names = [f"{name} ({check.roles[name]})" if name in check.roles else name for name in [*users, *teams]]
    notes = []
    if check.unchecked:
        notes.append(f"Not checked whether these may manage it: {', '.join(check.unchecked)} ({check.why}).")
    return ", ".join(names), notes
