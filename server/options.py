"""The command line's options, each with its environment twin, written once as data."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from server.audit_log import STDERR, check_place
from server.domain.checks import check_org
from server.errors import ConfigurationError
from server.settings import API_VERSIONS, GITHUB_API, Settings
from server.store.addresses import is_address, read_address

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_ONLY_FOR_GITHUB = frozenset({"api_url", "token_file", "app_id", "app_key_file"})
_SEVERAL = {
    "--allow-org": "allow_orgs",
    "--allowed-host": "allowed_hosts",
    "--allowed-origin": "allowed_origins",
    "--ask-scope": "ask_scopes",
}
LOG_LEVELS = ("debug", "info", "warning", "error")


def _text(value: str) -> str:
    return value


def read_switch(value: str) -> bool:
    """Read 1 or 0, or a word for one of them.

    Raises:
        ValueError: with a sentence.
    """
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ValueError("must be 1 or 0")


def _orgs(value: str) -> tuple[str, ...]:
    orgs: dict[str, str] = {}
    for part in value.split(","):
        if org := part.strip():
            orgs.setdefault(org.casefold(), check_org(org))  # OCTO-ORG is octo-org, and read once
    if not orgs:  # an unset variable in a start script must not lift the bound
        raise ValueError("names no organization")
    return tuple(orgs.values())


def read_count(value: str) -> int:
    """Read a whole number.

    Raises:
        ValueError: with a sentence.
    """
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ValueError("must be a whole number")
    return int(value)


def read_seconds(value: str) -> float:
    """Read a number of seconds, which may be a fraction.

    Raises:
        ValueError: with a sentence.
    """
    whole, _, fraction = value.partition(".")
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or len(value) > 9:
        raise ValueError("must be a number of seconds, such as 1 or 0.5")
    return float(value)


def read_path(value: str) -> Path:
    """Read a path, in which a ~ is the user's home.

    Raises:
        ValueError: with a sentence.
    """
    if not value.strip():  # it would be the folder one is in
        raise ValueError("is empty; give the path of a file")
    return Path(value).expanduser()


def _store_place(value: str) -> Path | str:
    if is_address(value):
        return read_address(value).text
    path = read_path(value)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a path that cannot be looked at
        raise ValueError("is a folder; give the path of a file in it")
    return path


def _audit_log_place(value: str) -> Path | str:
    if value == STDERR:
        return value
    path = read_path(value)
    check_place(path)
    return path


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        flag: as typed.
        env: its environment variable.
        help: for a person.
        read: turns text, from either place, into the value; raises ValueError with a sentence.
        choices: the only texts allowed, if they are few.
        switch: takes no value on the command line.
        repeatable: may be given more than once; the environment variable takes a list with commas.
    """

    flag: str
    env: str
    help: str
    read: Callable[[str], Any] = _text
    choices: tuple[str, ...] = ()
    switch: bool = False
    repeatable: bool = False

    @property
    def dest(self) -> str:
        """The name of the setting."""
        return _SEVERAL.get(self.flag, self.flag[2:].replace("-", "_"))


