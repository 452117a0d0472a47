"""What the checks share: the connection, and what earlier checks learned for later ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.doctor.findings import Finding, Status
from server.errors import RateLimited
from server.github.answers import Answer
from server.github.connection import GitHub
from server.settings import Settings

NAME_ONE = "Name one with --org."
"""What to do when there is no organization to look at."""

IS_IT_GITHUB = "See whether --api-url is right and whether a proxy answers in GitHub's place."
"""What to do about an answer that is not GitHub's."""


@dataclass
class Examination:
    """One run of the doctor.

    Attributes:
        settings: what the operator configured.
        github: the connection as the server's tools use it.
        org: the organization that is looked at; None when none was named.
        as_app: a connection that signs in as the GitHub App itself, where one is configured.
        findings: what was found so far, by check.
        app_slug: the GitHub App's name in addresses.
        login: the account that the token acts as.
        installation: the token belongs to an app's installation, which is no user.
        scopes: a classic or OAuth token's scopes; None for tokens that have none by nature.
        campaigns_level: "read" or "write" when an installation's permission for campaigns is known.
        limited: the rate limit that was met, after which nothing more is asked.
    """

    settings: Settings
    github: GitHub
    org: str | None
    as_app: GitHub | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    app_slug: str | None = None
    login: str = ""
    installation: bool = False
    scopes: frozenset[str] | None = None
    campaigns_level: str | None = None
    limited: RateLimited | None = None

    @property
    def named_org(self) -> str:
        """The organization, for checks that wait until one is named."""
        return self.org or ""

    def status(self, check: str) -> Status | None:
        """Return an earlier check's status."""
        finding = self.findings.get(check)
        return finding.status if finding else None

    async def read(self, path: str, about: str, **params: str | int) -> Answer:
        """Get something as the server's tools would.

        Raises:
            GitHubError, ConfigurationError: as `GitHubClient.request` does.
        """
        return await self.github.client.request("GET", path, org=self.org, about=about, params=params)

    async def read_as_app(self, app: GitHub, path: str) -> dict[str, object]:
        """Get an object as the GitHub App itself; one without content when it is something else.

        Raises:
            GitHubError, ConfigurationError: as `GitHubClient.request` does.
        """
        answer = await app.client.request("GET", path, about="the GitHub App")
        return answer.content if isinstance(answer.content, dict) else {}


def advice(remedy: str) -> str:
    """Return an error's remedy without the part that sends people to the doctor: they are here."""
    before, found, _ = remedy.partition("`security-campaigns-mcp doctor")
    if not found:
        return remedy
    return before.removesuffix("Run ").rstrip(" ;").removesuffix(".") + "."
