"""What can be chosen about a sandbox: who may sign in, and how GitHub behaves where its documents leave it open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

SANDBOX_TOKEN = "sandbox-token"  # noqa: S105 - made up, and works nowhere else
"""The everyday token: `octo-bot`, an owner of octo-org, with `security_events, read:org, repo`."""
ADMIN_TOKEN = "sandbox-token-admin"  # noqa: S105 - made up, and works nowhere else
"""`octo-bot` with `admin:org` as well, which GitHub wants for the organization roles."""
NO_SCOPE_TOKEN = "sandbox-token-no-scope"  # noqa: S105 - made up, and works nowhere else
"""`octo-bot` without any scope."""
MEMBER_TOKEN = "sandbox-token-member"  # noqa: S105 - made up, and works nowhere else
"""`hubot`, a plain member: neither owner nor security manager."""
SECURITY_MANAGER_TOKEN = "sandbox-token-manager"  # noqa: S105 - made up, and works nowhere else
"""`mona-lisa`, a security manager."""
OUTSIDER_TOKEN = "sandbox-token-outsider"  # noqa: S105 - made up, and works nowhere else
"""`outside-user`, who is in no organization."""
FINE_GRAINED_TOKEN = "github_pat_sandbox_write"  # noqa: S105 - made up, and works nowhere else
"""`octo-bot`, fine-grained, with "Campaigns: write"."""
READ_ONLY_TOKEN = "github_pat_sandbox_read"  # noqa: S105 - made up, and works nowhere else
"""`octo-bot`, fine-grained, with "Campaigns: read" only."""
NO_SECRETS_TOKEN = "github_pat_sandbox_no_secrets"  # noqa: S105 - made up, and works nowhere else
"""`octo-bot`, fine-grained, with "Campaigns: write" but without "Secret scanning alerts"."""

Shape = Literal["schema", "examples"]
OverSize = Literal["refuse", "trim"]
AlertLinks = Literal["numbered", "cursors"]


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """Whom a token belongs to and what it may do.

    A classic token has `scopes` and no `permissions`; a fine-grained one has `permissions` (GitHub's names, such as
    `organization_campaigns`, to "read" or "write") and its scopes are not looked at.
    """

    login: str
    scopes: tuple[str, ...] = ()
    permissions: Mapping[str, str] | None = None


_EVERYDAY_SCOPES = ("security_events", "read:org", "repo")
_WITHOUT_SECRETS = {
    "organization_campaigns": "read",
    "security_events": "read",
    "members": "read",
    "metadata": "read",
}
_FINE_GRAINED_READ = {**_WITHOUT_SECRETS, "secret_scanning_alerts": "read"}

DEFAULT_TOKENS: Mapping[str, SandboxAccount] = MappingProxyType(
    {
        SANDBOX_TOKEN: SandboxAccount("octo-bot", _EVERYDAY_SCOPES),
        ADMIN_TOKEN: SandboxAccount("octo-bot", ("security_events", "admin:org", "repo")),
        NO_SCOPE_TOKEN: SandboxAccount("octo-bot"),
        MEMBER_TOKEN: SandboxAccount("hubot", _EVERYDAY_SCOPES),
        SECURITY_MANAGER_TOKEN: SandboxAccount("mona-lisa", _EVERYDAY_SCOPES),
        OUTSIDER_TOKEN: SandboxAccount("outside-user", _EVERYDAY_SCOPES),
        FINE_GRAINED_TOKEN: SandboxAccount(
            "octo-bot", permissions={**_FINE_GRAINED_READ, "organization_campaigns": "write"}
        ),
        READ_ONLY_TOKEN: SandboxAccount("octo-bot", permissions=_FINE_GRAINED_READ),
        NO_SECRETS_TOKEN: SandboxAccount(
            "octo-bot", permissions={**_WITHOUT_SECRETS, "organization_campaigns": "write"}
        ),
    }
)


def utc_now() -> datetime:
    """This machine's time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """The choices for one sandbox; every one has a default that suits a first try.

    - `tokens`: accepted tokens, each with its account.
    - `shape`: "schema" answers as GitHub's OpenAPI says, "examples" as the reference's examples look: no
      `contact_link` and no empty `team_managers` anywhere, and lists without `alert_stats` and `published_at`.
    - `touch_updated_at`: a campaign's `updated_at` moves by itself when one of its alerts closes.
    - `over_size`: what a campaign of more than 1000 alerts gets: a 422, or only the 1000 alerts
      whose repositories were pushed to last.
    - `limits`: False lifts the 10 open campaigns, the 1000 alerts and the rate limit, for load tests. The rules that
      a single request can satisfy stay: a future end date, and managers who may be.
    - `clock`: the sandbox's time; must return aware datetimes.
    - `rate_limit`: requests an hour for each signed-in account.
    - `app_id` and `app_public_key` (PEM): a GitHub App may sign in only when both are given.
    - `alerts`: how many open code scanning alerts octo-org has in all, for trying out size. None is the everyday
      world; so is a number that is smaller than what that has.
    - `repositories`: how many repositories octo-org has in all when `alerts` adds some; by default one for every
      hundred open alerts, and always at least one more than the everyday world has.
    - `alert_links`: how an organization's alert lists lead on when `page` is given: by page number, with the last
      page's, or only by cursor. Without `page` it is always by cursor.
    - `secret_campaigns`: a campaign may be created from `secret_scanning_alerts`, which GitHub's schema names but does
      not define. They are taken to look like `code_scanning_alerts`, and to open no issues.
    """

    tokens: Mapping[str, SandboxAccount] = field(default_factory=lambda: DEFAULT_TOKENS)
    shape: Shape = "schema"
    touch_updated_at: bool = False
    over_size: OverSize = "refuse"
    limits: bool = True
    clock: Callable[[], datetime] = utc_now
    rate_limit: int = 5000
    app_id: int | None = None
    app_public_key: str | None = None
    alerts: int | None = None
    repositories: int | None = None
    alert_links: AlertLinks = "numbered"
    secret_campaigns: bool = False
