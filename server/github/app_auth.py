"""Signing in as a GitHub App: a token for each organization that the app is installed in.

Source: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App" and "Authenticating as a GitHub App
installation". How GitHub applies "owner or security manager" to an installation is not documented.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from server.domain.text import as_name
from server.errors import CampaignsError, ConfigurationError, NotFound, Unauthenticated, UnexpectedAnswer
from server.github.addresses import number_segment, segment
from server.github.client import GitHubClient
from server.github.clock import Clock
from server.github.credentials import Credentials, Token, read_secret_file, read_token
from server.github.pools import Pools
from server.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_BACK_DATED = timedelta(seconds=60)
_LIFETIME = timedelta(minutes=9)
_RENEW_BEFORE_END = timedelta(minutes=5)
_SOURCE = "--app-id and --app-key-file"


@dataclass(frozen=True)
class _Grant:
    token: Token
    expires_at: datetime


class AppKey(Credentials):
    """The app itself: a short-lived JWT, signed anew for each request, in GitHub's time."""

    def __init__(self, app_id: str, key_file: Path, clock: Clock) -> None:
        self._app_id = app_id
        self._key_file = key_file
        self._clock = clock
        self._key: RSAPrivateKey | None = None
        self._signed_at: dict[str, datetime] = {}

    async def token(self, org: str | None) -> Token:  # noqa: ARG002 # the app is the same everywhere
        """Return a JWT that is valid for some minutes.

        Raises:
            ConfigurationError: the key file is missing, unreadable or holds no RSA key.
        """
        import jwt  # noqa: PLC0415 # slow to import, and only apps need it

        if self._key is None:
            self._key = await anyio.to_thread.run_sync(_read_key, self._key_file)
        now = self._clock.now()
        claims = {
            "iat": int((now - _BACK_DATED).timestamp()),
            "exp": int((now + _LIFETIME).timestamp()),
            "iss": self._app_id,
        }
        signed = Token(jwt.encode(claims, self._key, algorithm="RS256"), "token of unknown kind", _SOURCE)
        self._signed_at = {signed.value: now}
        return signed

    async def renewed(self, org: str | None, refused: Token) -> Token | None:
        """Sign again when the refusal's Date header showed that this machine's clock is off."""
        signed_at = self._signed_at.get(refused.value)
        if signed_at is None or abs(self._clock.now() - signed_at) < _BACK_DATED:
            return None
        return await self.token(org)


class AppCredentials(Credentials):
    """A GitHub App's installation tokens, one for each organization, renewed before they expire."""

    def __init__(
        self,
        settings: Settings,
        *,
        pools: Pools,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        if settings.app_id is None or settings.app_key_file is None:
            raise ValueError("no GitHub App is configured")
        self._app_id = settings.app_id
        self._default_org = settings.org
        self._clock = clock
        key = AppKey(settings.app_id, settings.app_key_file, clock)
        self._as_app = GitHubClient(pools, settings, key, clock, sleep=sleep)
        self._grants: dict[str, _Grant] = {}
        self._only_org: str | None = None
        self._lock = anyio.Lock()

    async def token(self, org: str | None) -> Token:
        """Return the installation token for `org`, or for the only organization there is when None.

        Raises:
            ConfigurationError: key or app id are wrong, or the app is not installed in `org`.
            GitHubError: GitHub failed or could not be reached.
        """
        async with self._lock:
            name = org or self._default_org or await self._only_installation()
            held = self._grants.get(name.lower())
            if held is None or held.expires_at - self._clock.now() < _RENEW_BEFORE_END:
                held = await self._renew(name, held)
            return held.token

    async def renewed(self, org: str | None, refused: Token) -> Token | None:
        """Return a new token in place of one that GitHub refused; None when GitHub gives none."""
        async with self._lock:
            try:
                name = org or self._default_org or await self._only_installation()
                held = self._grants.get(name.lower())
                if held is None or held.token.value == refused.value:
                    held = await self._renew(name, None)
            except CampaignsError:
                return None
            return held.token

    async def _renew(self, org: str, held: _Grant | None) -> _Grant:
        try:
            grant = await self._granted(org)
        except CampaignsError:
            # That is why renewal begins early: the old token may outlive a short failure.
            if held is not None and held.expires_at > self._clock.now():
                return held
            raise
        self._grants[org.lower()] = grant
        return grant

    async def _granted(self, org: str) -> _Grant:
        installation = await self._ask("GET", f"/orgs/{segment(org)}/installation", org)
        number = installation.get("id")
        if not isinstance(number, int):
            raise _unreadable("installation")
        answer = await self._ask("POST", f"/app/installations/{number_segment(number)}/access_tokens", org)
        slug = installation.get("app_slug")
        account = as_name(f"{slug}[bot]") if isinstance(slug, str) and slug else None
        try:
            value = read_token(str(answer.get("token") or ""), "GitHub").value
            expires_at = datetime.fromisoformat(str(answer.get("expires_at")))
            if expires_at.tzinfo is None:
                raise ValueError
        except (ConfigurationError, ValueError):
            raise _unreadable("token") from None
        every = answer.get("repository_selection", installation.get("repository_selection")) == "all"
        return _Grant(Token(value, "installation token", _SOURCE, account, every), expires_at)

    async def _ask(self, method: str, path: str, org: str | None) -> dict[str, object]:
        content = await self._content(method, path, org)
        if not isinstance(content, dict):
            raise _unreadable("answer")
        return content

    async def _content(self, method: str, path: str, org: str | None) -> object:
        about = f"the GitHub App's installation{f' in {org}' if org else 's'}"
        try:
            return (await self._as_app.request(method, path, about=about, changes_nothing=True)).content
        except Unauthenticated as refused:
            raise ConfigurationError(
                f"GitHub does not know the GitHub App {self._app_id} with the key in --app-key-file.",
                "Check --app-id (the app id or client id on the app's settings page) and that the key is one of that "
                "app's and not revoked.",
            ) from refused
        except NotFound as missing:
            raise ConfigurationError(
                f"The GitHub App {self._app_id} is not installed in {org or 'any organization'}.",
                "Let an owner of the organization install it, or name another organization.",
            ) from missing

    async def _only_installation(self) -> str:
        if self._only_org is None:
            listed = await self._content("GET", "/app/installations", None)
            if not isinstance(listed, list):
                raise _unreadable("list of installations")
            accounts = [item.get("account") for item in listed if isinstance(item, dict)]
            logins = [str(account["login"]) for account in accounts if isinstance(account, dict) and "login" in account]
            if len(logins) != 1:
                several = "several organizations, so it is not clear which one to act in"
                raise ConfigurationError(
                    f"The GitHub App {self._app_id} is installed in {several if logins else 'no organization'}.",
                    "Name the organization in the call, or set a default with --org." if logins else "Install it.",
                )
            self._only_org = logins[0]
        return self._only_org


def _read_key(path: Path) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 # only apps need it
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    content = read_secret_file(path, "--app-key-file")
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise ConfigurationError(
            f"The key in --app-key-file {path} is locked with a password.", "Use the file as GitHub gave it."
        ) from None
    except Exception:  # noqa: BLE001 # cryptography raises several kinds for damaged keys
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            f"The file {path} of --app-key-file holds no RSA private key in PEM form.",
            "Generate a private key on the app's settings page and use that file as it is.",
        ) from None
    return key


def _unreadable(what: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"GitHub's {what} for the GitHub App is not what its reference describes.",
        "Is --api-url right? Does something else answer in GitHub's place?",
    )
