"""The address of a PostgreSQL database, as libpq reads it, with no password in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_SCHEME = re.compile(r"postgres(ql)?://", re.IGNORECASE)
# Narrower than libpq: with a character that should have been written %XX, a part of a password ends up as the host, the
# port or the database, which are shown.
_ADDRESS = re.compile(
    r"(?:(?P<user>[\w.%~+-]*)@)?"
    r"(?P<hosts>(?:[\w.%~+-]*|\[[0-9a-f:.%]+\])(?::\d{1,5})?(?:,(?:[\w.%~+-]*|\[[0-9a-f:.%]+\])(?::\d{1,5})?)*)"
    r"(?:/(?P<database>[\w.%~+-]*))?"
    r"(?:\?(?P<parameters>[^?#@\s]*))?",
    re.ASCII | re.IGNORECASE,
)
_PARAMETERS = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "dbname",
        "gssencmode",
        "host",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "krbsrvname",
        "load_balance_hosts",
        "options",
        "passfile",
        "port",
        "require_auth",
        "requirepeer",
        "service",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "sslcert",
        "sslcrl",
        "sslcrldir",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslrootcert",
        "target_session_attrs",
        "tcp_user_timeout",
        "user",
    }
)
_SHOWN = ("service", "host", "port", "dbname")
_PLAIN = re.compile(r"[\w./,-]+", re.ASCII)
_NOT_IN_AN_ADDRESS = (
    "must not hold a password, since addresses are shown; PGPASSWORD, a password file or a service file gives it, as "
    "for psql"
)
_UNREADABLE = "must be the path of a file, or an address like postgresql://USER@HOST/DATABASE"


@dataclass(frozen=True)
class PostgresAddress:
    """Where a database is.

    Attributes:
        text: for libpq, which adds what the environment, the password file and the service file say.
        name: for sentences: host and database.
        parameters: the names of the parameters after the question mark.
    """

    text: str
    name: str
    parameters: frozenset[str]


def is_address(text: str) -> bool:
    """Tell whether this is meant as an address, not as the path of a file."""
    return "://" in text


def read_address(text: str) -> PostgresAddress:
    """Read an address.

    Passwords are refused wherever the address comes from: one in an environment variable would be no less shown by
    whatever shows settings.

    Raises:
        ValueError: with a sentence that repeats nothing of the address.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueError(_UNREADABLE)
    rest = text[scheme.end() :]
    if _has_password(rest):
        raise ValueError(_NOT_IN_AN_ADDRESS)
    parts = _ADDRESS.fullmatch(rest)
    if parts is None:
        raise ValueError(_UNREADABLE)
    try:
        parameters = dict(
            parse_qsl(parts["parameters"] or "", keep_blank_values=True, strict_parsing=bool(parts["parameters"]))
        )
    except ValueError:
        raise ValueError(_UNREADABLE) from None
    if not parameters.keys() <= _PARAMETERS:
        raise ValueError("holds a parameter that is not libpq's, or not for an address")
    shown = "&".join(f"{name}={parameters[name]}" for name in _SHOWN if _PLAIN.fullmatch(parameters.get(name, "")))
    place = f"postgresql://{parts['hosts']}/{parts['database'] or ''}"
    return PostgresAddress(text, f"{place}?{shown}" if shown else place, frozenset(parameters))


def _has_password(rest: str) -> bool:
    user, at, _ = rest.rpartition("@")
    return (bool(at) and ":" in user) or "password=" in rest.lower()
