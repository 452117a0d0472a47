"""The sandbox's memory: plain records for people, repositories, alerts and campaigns, and moves that change them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

AlertState = Literal["open", "fixed", "dismissed"]
Outcome = Literal["fixed", "dismissed"]
CampaignState = Literal["open", "closed"]
OrgRole = Literal["admin", "member"]
SecretState = Literal["open", "resolved"]
Resolution = Literal["false_positive", "wont_fix", "revoked", "used_in_tests"]
Validity = Literal["active", "inactive", "unknown"]


class AlertKey(NamedTuple):
    """What names an alert across an organization, as in the body that creates a campaign."""

    repository_id: int
    alert_number: int


@dataclass(slots=True)
class User:
    """A person or a bot."""

    id: int
    login: str
    name: str
    created_at: datetime


@dataclass(slots=True)
class Team:
    """A team of an organization, with its members' logins."""

    id: int
    slug: str
    name: str
    description: str
    created_at: datetime
    members: list[str] = field(default_factory=list)
    security_manager: bool = False
    """Whether the team was given the organization's security manager role."""


@dataclass(slots=True)
class Repository:
    """A repository; its alerts hang on the organization."""

    id: int
    name: str
    description: str | None
    language: str
    topics: tuple[str, ...]
    private: bool
    created_at: datetime
    pushed_at: datetime
    archived: bool = False
    code_scanning: bool = True
    """Whether code scanning is switched on; without it GitHub answers the repository's alerts with 403."""
    analyzed: bool = True
    """Whether any analysis was ever uploaded; without one the repository has no alerts and GitHub answers with 404."""
    secret_scanning: bool = True
    """Whether secret scanning is switched on; without it GitHub answers the repository's secret alerts with 404."""
    issue_count: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A code scanning tool, as it names itself."""

    name: str
    version: str | None
    guid: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A code scanning rule; `tags` and several other fields are null for tools that do not fill them."""

    id: str | None
    name: str
    severity: str | None
    security_severity_level: str | None
    description: str
    tags: tuple[str, ...] | None
    tool: Tool


@dataclass(slots=True)
class Alert:
    """A code scanning alert on the default branch of its repository."""

    repository_id: int
    number: int
    rule: Rule
    created_at: datetime
    updated_at: datetime
    path: str
    start_line: int
    classifications: tuple[str, ...] = ()
    state: AlertState = "open"
    in_progress: bool = False
    """Open, and a branch or pull request was made for it."""
    fixed_at: datetime | None = None
    dismissed_at: datetime | None = None
    dismissed_by: str | None = None
    dismissed_reason: str | None = None
    dismissed_comment: str | None = None
    assignees: tuple[str, ...] = ()

    @property
    def key(self) -> AlertKey:
        """The pair that names this alert."""
        return AlertKey(self.repository_id, self.number)


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A kind of secret, as GitHub names it; a pattern of one's own has no provider."""

    secret_type: str
    display_name: str
    provider: str | None = None
    provider_slug: str | None = None
    generic: bool = False
    """Whether it is one of the generic patterns, which GitHub lists only when they are named."""


@dataclass(slots=True)
class SecretAlert:
    """A secret scanning alert. Its number counts apart from the code scanning alerts of the repository."""

    repository_id: int
    number: int
    kind: SecretKind
    secret: str
    created_at: datetime
    updated_at: datetime
    path: str
    start_line: int
    validity: Validity = "unknown"
    publicly_leaked: bool = False
    multi_repo: bool = False
    assigned_to: str | None = None
    bypassed_by: str | None = None
    """Who pushed it past push protection."""
    state: SecretState = "open"
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution_comment: str | None = None

    @property
    def key(self) -> AlertKey:
        """The pair that names this alert."""
        return AlertKey(self.repository_id, self.number)

    def resolve(self, moment: datetime, resolution: Resolution, login: str) -> None:
        """Resolve it at a moment, by somebody."""
        self.state, self.resolution = "resolved", resolution
        self.resolved_at = self.updated_at = moment
        self.resolved_by = login


class AlertStats(NamedTuple):
    """A campaign's counts; every alert is in exactly one of them."""

    open_count: int
    closed_count: int
    in_progress_count: int


@dataclass(slots=True)
class Campaign:
    """A published campaign, of code scanning or of secret scanning alerts.

    `alerts`, `secret_alerts` and `issues` are what GitHub never tells: membership, and issues by repository.
    """

    number: int
    name: str
    description: str
    managers: list[str]
    team_managers: list[str]
    created_at: datetime
    updated_at: datetime
    published_at: datetime
    ends_at: datetime
    contact_link: str | None
    alerts: tuple[AlertKey, ...]
    state: CampaignState = "open"
    closed_at: datetime | None = None
    issues: dict[int, int] = field(default_factory=dict)
    secret_alerts: tuple[AlertKey, ...] = ()


