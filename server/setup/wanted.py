"""What a person typed after `setup`, checked, and what it makes of a client's entry."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.domain.checks import holds_token, without_tokens
from server.errors import ConfigurationError
from server.options import OPTIONS, Option, read_options, settings_from
from server.setup.clients import ALIASES, CLIENTS, VARIABLE, Client, TokenSource
from server.setup.starting import found_start, typed_start

SANDBOX_ORG = "octo-org"
_NAMES = ", ".join(client.name for client in CLIENTS)


@dataclass(frozen=True)
class Wanted:
    """What to set up.

    Attributes:
        client: the client.
        shared: in the project's file, not the user's.
        sandbox: for a try-out.
        source: where the token comes from; None when an option of the server says it.
        entry: what the client's configuration shall say.
        asks: what else it needs, for `with_entry`.
    """

    client: Client
    shared: bool
    sandbox: bool
    source: TokenSource | None
    entry: dict[str, Any]
    asks: Mapping[str, Any]


def read_wanted(given: Mapping[str, Any], environ: Mapping[str, str]) -> Wanted:
    """Check what was typed and make the entry out of it. Variables that are options of the server do not count.

    Raises:
        ConfigurationError: saying what is wrong and what is right.
    """
    client = find_client(given.get("client"))
    shared = given["scope"] == "project"
    if shared and client.user and not client.project:
        raise ConfigurationError(f"{client.title} has no configuration for a project.", "Leave out --scope project.")
    args = _arguments(given)
    source = _token_source(client, given)
    value = {"env": client.variable, "ask": client.asked}.get(source or "")
    env = {VARIABLE: value} if value else {}
    typed = given.get("start_with")
    start = typed_start(typed) if typed is not None else found_start(environ, shared=shared)
    _check_words([*start, *args])
    entry = client.shape(start[0], [*start[1:], *args], env)
    return Wanted(client, shared, bool(given.get("sandbox")), source, entry, client.asks if source == "ask" else {})


def find_client(typed: str | None) -> Client:
    """Return the client that is called so.

    Raises:
        ConfigurationError: there is none; with those there are.
    """
    if typed is None:
        raise ConfigurationError(
            f"Which client? Say one of {_NAMES}.",
            "`security-campaigns-mcp setup --list` shows which are on this machine.",
        )
    name = typed.strip().lower().replace("_", "-").replace(" ", "-")
    name = ALIASES.get(name, name)
    for client in CLIENTS:
        if client.name == name:
            return client
    known = [client.name for client in CLIENTS]
    near = [other for other in known if len(name) > 3 and other.startswith(name)] or difflib.get_close_matches(
        name, known
    )
    guess = f"Did you mean {' or '.join(near)}?" if near else f"Those known are {_NAMES}."
    raise ConfigurationError(f"{without_tokens(typed)[:40]!r} is not a client that `setup` knows.", guess)


def _arguments(given: Mapping[str, Any]) -> list[str]:
    """Return the options of the server that were typed, as its command line takes them."""
    values = read_options(given, {})
    settings_from(values)
    if values.get("sandbox") and "org" not in values:
        values["org"] = SANDBOX_ORG
    if "token_file" in values:
        _check_token_file(values["token_file"])
    return [word for option in OPTIONS if option.dest in values for word in _words(option, values[option.dest])]


def _words(option: Option, value: Any) -> list[str]:
    if option.switch:
        return [option.flag]
    if option.repeatable:
        return [word for item in value for word in (option.flag, str(item))]
    if isinstance(value, Path):
        value = value.absolute()  # a client starts the server in a folder of its own
    return [option.flag, f"{value:g}" if isinstance(value, float) else str(value)]


def _check_token_file(file: Path) -> None:
    if holds_token(str(file)):
        raise ConfigurationError(
            "--token-file got what looks like a token itself.", "Give the path of the file with it."
        )
    if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for a path that cannot be looked at
        raise ConfigurationError(
            f"--token-file {file} is no file.", "Put the token into a file that only you can read, then do this again."
        )


def _token_source(client: Client, given: Mapping[str, Any]) -> TokenSource | None:
    typed: TokenSource | None = given.get("token_from")
    if given.get("sandbox") or "token_file" in given or "app_id" in given:
        if typed:
            raise ConfigurationError(
                "--token-from goes with neither --sandbox, --token-file nor --app-id.", "Give only the one that counts."
            )
        return None
    source = typed or client.source
    if source is None:
        raise ConfigurationError(
            f"{client.title} hands no token on to a server, so say where it is.",
            "Give --token-file FILE; or --token-from gh if you are signed in with the GitHub CLI; or --sandbox to try "
            "it without a token.",
        )
    if (source == "env" and not client.variable) or (source == "ask" and not client.asked):
        cannot = "refer to variables" if source == "env" else "ask for a token"
        raise ConfigurationError(
            f"{client.title} cannot {cannot} in its configuration.", "Give --token-file FILE, or another --token-from."
        )
    return source


def _check_words(words: list[str]) -> None:
    for word in words:
        if holds_token(word):
            raise ConfigurationError(
                "What was typed holds what looks like a token, and a configuration must not.",
                f"Set {VARIABLE} where the client starts, or give the file that holds the token with --token-file.",
            )
        if "$" in word or not word.isprintable():
            raise ConfigurationError(
                f"{word!r} holds a $ or another character that clients would not hand on as it is.",
                "Use another name or path.",
            )
