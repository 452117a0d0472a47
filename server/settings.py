"""What the operator decides. Nothing here can be changed by a tool call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from server.errors import ConfigurationError

GITHUB_API = "https://api.github.com"
API_VERSIONS = ("2026-03-10", "2022-11-28")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MOST_PARALLEL_READS = 20
_MOST_SANDBOX_ALERTS = 200_000
_LARGEST_RESERVE = 1000  # a fifth of what most tokens get in an hour
_LONGEST_SPACING = 60.0

ConfirmPolicy = Literal["destructive", "writes", "never"]
AuditPolicy = Literal["kept", "required"]


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured, with its defaults.

    Attributes:
        sandbox: talk to the embedded GitHub; no real credential is read.
        org: the organization meant when a call names none. A default, not a bound.
        allow_orgs: the only organizations that may be named; empty leaves that to the token.
        read_only: no write tool exists.
        confirm: which writes ask a person first.
        experimental_secret_campaigns: campaigns of secret scanning alerts may be tried, though GitHub's API does not
            define them.
        sandbox_alerts: how many open alerts the sandbox's organization has; None for its usual few hundred.
        api_url: GitHub's REST API, without a trailing slash.
        api_version: the value of X-GitHub-Api-Version.
        token_file: a file with nothing in it but a token.
        app_id, app_key_file: a GitHub App and its private key (PEM), used together.
        patience: how long a request is repeated and limits are waited out for it, in seconds: the last try begins
            before. What looks for a campaign whose creation had no clear answer has the rest of the creation's.
        timeout: how long one try of a request may take, in seconds. GitHub itself gives up after about ten.
        parallel_reads: how many pages of alerts are read at the same time, at most. GitHub asks for restraint.
        write_reserve: how many requests of an hour's rate limit are kept for writes, at most a fifth of it; reading
            alerts leaves twice as many.
        write_spacing: seconds from one write to the next with the same token; None for a second, as GitHub asks, and
            none in the sandbox.
        store: what keeps what GitHub does not remember: a file, or the address of a PostgreSQL database, never with a
            password; None for a file in the platform's usual place, and with the sandbox for none.
        no_store: keep nothing.
        audit: whether a write waits for its record. `kept`: a store that fails, or none, costs the record. `required`:
            it costs the write; and what only one process knew of otherwise, as which answers were used, is in the
            store too. What serves several callers requires it.
        audit_log: a file that gets a line of JSON for every attempted write, or `-` for stderr; None for neither.
        look_again: the pauses before each look for a campaign whose creation had no clear answer, in seconds.
    """

    sandbox: bool = False
    org: str | None = None
    allow_orgs: tuple[str, ...] = ()
    read_only: bool = False
    confirm: ConfirmPolicy = "destructive"
    experimental_secret_campaigns: bool = False
    sandbox_alerts: int | None = None
    api_url: str = GITHUB_API
    api_version: str = API_VERSIONS[0]
    token_file: Path | None = None
    app_id: str | None = None
    app_key_file: Path | None = None
    patience: float = 30.0
    timeout: float = 15.0
    parallel_reads: int = 4
    write_reserve: int = 100
    write_spacing: float | None = None
    store: Path | str | None = None
    no_store: bool = False
    audit: AuditPolicy = "kept"
    audit_log: Path | Literal["-"] | None = None
    look_again: tuple[float, ...] = (1.0, 3.0)

    def __post_init__(self) -> None:
        """Refuse what could never work or would send a token where it does not belong.

        Raises:
            ConfigurationError: naming the setting, what is wrong and what is right.
        """
        object.__setattr__(self, "api_url", _checked_api_url(self.api_url))
        if self.api_version not in API_VERSIONS:
            raise ConfigurationError(
                f"--api-version {self.api_version!r} is not a version this server was built for.",
                f"Use {' or '.join(API_VERSIONS)}.",
            )
        if self.sandbox_alerts is not None and not self.sandbox:
            raise ConfigurationError("--sandbox-alerts is for the sandbox.", "Give --sandbox too, or leave it out.")
        if self.sandbox_alerts is not None and not 1 <= self.sandbox_alerts <= _MOST_SANDBOX_ALERTS:
            raise ConfigurationError(
                f"--sandbox-alerts {self.sandbox_alerts} is not a number from 1 to {_MOST_SANDBOX_ALERTS}."
            )
        if not 1 <= self.parallel_reads <= _MOST_PARALLEL_READS:
            raise ConfigurationError(
                f"--parallel-reads {self.parallel_reads} is not a number from 1 to {_MOST_PARALLEL_READS}.",
                "4 is the default; more are faster, and sooner too many for GitHub's secondary rate limits.",
            )
        self._check_pace()
        if (self.app_id is None) != (self.app_key_file is None):
            raise ConfigurationError(
                "A GitHub App needs both --app-id and --app-key-file.", "Give the missing one, or neither."
            )
        if self.token_file is not None and self.app_id is not None:
            raise ConfigurationError(
                "--token-file and --app-id are two different credentials.", "Give only the one to act with."
            )
        if self.store is not None and self.no_store:
            raise ConfigurationError(
                "--store and --no-store contradict each other.", "Give only one; their environment variables count too."
            )
        if self.audit == "required" and not self.read_only:
            self._require_store()
        if self.org and self.allow_orgs and self.org.lower() not in map(str.lower, self.allow_orgs):
            raise ConfigurationError(
                f"The default organization --org {self.org} is not among the allowed ones "
                f"({', '.join(self.allow_orgs)}).",
                "Add it with --allow-org, or choose another default.",
            )

    def _check_pace(self) -> None:
        if not 0 <= self.write_reserve <= _LARGEST_RESERVE:
            raise ConfigurationError(
                f"--write-reserve {self.write_reserve} is not a number from 0 to {_LARGEST_RESERVE}.",
                "100 is the default, of the 5,000 requests an hour that most tokens get.",
            )
        if self.write_spacing is not None and not 0 <= self.write_spacing <= _LONGEST_SPACING:
            raise ConfigurationError(
                f"--write-spacing {self.write_spacing:g} is not a number of seconds from 0 to {_LONGEST_SPACING:g}.",
                "1 is the default, as GitHub asks for.",
            )

    def _require_store(self) -> None:
        if self.no_store:
            raise ConfigurationError(
                "--no-store would keep no audit, and a service makes no write without its record.", "Leave it out."
            )
        if self.sandbox and self.store is None:
            raise ConfigurationError(
                "The sandbox keeps no audit by itself, and a service makes no write without its record.",
                "Name a file with --store.",
            )

    @property
    def spacing(self) -> float:
        """The seconds from one write to the next."""
        if self.write_spacing is None:
            return 0.0 if self.sandbox else 1.0
        return self.write_spacing

    @property
    def web_url(self) -> str:
        """The address of GitHub's pages that belongs to the API's."""
        host = urlsplit(self.api_url).hostname or ""
        return f"https://{host.removeprefix('api.')}" if host.endswith(".ghe.com") else "https://github.com"


def _checked_api_url(given: str) -> str:
    try:
        url = urlsplit(given)
        _ = url.port  # raises when it is no number
    except ValueError:
        url = urlsplit("")
    host = url.hostname or ""
    loopback = host in _LOOPBACK
    if url.scheme not in ("https", "http") or not host or any(mark in given for mark in "@?# "):
        raise ConfigurationError(
            "--api-url is not a plain http(s) address.",
            f"Use {GITHUB_API} or https://api.SUBDOMAIN.ghe.com.",
        )
    if url.scheme == "http" and not loopback:
        raise ConfigurationError(
            f"--api-url http://{host} would send the token unencrypted.",
            "Use https; http is for loopback only.",
        )
    known = host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com"))
    if not loopback and (not known or url.path.strip("/")):
        raise ConfigurationError(
            f"--api-url {url.scheme}://{host}{url.path} is not an API with security campaigns: GitHub "
            "Enterprise Server has no campaign endpoints.",
            f"Use {GITHUB_API} or https://api.SUBDOMAIN.ghe.com.",
        )
    return given.rstrip("/")
