"""Who is calling: tokens, GitHub App sign-in, and whether the caller may do what an endpoint needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from server.sandbox.answers import Refused, not_found, refused
from server.sandbox.options import SandboxOptions
from server.sandbox.world import Organization, World

if TYPE_CHECKING:
    from jwt.types import Options

Kind = Literal["anonymous", "classic", "fine_grained", "app", "installation"]

_IMPLIED_SCOPES: Mapping[str, tuple[str, ...]] = {
    "repo": ("security_events",),
    "admin:org": ("write:org", "read:org"),
    "write:org": ("read:org",),
}
_NOT_ACCESSIBLE = {
    "fine_grained": "Resource not accessible by personal access token",
    "installation": "Resource not accessible by integration",
    "app": "Resource not accessible by integration",
}
# PyJWT would compare the times with this machine's clock, and refuse an `iss` that is a number, as GitHub does not.
_UNCHECKED: "Options" = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_iss": False,
    "require": ["iss", "iat", "exp"],
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a request. `bucket` names the rate limit it draws on."""

    kind: Kind
    bucket: str
    login: str = ""
    scopes: tuple[str, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    installed_in: str = ""
    repository_ids: frozenset[int] | None = None
    """For an installation token narrowed to some repositories; None means all."""

    def has_scope(self, accepted: tuple[str, ...]) -> bool:
        """Whether a classic token has one of the accepted scopes, or a scope that includes one."""
        held = set(self.scopes)
        for scope in self.scopes:
            held.update(_IMPLIED_SCOPES.get(scope, ()))
        return not accepted or bool(held & set(accepted))

    def has_permission(self, name: str, level: str) -> bool:
        """Whether a fine-grained or installation token has a permission; write includes read."""
        return self.permissions.get(name) in ({"read", "write"} if level == "read" else {"write"})


ANONYMOUS = Caller("anonymous", "anonymous")


@dataclass(frozen=True, slots=True)
class Needs:
    """What an endpoint asks of a token: any of `scopes` (classic), all of `permissions` (fine-grained, App)."""

    docs: str = ""
    scopes: tuple[str, ...] = ()
    permissions: tuple[tuple[str, str], ...] = ()
    free: bool = False
    """Whether calls cost nothing of the rate limit."""

    def headers(self, caller: Caller) -> dict[str, str]:
        """The headers in which GitHub names the token's own scopes and what the endpoint accepts."""
        if caller.kind == "classic":
            return {"X-OAuth-Scopes": ", ".join(caller.scopes), "X-Accepted-OAuth-Scopes": ", ".join(self.scopes)}
        if caller.kind in {"fine_grained", "installation"} and self.permissions:
            wanted = ",".join(f"{name}={level}" for name, level in self.permissions)
            return {"X-Accepted-GitHub-Permissions": wanted}
        return {}


class SignIn:
    """Tells accounts from `Authorization` headers, and keeps the installation tokens it gave out."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._installation_tokens: dict[str, tuple[Caller, datetime]] = {}

    def identify(self, authorization: str | None, now: datetime) -> Caller:
        """The caller behind an `Authorization` header.

        Raises:
            Refused: 401, the credential is unknown, expired or malformed.
        """
        if not authorization:
            return ANONYMOUS
        scheme, _, credential = authorization.partition(" ")
        credential = credential.strip()
        if scheme.lower() not in {"bearer", "token"} or not credential:
            raise refused(401, "Bad credentials")
        if account := self._options.tokens.get(credential):
            kind: Kind = "classic" if account.permissions is None else "fine_grained"
            return Caller(kind, account.login, account.login, account.scopes, account.permissions or {})
        if credential in self._installation_tokens:
            caller, expires_at = self._installation_tokens[credential]
            if now < expires_at:
                return caller
            raise refused(401, "Bad credentials")
        if credential.count(".") == 2:
            return self._app(credential, now)
        raise refused(401, "Bad credentials")

    def _app(self, token: str, now: datetime) -> Caller:
        """The GitHub App behind a JSON web token, checked by the sandbox's clock.

        GitHub wants RS256, the App's id or client id as `iss`, and an `exp` at most ten minutes ahead (documentation,
        "Generating a JSON Web Token for a GitHub App").
        """
        options = self._options
        if options.app_id is None or options.app_public_key is None:
            raise refused(401, "A JSON web token could not be decoded")
        import jwt  # noqa: PLC0415 - takes longer to import than the whole sandbox, and most never need it

        try:
            claims = jwt.decode(token, options.app_public_key, algorithms=["RS256"], options=_UNCHECKED)
        except jwt.PyJWTError:
            raise refused(401, "A JSON web token could not be decoded") from None
        if str(claims["iss"]) != str(options.app_id):
            raise refused(401, "Integration not found")
        _check_times(claims["iat"], claims["exp"], now.timestamp())
        return Caller("app", f"app-{options.app_id}")

    def issue_token(self, caller: Caller, now: datetime) -> tuple[str, datetime]:
        """Give out a token for an installation; it dies after an hour."""
        token = f"ghs_sandbox{len(self._installation_tokens) + 1:029d}"
        expires_at = now + timedelta(hours=1)
        self._installation_tokens[token] = (caller, expires_at)
        return token, expires_at


def _check_times(issued_at: object, expires_at: object, now: float) -> None:
    if not isinstance(issued_at, int) or issued_at > now:
        raise refused(401, "'Issued at' claim ('iat') must be an Integer representing the time that has passed")
    if not isinstance(expires_at, int) or expires_at <= now:
        raise refused(401, "'Expiration time' claim ('exp') must be a numeric value in the future")
    if expires_at > now + 600:
        raise refused(401, "'Expiration time' claim ('exp') is too far in the future")


def require_token(caller: Caller, needs: Needs) -> None:
    """Refuse callers without a token, and Apps that signed in as themselves.

    Raises:
        Refused: 401 or 403.
    """
    if caller.kind == "anonymous":
        raise refused(401, "Requires authentication", needs.docs)
    if caller.kind == "app":
        raise refused(403, _NOT_ACCESSIBLE["app"], needs.docs)


def inaccessible(caller: Caller, needs: Needs, wanted: str = "") -> Refused:
    """The 403 for a fine-grained or installation token that lacks a permission, by default what `needs` says."""
    headers = {"X-Accepted-GitHub-Permissions": wanted} if wanted else {}
    return refused(403, _NOT_ACCESSIBLE[caller.kind], needs.docs, headers)


def require_permission(caller: Caller, needs: Needs) -> None:
    """Refuse a token without the scope (404, as GitHub hides) or the permission (403).

    Raises:
        Refused: 404 or 403.
    """
    if caller.kind == "classic":
        if not caller.has_scope(needs.scopes):
            raise not_found(needs.docs)
    elif not all(caller.has_permission(*wanted) for wanted in needs.permissions):
        raise inaccessible(caller, needs)


def visible_organization(world: World, caller: Caller, org: str, needs: Needs) -> Organization:
    """The organization a path names, if the caller belongs to it; `org` may also be its number.

    Raises:
        Refused: 404, it does not exist or the caller is not in it.
    """
    for organization in world.organizations.values():
        if org.lower() == organization.login.lower() or org == str(organization.id):
            inside = caller.login in organization.members or caller.installed_in == organization.login
            if inside:
                return organization
    raise not_found(needs.docs)


def managed_organization(world: World, caller: Caller, org: str, needs: Needs) -> Organization:
    """The organization a path names, if the caller may run campaigns in it.

    GitHub: the user must be an owner or security manager. How that applies to an App's installation, which is no
    user, is not documented; here its permissions decide alone.

    Raises:
        Refused: 401 without a token; 404 for an unknown organization, a missing scope or a missing role; 403 for a
            missing permission.
    """
    require_token(caller, needs)
    organization = visible_organization(world, caller, org, needs)
    require_permission(caller, needs)
    if caller.kind != "installation" and not organization.may_manage(caller.login):
        raise not_found(needs.docs)
    return organization
