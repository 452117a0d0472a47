"""Who acts, and whether the people named for a campaign can be its managers.

Source: GitHub Docs, "About security campaigns": managers are organization owners or security managers, or teams
that hold the role. GitHub shows who holds it only to tokens with rights on the organization's roles.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.text import as_name, clean
from server.errors import NotFound, PermissionMissing, UnexpectedAnswer
from server.github.client import GitHubClient
from server.github.credentials import Token
from server.github.manager_checks import ManagerCheck, ManagerLooks
from server.github.pages import all_pages
from server.settings import Settings

__all__ = ["ManagerCheck", "People"]

_SOME_INSTALLATION = "this app installation"
_SOMEBODY = "the account of this token"
_LONGEST_LOGIN = 100
_MOST_REMEMBERED = 64


class People:
    """Reads about accounts, organizations and roles."""

    def __init__(self, client: GitHubClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._accounts: dict[Token, str] = {}

    async def acting_account(self, org: str | None) -> str:
        """Return the login that the token acts as; for an app `SLUG[bot]`, or "this app installation".

        Raises:
            GitHubError: GitHub refused the token, failed or could not be reached.
            ConfigurationError: there is no usable credential.
        """
        token = await self._client.credentials.token(org)
        if token.account is not None:
            return token.account
        if token.kind == "installation token":
            return _SOME_INSTALLATION
        if token not in self._accounts:
            login = await self._own_login(org)
            if len(self._accounts) >= _MOST_REMEMBERED:
                self._accounts.clear()
            self._accounts[token] = login
        return self._accounts[token]

    async def organizations(self) -> list[str]:
        """Return the logins of the organizations that the token shows as its user's; none when it may not say.

        Raises:
            GitHubError: GitHub failed or could not be reached.
            ConfigurationError: there is no usable credential.
        """
        about = "the organizations of this token's account"
        try:
            listed = await all_pages(self._client, "/user/orgs", org=None, about=about)
        except (PermissionMissing, NotFound):
            return []
        return [clean(login, _LONGEST_LOGIN) for item in listed if isinstance(login := item.get("login"), str)]

    async def check_managers(self, org: str, managers: Sequence[str], team_managers: Sequence[str]) -> ManagerCheck:
        """Look whether the named people and teams can manage a campaign, as far as the token can see.

        Nothing that GitHub refuses or fails to tell is an error here; it is reported as unchecked, with the reason.
        """
        return await ManagerLooks(self._client, org).check(managers, team_managers)

    async def _own_login(self, org: str | None) -> str:
        try:
            answer = await self._client.request("GET", "/user", org=org, about="this token's account")
        except PermissionMissing:
            return _SOMEBODY
        login = answer.content.get("login") if isinstance(answer.content, dict) else None
        if not isinstance(login, str) or not login:
            raise UnexpectedAnswer(
                "GitHub did not say whose token this is.", "Does something else answer in GitHub's place?"
            )
        return as_name(login, _LONGEST_LOGIN)
