"""The options that only `serve` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.errors import ConfigurationError
from server.http.settings import (
    ServeSettings,
    read_address,
    read_hosts,
    read_issuer,
    read_jwks_url,
    read_origins,
    read_public_url,
    read_scopes,
)
from server.http.state_keys import read_state_keys
from server.options import Option, read_count, read_options, read_path, read_switch

SERVE_OPTIONS = (
    Option("--http", "SECURITY_CAMPAIGNS_HTTP", "HOST:PORT to listen on (default: 127.0.0.1:8000)", read_address),
    Option(
        "--public-url",
        "SECURITY_CAMPAIGNS_PUBLIC_URL",
        "the address that clients use, such as https://campaigns.example.com/mcp",
        read_public_url,
    ),
    Option(
        "--allowed-host",
        "SECURITY_CAMPAIGNS_ALLOWED_HOSTS",
        "a further value of the Host header that is served; repeatable",
        read_hosts,
        repeatable=True,
    ),
    Option(
        "--allowed-origin",
        "SECURITY_CAMPAIGNS_ALLOWED_ORIGINS",
        "an origin whose pages in a browser may call; repeatable",
        read_origins,
        repeatable=True,
    ),
    Option("--issuer", "SECURITY_CAMPAIGNS_ISSUER", "accept access tokens (JWT) of this issuer", read_issuer),
    Option(
        "--audience",
        "SECURITY_CAMPAIGNS_AUDIENCE",
        "what the issuer's tokens must be for (default: the public address)",
    ),
    Option(
        "--jwks-url",
        "SECURITY_CAMPAIGNS_JWKS_URL",
        "where the issuer's keys are (default: what its metadata says)",
        read_jwks_url,
    ),
    Option(
        "--ask-scope",
        "SECURITY_CAMPAIGNS_ASK_SCOPES",
        "what clients shall ask the issuer for at first; repeatable (default: both), only campaigns:read for an issuer "
        "that refuses who may not have all",
        read_scopes,
        repeatable=True,
    ),
    Option(
        "--org-claim",
        "SECURITY_CAMPAIGNS_ORG_CLAIM",
        "the claim of a token that lists the organizations its caller may name",
    ),
    Option(
        "--tokens", "SECURITY_CAMPAIGNS_TOKENS", "accept the static tokens of this file; see `token new`", read_path
    ),
    Option(
        "--state-keys",
        "SECURITY_CAMPAIGNS_STATE_KEYS_FILE",
        "file with the keys that replicas share to seal questions, one to a line; the first seals, all open",
        read_path,
    ),
    Option(
        "--stateless",
        "SECURITY_CAMPAIGNS_STATELESS",
        "keep no sessions; clients older than the 2026-07-28 protocol then cannot be asked",
        read_switch,
        switch=True,
    ),
    Option(
        "--max-sessions",
        "SECURITY_CAMPAIGNS_MAX_SESSIONS",
        "how many sessions may be open at once (default: 1000)",
        read_count,
    ),
    Option(
        "--session-idle",
        "SECURITY_CAMPAIGNS_SESSION_IDLE",
        "seconds without a request after which a session ends (default: 1800)",
        read_count,
    ),
    Option(
        "--shutdown-grace",
        "SECURITY_CAMPAIGNS_SHUTDOWN_GRACE",
        "seconds that calls under way get when the service is told to stop (default: 30)",
        read_count,
    ),
)


def serve_settings(given: Mapping[str, Any], environ: Mapping[str, str]) -> ServeSettings:
    """Make the settings of a service out of what was typed and the environment; what was typed wins.

    Raises:
        ConfigurationError: naming the option or variable, what is wrong and what is right.
    """
    for option in SERVE_OPTIONS:  # an unset variable in a start script must not lift a bound, or choose for anyone
        told = {option.flag: given.get(option.dest), option.env: environ.get(option.env)}
        if empty := next((name for name, text in told.items() if isinstance(text, str) and not text.strip()), None):
            raise ConfigurationError(f"{empty} is empty.", "Give it a value, or leave it out.")
    values = read_options(given, environ, SERVE_OPTIONS)
    keys = read_state_keys(values.pop("state_keys", None), environ)
    return ServeSettings(**values, state_keys=keys)