@dataclass(slots=True)
class Organization:
    """An organization and everything in it; `members` maps logins to roles."""

    id: int
    login: str
    name: str
    description: str
    created_at: datetime
    members: dict[str, OrgRole] = field(default_factory=dict)
    security_managers: list[str] = field(default_factory=list)
    """Logins that hold the security manager role by themselves, not through a team."""
    teams: dict[str, Team] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    alerts: dict[AlertKey, Alert] = field(default_factory=dict)
    secret_alerts: dict[AlertKey, SecretAlert] = field(default_factory=dict)
    campaigns: dict[int, Campaign] = field(default_factory=dict)
    last_campaign_number: int = 0
    installation_id: int = 0

    def an_owner(self) -> str:
        """The login of the owner who does what no caller of the API did."""
        return next(login for login, role in self.members.items() if role == "admin")

    def may_manage(self, login: str) -> bool:
        """Whether a login is an owner or a security manager, directly or through a team."""
        if login not in self.members:
            return False
        if self.members[login] == "admin" or login in self.security_managers:
            return True
        return any(team.security_manager and login in team.members for team in self.teams.values())

    def stats(self, campaign: Campaign) -> AlertStats:
        """A campaign's counts as its alerts stand now."""
        alerts = [self.alerts[key] for key in campaign.alerts if key in self.alerts]
        secrets = [self.secret_alerts[key] for key in campaign.secret_alerts if key in self.secret_alerts]
        closed = sum(alert.state != "open" for alert in alerts) + sum(alert.state != "open" for alert in secrets)
        in_progress = sum(alert.state == "open" and alert.in_progress for alert in alerts)
        return AlertStats(len(alerts) + len(secrets) - closed - in_progress, closed, in_progress)


class World:
    """All of one sandbox's state, with the moves a test or a demo makes behind the API's back.

    Organizations are found by login in any case; a name that does not exist raises KeyError.
    """

    def __init__(self, clock: Callable[[], datetime], *, touch_updated_at: bool = False) -> None:
        self._clock = clock
        self._touch_updated_at = touch_updated_at
        self.users: dict[str, User] = {}
        self.organizations: dict[str, Organization] = {}

    def now(self) -> datetime:
        """The sandbox's time, whole seconds, as GitHub's times are."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def organization(self, org: str) -> Organization:
        """An organization by its login."""
        return self.organizations[org.lower()]

    def add_organization(self, organization: Organization) -> None:
        """Put an organization into the world."""
        self.organizations[organization.login.lower()] = organization

    def user(self, login: str) -> User:
        """A user by login, in any case."""
        return self.users[login.lower()]

    def add_user(self, user: User) -> None:
        """Put a user into the world."""
        self.users[user.login.lower()] = user

    def home_of(self, repository_id: int) -> Organization:
        """The organization that has a repository."""
        for organization in self.organizations.values():
            if repository_id in organization.repositories:
                return organization
        raise KeyError(repository_id)

    def repository(self, org: str, name: str) -> Repository:
        """A repository by name, in any case."""
        for repository in self.organization(org).repositories.values():
            if repository.name.lower() == name.lower():
                return repository
        raise KeyError(name)

    def alerts(self, org: str) -> list[Alert]:
        """Every alert of an organization, in no promised order."""
        return list(self.organization(org).alerts.values())

    def alert(self, repository_id: int, alert_number: int) -> Alert:
        """One alert."""
        return self.home_of(repository_id).alerts[AlertKey(repository_id, alert_number)]

    def add_alerts(self, alerts: Iterable[Alert]) -> None:
        """Put alerts into the organizations that have their repositories."""
        for alert in alerts:
            self.home_of(alert.repository_id).alerts[alert.key] = alert

    def campaigns(self, org: str) -> list[Campaign]:
        """An organization's campaigns, by number."""
        return [campaign for _, campaign in sorted(self.organization(org).campaigns.items())]

    def campaign(self, org: str, campaign_number: int) -> Campaign:
        """One campaign."""
        return self.organization(org).campaigns[campaign_number]

    def issues(self, org: str) -> int:
        """How many issues the campaigns of an organization have opened, those of deleted campaigns included."""
        return sum(repository.issue_count for repository in self.organization(org).repositories.values())

    def close_alert(
        self,
        repository_id: int,
        alert_number: int,
        outcome: Outcome = "fixed",
        reason: str | None = None,
    ) -> None:
        """Fix or dismiss an alert now, as a merge or a person would; `reason` is for dismissing ("won't fix")."""
        alert = self.alert(repository_id, alert_number)
        now = self.now()
        alert.state, alert.updated_at, alert.in_progress = outcome, now, False
        if outcome == "fixed":
            alert.fixed_at = now
        else:
            alert.dismissed_at, alert.dismissed_reason = now, reason or "won't fix"
            alert.dismissed_by = self.home_of(repository_id).an_owner()
        self._touch_campaigns(alert)

    def reopen_alert(self, repository_id: int, alert_number: int) -> None:
        """Open an alert again, as a regression or a person would."""
        alert = self.alert(repository_id, alert_number)
        alert.state, alert.updated_at = "open", self.now()
        alert.fixed_at = alert.dismissed_at = None
        alert.dismissed_by = alert.dismissed_reason = alert.dismissed_comment = None

    def start_alert(self, repository_id: int, alert_number: int) -> None:
        """Make an open alert one in progress, as opening a pull request for it would."""
        alert = self.alert(repository_id, alert_number)
        alert.in_progress, alert.updated_at = True, self.now()

    def secret_alerts(self, org: str) -> list[SecretAlert]:
        """Every secret scanning alert of an organization, in no promised order."""
        return list(self.organization(org).secret_alerts.values())

    def resolve_secret(self, repository_id: int, alert_number: int, resolution: Resolution = "revoked") -> None:
        """Resolve a secret scanning alert now, as an owner would."""
        organization = self.home_of(repository_id)
        alert = organization.secret_alerts[AlertKey(repository_id, alert_number)]
        alert.resolve(self.now(), resolution, organization.an_owner())
        self._touch_campaigns(alert)

    def _touch_campaigns(self, alert: Alert | SecretAlert) -> None:
        """Move `updated_at` of an alert's campaigns; whether GitHub does is not documented, hence the switch."""
        if not self._touch_updated_at:
            return
        for campaign in self.home_of(alert.repository_id).campaigns.values():
            if alert.key in (campaign.alerts if isinstance(alert, Alert) else campaign.secret_alerts):
                campaign.updated_at = self.now()
