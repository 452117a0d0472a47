"""The command `setup`: shows what a client's configuration would become, asks, and writes it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.errors import ConfigurationError
from server.setup.config_file import ConfigFile, read_file, replace_file, shown_change
from server.setup.listing import clients_told
from server.setup.merging import read_servers, text_to_paste, text_with, with_entry
from server.setup.places import Surroundings, is_here, project_folder, user_file
from server.setup.problems import Broken, NotMergeable, NotSetUp
from server.setup.wanted import Wanted, read_wanted
from server.streams import print_whole, say

_PRINT = "Add --print to get the text, and paste it yourself."
_KEPT = "XDG_STATE_HOME/security-campaigns-mcp/before-setup"
"""Where a project's file is kept: beside it, it would be committed one day, with whatever it holds."""
_SHARED = (
    "Whoever uses it needs the command on the PATH; clients ask first whether they may start what a project brings."
)


def run_setup(given: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Do as typed. The change, the text or the list goes to stdout, and sentences and the question to stderr.

    Returns:
        The exit status: 1 when the configuration is not as was wanted.

    Raises:
        ConfigurationError: what was typed, or the environment, is wrong.
        NotPrinted: stdout cannot be written; nothing was changed.
    """
    around = Surroundings(environ)
    if given["list"]:
        if given.get("client"):
            raise ConfigurationError("--list is about every client.", "Leave out the client, or --list.")
        print_whole(clients_told(around))
        return 0
    wanted = read_wanted(given, environ)
    if given["print_only"] or wanted.client.user is None:
        return _print(wanted, around)
    try:
        return _set_up(wanted, around, yes=given["yes"])
    except NotSetUp as problem:
        say(str(problem))
        return 1


def _print(wanted: Wanted, around: Surroundings) -> int:
    client = wanted.client
    place = client.paste
    if not place:
        try:
            place = str(_place(wanted, around))
        except ConfigurationError:  # the text is of use all the same
            place = f"the configuration of {client.title}"
    print_whole(text_to_paste(client, wanted.entry, wanted.asks))
    say(f"Merge this into {place}. {_about_token(wanted, around)} See {client.document}")
    return 0


def _set_up(wanted: Wanted, around: Surroundings, *, yes: bool) -> int:
    client = wanted.client
    file = read_file(_place(wanted, around), shared=wanted.shared)
    text = _changed(wanted, file)
    if text == file.text:
        say(f"{file.place} says so already; nothing was changed.")
        return 0
    keep_in = around.place(_KEPT) if wanted.shared and file.raw is not None else None
    here = wanted.shared or is_here(client, around)  # which its file, once it is written, would say too
    print_whole(shown_change(file, text))
    if not yes and not _agreed(file):
        say(f"{file.place} was not changed.")
        return 1
    backup = replace_file(file, text, keep_in)
    kept = f" What was there before is in {backup if keep_in else f'{backup.name} beside it'}." if backup else ""
    then = _SHARED if wanted.shared else client.then
    if not here:
        then = f"{client.title} itself was not found on this machine. {then}"
    told = f"{client.title} is set up in {file.place}.{kept} {then} {_about_token(wanted, around)}"
    say(told.rstrip())
    return 0


def _place(wanted: Wanted, around: Surroundings) -> Path:
    if wanted.shared and wanted.client.project:
        return project_folder(around) / wanted.client.project
    return user_file(wanted.client, around)


def _changed(wanted: Wanted, file: ConfigFile) -> str:
    """Return the file's text with the entry in it; the same text when it is there already."""
    client = wanted.client
    try:
        whole = read_servers(file.text, client)
    except Broken as broken:
        raise NotSetUp(
            f"{file.place} cannot be read: {broken}.",
            f"It was not changed. Mend that, then do this again. Or: {_PRINT}",
        ) from None
    try:
        new = with_entry(whole, client, wanted.entry, wanted.asks)
        return file.text if new == whole else text_with(file.text, new, client)
    except NotMergeable as problem:
        raise NotSetUp(
            f"{file.place} cannot be changed without loss: {problem}.", f"It was not changed. {_PRINT}"
        ) from None


def _agreed(file: ConfigFile) -> bool:
    """Ask the person at the terminal.

    Raises:
        NotSetUp: nobody can be asked.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise NotSetUp(f"{file.place} was not changed: there is no terminal to ask at.", "Add --yes to write it.")
    print("Write this? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question has no end of line
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _about_token(wanted: Wanted, around: Surroundings) -> str:
    client = wanted.client
    if wanted.sandbox:
        return "It is a try-out with made-up data; set it up again without --sandbox for your own organization."
    match wanted.source:
        case "env":
            here = "" if around.environ.get("GITHUB_TOKEN") else ", which is not set here"
            return f"The token is what the variable GITHUB_TOKEN holds where {client.title} is started{here}" + (
                "; without it, the GitHub CLI's." if client.unset_is_empty else "."
            )
        case "ask":
            return f"{client.title} asks for the token when it first starts the server, and keeps it."
        case "gh":
            return f"The token is the GitHub CLI's: `gh` must be signed in, and on the PATH that {client.title} sees."
        case _:
            return ""
