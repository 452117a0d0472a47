"""Whether people and teams can manage a campaign: owners and security managers can.

A 404 proves nothing by itself, since GitHub also hides what a token may not see. It counts as "no such member" only
when the token is known to see members, and as "no such team" only when it is known to see every team.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from server.errors import CampaignsError, InvalidInput, NotFound, PermissionMissing, UnexpectedAnswer
from server.github.addresses import number_segment, segment
from server.github.client import GitHubClient
from server.github.pages import all_pages, objects

_AT_ONCE = 4
_OWNER = "owner"
_SECURITY_MANAGER = "security manager"
_ROLES_HIDDEN = "GitHub shows who is security manager only to tokens that may read the organization's roles."
_MEMBERS_HIDDEN = "GitHub may hide members from this token."
_TEAMS_HIDDEN = "GitHub may hide teams from this token."

_Object = dict[str, object]


@dataclass(frozen=True)
class ManagerCheck:
    """What could be seen about managers and team managers, each by the name that was asked.

    Attributes:
        unknown: no such member or team.
        unfit: seen to be neither owner nor security manager.
        unchecked: could not be seen.
        why: the reason for `unchecked`, in sentences; empty when nothing is unchecked.
        roles: for those who fit, "owner" or "security manager".
    """

    unknown: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    why: str = ""
    roles: dict[str, str] = field(default_factory=dict)


class ManagerLooks:
    """The look-ups for one check, and what they showed."""

    def __init__(self, client: GitHubClient, org: str) -> None:
        self._client = client
        self._org = org
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._people: dict[str, _Object | CampaignsError] = {}
        self._teams: dict[str, _Object | CampaignsError] = {}
        self._holders: frozenset[str] | None = None
        self._holder_teams: frozenset[str] | None = None
        self._roles_problem: CampaignsError | None = None
        self._own_role: object = None

    async def check(self, managers: Sequence[str], team_managers: Sequence[str]) -> ManagerCheck:
        """Look everything up, at most four requests at a time, and judge. Raises nothing of GitHub's."""
        if not managers and not team_managers:
            return ManagerCheck()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._see_holders)
            for login in dict.fromkeys(managers):
                tasks.start_soon(self._see, self._people, "memberships", login)
            for slug in dict.fromkeys(team_managers):
                tasks.start_soon(self._see, self._teams, "teams", slug)
        if any(isinstance(shown, NotFound) for shown in (*self._people.values(), *self._teams.values())):
            await self._see_own_role()
        found = ManagerCheck()
        reasons = [self._judge_person(found, login) for login in dict.fromkeys(managers)]
        reasons += [self._judge_team(found, slug) for slug in dict.fromkeys(team_managers)]
        why = " ".join(dict.fromkeys(reason for reason in reasons if reason))
        return ManagerCheck(found.unknown, found.unfit, found.unchecked, why, found.roles)

    async def _see(self, into: dict[str, _Object | CampaignsError], kind: str, name: str) -> None:
        try:
            into[name] = await self._object(f"/orgs/{segment(self._org)}/{kind}/{segment(name)}")
        except CampaignsError as problem:
            into[name] = problem

    async def _see_holders(self) -> None:
        roles = f"/orgs/{segment(self._org)}/organization-roles"
        about = f"the organization roles of {self._org}"
        try:
            listed = objects((await self._object(roles)).get("roles"), about)
            found = [role.get("id") for role in listed if role.get("name") == "security_manager"]
            if not found or not isinstance(found[0], int):
                raise UnexpectedAnswer(f"GitHub lists no role security_manager in {self._org}.")
            role = f"{roles}/{number_segment(found[0])}"
            async with self._limiter:
                users = await all_pages(self._client, f"{role}/users", org=self._org, about=about)
                teams = await all_pages(self._client, f"{role}/teams", org=self._org, about=about)
            self._holders = frozenset(str(user.get("login")).lower() for user in users)
            self._holder_teams = frozenset(str(team.get("slug")).lower() for team in teams)
        except CampaignsError as problem:
            self._roles_problem = problem

    async def _see_own_role(self) -> None:
        try:
            own = await self._object(f"/user/memberships/orgs/{segment(self._org)}")
        except CampaignsError:
            return
        self._own_role = own.get("role")

    async def _object(self, path: str) -> _Object:
        async with self._limiter:
            answer = await self._client.request("GET", path, org=self._org)
        if not isinstance(answer.content, dict):
            raise UnexpectedAnswer(f"GitHub answered something other than an object for {path}.")
        return answer.content

    def _judge_person(self, found: ManagerCheck, login: str) -> str:
        """Put one manager where they belong and return the reason if they could not be checked."""
        shown = self._people[login]
        if isinstance(shown, dict) and shown.get("role") == "admin" and shown.get("state", "active") == "active":
            found.roles[login] = _OWNER
        elif self._holders is not None and login.lower() in self._holders:
            found.roles[login] = _SECURITY_MANAGER
        elif isinstance(shown, InvalidInput) or (isinstance(shown, NotFound) and self._sees_members()):
            found.unknown.append(login)
        elif isinstance(shown, dict) and (self._holders is not None or shown.get("state") == "pending"):
            found.unfit.append(login)
        else:
            found.unchecked.append(login)
            return self._reason(shown, _MEMBERS_HIDDEN)
        return ""

    def _judge_team(self, found: ManagerCheck, slug: str) -> str:
        """Put one team where it belongs and return the reason if it could not be checked."""
        shown = self._teams[slug]
        if self._holder_teams is not None and slug.lower() in self._holder_teams:
            found.roles[slug] = _SECURITY_MANAGER
        elif isinstance(shown, InvalidInput) or (isinstance(shown, NotFound) and self._sees_every_team()):
            found.unknown.append(slug)
        elif isinstance(shown, dict) and self._holder_teams is not None:
            found.unfit.append(slug)
        else:
            found.unchecked.append(slug)
            return self._reason(shown, _TEAMS_HIDDEN)
        return ""

    def _sees_members(self) -> bool:
        return self._own_role is not None or any(isinstance(shown, dict) for shown in self._people.values())

    def _sees_every_team(self) -> bool:
        # Secret teams are hidden even from fellow members, but not from owners.
        return self._holder_teams is not None or self._own_role == "admin"

    def _reason(self, shown: _Object | CampaignsError, hidden: str) -> str:
        problem = self._roles_problem if isinstance(shown, dict) else shown
        if isinstance(problem, NotFound | PermissionMissing):
            return _ROLES_HIDDEN if isinstance(shown, dict) else hidden
        return problem.what if problem is not None else hidden
