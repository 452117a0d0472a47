"""The command line's options, each with its environment twin, written once as data."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from server.domain.checks import check_org
from server.errors import ConfigurationError
from server.settings import API_VERSIONS, GITHUB_API, Settings
from server.store.addresses import is_address, read_address

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_ONLY_FOR_GITHUB = frozenset({"api_url", "token_file", "app_id", "app_key_file"})
LOG_LEVELS = ("debug", "info", "warning", "error")


def _text(value: str) -> str:
    return value


def _switch(value: str) -> bool:
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


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ValueError("must be a whole number")
    return int(value)


def _path(value: str) -> Path:
    if not value.strip():  # it would be the folder one is in
        raise ValueError("is empty; give the path of a file")
    return Path(value).expanduser()


def _store_place(value: str) -> Path | str:
    if is_address(value):
        return read_address(value).text
    path = _path(value)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a path that cannot be looked at
        raise ValueError("is a folder; give the path of a file in it")
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
        return {"--allow-org": "allow_orgs"}.get(self.flag, self.flag[2:].replace("-", "_"))


OPTIONS = (
    Option(
        "--sandbox",
        "SECURITY_CAMPAIGNS_SANDBOX",
        "talk to a built-in GitHub with made-up data; needs no token",
        _switch,
        switch=True,
    ),
    Option(
        "--sandbox-alerts",
        "SECURITY_CAMPAIGNS_SANDBOX_ALERTS",
        "give the sandbox's organization about so many open alerts",
        _count,
    ),
    Option("--org", "SECURITY_CAMPAIGNS_ORG", "the organization for commands, and for calls that name none", check_org),
    Option(
        "--allow-org",
        "SECURITY_CAMPAIGNS_ALLOW_ORGS",
        "an organization that may be named; repeatable; without it the token decides",
        _orgs,
        repeatable=True,
    ),
    Option("--read-only", "SECURITY_CAMPAIGNS_READ_ONLY", "offer no tool that writes", _switch, switch=True),
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
        _switch,
        switch=True,
    ),
    Option("--api-url", "GITHUB_API_URL", f"GitHub's REST API (default: {GITHUB_API})"),
    Option(
        "--api-version",
        "SECURITY_CAMPAIGNS_API_VERSION",
        f"GitHub's API version (default: {API_VERSIONS[0]})",
        choices=API_VERSIONS,
    ),
    Option("--token-file", "SECURITY_CAMPAIGNS_TOKEN_FILE", "file that holds the token", _path),
    Option("--app-id", "SECURITY_CAMPAIGNS_APP_ID", "act as this GitHub App"),
    Option("--app-key-file", "SECURITY_CAMPAIGNS_APP_KEY_FILE", "the GitHub App's private key (PEM)", _path),
    Option(
        "--parallel-reads",
        "SECURITY_CAMPAIGNS_PARALLEL_READS",
        "pages of alerts read at the same time, 1 to 20 (default: 4)",
        _count,
    ),
    Option(
        "--store",
        "SECURITY_CAMPAIGNS_STORE",
        "where to keep what GitHub does not remember: a file (default: in the user's state folder; none for the "
        "sandbox), or postgresql://USER@HOST/DATABASE",
        _store_place,
    ),
    Option("--no-store", "SECURITY_CAMPAIGNS_NO_STORE", "keep nothing", _switch, switch=True),
    Option("--log-level", "SECURITY_CAMPAIGNS_LOG_LEVEL", "how much to log (default: warning)", choices=LOG_LEVELS),
    Option("--log-file", "SECURITY_CAMPAIGNS_LOG_FILE", "log there instead of to stderr", _path),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a parser take every option. What is not given is absent from its result, so that the environment counts."""
    for option in OPTIONS:
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


def read_options(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Merge what was typed with what the environment says; what was typed wins.

    Raises:
        ConfigurationError: naming the flag or variable, what is wrong and what is right.
    """
    values: dict[str, Any] = {}
    for option in OPTIONS:
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
