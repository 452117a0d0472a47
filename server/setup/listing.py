"""`setup --list`: which clients are on this machine, and what is configured."""

from __future__ import annotations

from pathlib import Path

from server.domain.checks import without_tokens
from server.errors import ConfigurationError
from server.setup.clients import CLIENTS, Client
from server.setup.config_file import read_file
from server.setup.merging import entry_in, read_servers
from server.setup.places import Surroundings, is_here, project_folder, user_file
from server.setup.problems import Broken, NotSetUp

_LONGEST = 100


def clients_told(around: Surroundings) -> str:
    """Return a line for each client, with its end: its name, whether it is here, and this server's entry.

    Raises:
        ConfigurationError: the environment does not tell where clients keep their configuration.
    """
    around.home()
    try:
        project: Path | None = project_folder(around)
    except ConfigurationError:  # one is in no project
        project = None
    rows = [("client", "here", "configured")]
    for client in CLIENTS:
        here = "yes" if is_here(client, around) else "-"
        files = _files(client, around, project)
        told = [f"{state} ({file})" for file in files if (state := _state(client, file))]
        rows.append((client.name, here, "; ".join(told) or ("-" if client.user else "prints text to paste")))
    return "".join(f"{name:<16}{here:<6}{what}\n" for name, here, what in rows)


def _files(client: Client, around: Surroundings, project: Path | None) -> list[Path]:
    files = [user_file(client, around)] if client.user else []
    return [*files, project / client.project] if project and client.project else files


def _state(client: Client, file: Path) -> str:
    """Say with which arguments a file has this server started; nothing when it does not, or does not exist."""
    try:
        entry = entry_in(read_servers(read_file(file, shared=False).text, client), client)
    except Broken as broken:
        return f"broken: {broken}"
    except NotSetUp as problem:
        return f"unknown: {problem.what}"
    if entry is None:
        return ""
    args = entry.get("args")
    told = " ".join(map(str, args)) if isinstance(args, list) else ""
    told = without_tokens(told if told.isprintable() else ascii(told))
    return f"yes, {told[:_LONGEST]}" if told else "yes"