OPTIONS = (
    Option(
        "--sandbox",
        "SECURITY_CAMPAIGNS_SANDBOX",
        "talk to a built-in GitHub with made-up data; needs no token",
        read_switch,
        switch=True,
    ),
    Option(
        "--sandbox-alerts",
        "SECURITY_CAMPAIGNS_SANDBOX_ALERTS",
        "give the sandbox's organization about so many open alerts",
        read_count,
    ),
    Option("--org", "SECURITY_CAMPAIGNS_ORG", "the organization for commands, and for calls that name none", check_org),
    Option(
        "--allow-org",
        "SECURITY_CAMPAIGNS_ALLOW_ORGS",
        "an organization that may be named; repeatable; without it the token decides",
        _orgs,
        repeatable=True,
    ),
    Option("--read-only", "SECURITY_CAMPAIGNS_READ_ONLY", "offer no tool that writes", read_switch, switch=True),
    Option(
        "--confirm",
        "SECURITY_CAMPAIGNS_CONFIRM",
        "which writes ask a person first (default: destructive)",
        choices=("destructive", "writes", "never"),
    ),
    Option(
        "--experimental-secret-campaigns",
        "SECURITY_CAMPAIGNS_EXPERIMENTAL_SECRET_CAMPAIGNS",
        "try to publish campaigns of secret scanning alerts, which GitHub's API does not define",
        read_switch,
        switch=True,
    ),
    Option("--api-url", "GITHUB_API_URL", f"GitHub's REST API; http only for loopback (default: {GITHUB_API})"),
    Option(
        "--api-version",
        "SECURITY_CAMPAIGNS_API_VERSION",
        f"GitHub's API version (default: {API_VERSIONS[0]})",
        choices=API_VERSIONS,
    ),
    Option("--token-file", "SECURITY_CAMPAIGNS_TOKEN_FILE", "file that holds the token", read_path),
    Option("--app-id", "SECURITY_CAMPAIGNS_APP_ID", "act as this GitHub App"),
    Option("--app-key-file", "SECURITY_CAMPAIGNS_APP_KEY_FILE", "the GitHub App's private key (PEM)", read_path),
    Option(
        "--parallel-reads",
        "SECURITY_CAMPAIGNS_PARALLEL_READS",
        "pages of alerts read at the same time, 1 to 20 (default: 4)",
        read_count,
    ),
    Option(
        "--write-reserve",
        "SECURITY_CAMPAIGNS_WRITE_RESERVE",
        "requests of an hour's rate limit that reads leave for writes, never more than a fifth of it; reading alerts "
        "leaves twice as many (default: 100)",
        read_count,
    ),
    Option(
        "--write-spacing",
        "SECURITY_CAMPAIGNS_WRITE_SPACING",
        "seconds from one write to the next; GitHub asks for one (default: 1; for the sandbox 0)",
        read_seconds,
    ),
    Option(
        "--store",
        "SECURITY_CAMPAIGNS_STORE",
        "where to keep what GitHub does not remember: a file (default: in the user's state folder; none for the "
        "sandbox), or postgresql://USER@HOST/DATABASE, which needs the extra postgres; the password is never in it but "
        "in PGPASSWORD, a password file or a service file",
        _store_place,
    ),
    Option("--no-store", "SECURITY_CAMPAIGNS_NO_STORE", "keep nothing", read_switch, switch=True),
    Option(
        "--audit-log",
        "SECURITY_CAMPAIGNS_AUDIT_LOG",
        "append a line of JSON for every attempted write to this file, which only its owner can read, or with - write "
        "it to stderr",
        _audit_log_place,
    ),
    Option("--log-level", "SECURITY_CAMPAIGNS_LOG_LEVEL", "how much to log (default: warning)", choices=LOG_LEVELS),
    Option(
        "--log-format",
        "SECURITY_CAMPAIGNS_LOG_FORMAT",
        "lines of text or of JSON (default: text)",
        choices=("text", "json"),
    ),
    Option("--log-file", "SECURITY_CAMPAIGNS_LOG_FILE", "log there instead of to stderr", read_path),
)


def add_options(parser: argparse.ArgumentParser, options: Sequence[Option] = OPTIONS) -> None:
    """Let a parser take some options. What is not given is absent from its result, so that the environment counts."""
    for option in options:
        shown = f"{option.help} [{option.env}]"
        if option.switch:
            parser.add_argument(
                option.flag, dest=option.dest, action="store_true", default=argparse.SUPPRESS, help=shown
            )
        else:
            parser.add_argument(
                option.flag,
                dest=option.dest,
                action="append" if option.repeatable else "store",
                choices=option.choices or None,
                metavar=None if option.choices else option.flag[2:].upper().replace("-", "_"),
                default=argparse.SUPPRESS,
                help=shown,
            )


def read_options(
    given: Mapping[str, Any], environ: Mapping[str, str], options: Sequence[Option] = OPTIONS
) -> dict[str, Any]:
    """Merge what was typed with what the environment says; what was typed wins.

    Raises:
        ConfigurationError: naming the flag or variable, what is wrong and what is right.
    """
    values: dict[str, Any] = {}
    for option in options:
        if option.dest in given:
            typed = given[option.dest]
            text = ",".join(typed) if option.repeatable else typed
            values[option.dest] = typed if option.switch else _read(option, option.flag, text)
        elif environ.get(option.env) or (option.repeatable and option.env in environ):
            values[option.dest] = _read(option, option.env, environ[option.env])
    return values


def _read(option: Option, name: str, text: str) -> Any:
    if option.choices and text not in option.choices:
        raise ConfigurationError(f"{name} must be one of {', '.join(option.choices)}.")
    try:
        return option.read(text)
    except ValueError as problem:
        raise ConfigurationError(f"{name}: {problem}.") from None


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Make the settings out of merged options. With the sandbox, whatever concerns the real GitHub does not count.

    Raises:
        ConfigurationError: when they cannot work together.
    """
    known = {field.name for field in fields(Settings)}
    if values.get("sandbox"):
        known -= _ONLY_FOR_GITHUB
    return Settings(**{name: value for name, value in values.items() if name in known})
