"""What the operator of a service decides beside what every way of running shares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from server.errors import ConfigurationError
from server.signin.addresses import is_loopback, is_safe_address
from server.signin.scopes import SCOPES

MCP_PATH = "/mcp"
_PLAIN = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]+)?(/[A-Za-z0-9._~%/+@:=-]*)?")


class Address(NamedTuple):
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    @property
    def text(self) -> str:
        """As in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)


@dataclass(frozen=True)
class ServeSettings:
    """Everything that only `serve` takes, with its defaults.

    Attributes:
        http: where to listen.
        public_url: the address that clients use, up to and with /mcp; None for the one it listens on.
        allowed_hosts: further values of the Host header, without a port for any port.
        allowed_origins: what browsers may call from, as scheme://host[:port].
        issuer: whose JWTs are accepted, exactly as it writes itself into them.
        audience: what those must be for; None for the public address.
        jwks_url: where the issuer's keys are; None to look that up.
        ask_scopes: what clients are told to ask the issuer for at first.
        org_claim: the claim that bounds the organizations a caller may name.
        tokens: a file of static tokens.
        state_keys: what questions are sealed with: the first seals, all open. Empty for a random one.
        stateless: keep no sessions for clients of 2025; they then cannot be asked.
        max_sessions: how many of these sessions there may be.
        session_idle: after how many seconds without a request one ends.
        shutdown_grace: how many seconds calls under way get when the service is told to stop.
    """

    http: Address = field(default=Address("127.0.0.1", 8000))
    public_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    issuer: str | None = None
    audience: str | None = None
    jwks_url: str | None = None
    ask_scopes: tuple[str, ...] = SCOPES
    org_claim: str | None = None
    tokens: Path | None = None
    state_keys: tuple[bytes, ...] = ()
    stateless: bool = False
    max_sessions: int = 1000
    session_idle: int = 1800
    shutdown_grace: int = 30

    def __post_init__(self) -> None:
        """Refuse what would let anyone in, or tokens be read on the way.

        Raises:
            ConfigurationError: naming the option, what is wrong and what is right.
        """
        if not self.http.loopback and not self.signs_in:
            raise ConfigurationError(
                f"Anyone who reaches {self.http.text} could act with this server's GitHub credentials.",
                "Say who may come in with --issuer or --tokens, or listen on 127.0.0.1.",
            )
        if not self.signs_in and (told := self._known_beyond()) is not None:
            raise ConfigurationError(
                f"{told} makes this server known beyond this machine, where anyone could act with its GitHub "
                "credentials.",
                f"Say who may come in with --issuer or --tokens, or leave {told} out.",
            )
        if not self.http.loopback and self.public_url is None:
            raise ConfigurationError(
                "--public-url is missing: the address under which clients reach this server.",
                "Give it, such as https://campaigns.example.com/mcp.",
            )
        for flag, given in (
            ("--audience", self.audience),
            ("--jwks-url", self.jwks_url),
            ("--org-claim", self.org_claim),
        ):
            if given is not None and self.issuer is None:
                raise ConfigurationError(f"{flag} says something about an issuer's tokens.", "Give --issuer too.")
        for flag, least, number in (
            ("--max-sessions", 1, self.max_sessions),
            ("--session-idle", 1, self.session_idle),
            ("--shutdown-grace", 0, self.shutdown_grace),
        ):
            if number < least:
                raise ConfigurationError(f"{flag} must be at least {least}.")

    @property
    def signs_in(self) -> bool:
        """Whether callers have to sign in."""
        return self.issuer is not None or self.tokens is not None

    def _known_beyond(self) -> str | None:
        """Return the option that makes others than this machine's programs call; None when none does."""
        named = {
            "--public-url": [] if self.public_url is None else [self.public_url],
            "--allowed-host": [f"http://{host}" for host in self.allowed_hosts],
            "--allowed-origin": self.allowed_origins,
        }
        for flag, addresses in named.items():
            if not all(is_loopback(urlsplit(address).hostname or "") for address in addresses):
                return flag
        return None

    def resource(self, bound: Address) -> str:
        """Return the address of this service as clients know it (RFC 8707), given where it really listens."""
        return self.public_url or f"http://{bound.text}{MCP_PATH}"


def read_address(value: str) -> Address:
    """Read HOST:PORT; an IPv6 address stands in brackets.

    Raises:
        ValueError: with a sentence.
    """
    host, colon, port = value.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not host or (":" in host and not bracketed) or not port.isascii() or not port.isdigit():
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000")
    if int(port) > 65535:
        raise ValueError("names a port larger than 65535")
    return Address(host, int(port))


def read_public_url(value: str) -> str:
    """Read the address that clients use; /mcp may be left out at its end.

    Raises:
        ValueError: with a sentence.
    """
    if not is_safe_address(value) or "?" in value:
        raise ValueError("must be an https address, such as https://campaigns.example.com/mcp; http only on loopback")
    if not _PLAIN.fullmatch(value):  # it is part of headers, and compared with what clients make of it
        raise ValueError("must be of plain ASCII without quotes or spaces; write a name beyond ASCII as xn--")
    value = value.rstrip("/")
    return value if value.endswith(MCP_PATH) else value + MCP_PATH


def read_issuer(value: str) -> str:
    """Read an issuer, which stays exactly as it is.

    Raises:
        ValueError: with a sentence.
    """
    if not is_safe_address(value) or "?" in value:
        raise ValueError("must be an issuer's https address without a query; http only on loopback")
    return value


def read_jwks_url(value: str) -> str:
    """Read the address of keys.

    Raises:
        ValueError: with a sentence.
    """
    if not is_safe_address(value):
        raise ValueError("must be an https address; http only on loopback")
    return value


def read_scopes(value: str) -> tuple[str, ...]:
    """Read scopes, with commas or spaces between.

    Raises:
        ValueError: with a sentence.
    """
    scopes = tuple(dict.fromkeys(value.replace(",", " ").split()))
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"must be {' or '.join(SCOPES)}")
    return scopes


def read_hosts(value: str) -> tuple[str, ...]:
    """Read values of the Host header, with commas between.

    Raises:
        ValueError: with a sentence.
    """
    hosts = tuple(part.strip().lower() for part in value.split(",") if part.strip())
    if not hosts or any(not host or "/" in host or "*" in host or " " in host for host in hosts):
        raise ValueError("must be a host name, with a port or without, such as campaigns.example.com")
    return hosts


def read_origins(value: str) -> tuple[str, ...]:
    """Read origins, with commas between.

    Raises:
        ValueError: with a sentence.
    """
    origins = tuple(part.strip().lower().rstrip("/") for part in value.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("must be an origin, such as https://assistant.example.com")
    if not origins:
        raise ValueError("names no origin")
    return origins
