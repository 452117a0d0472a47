"""Where things are on this machine: the files of clients, and whether a client is there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.errors import ConfigurationError
from server.setup.clients import Client

# What stands in for a variable that is not set.
_DEFAULTS = {
    "XDG_CONFIG_HOME": "HOME/.config",
    "XDG_STATE_HOME": "HOME/.local/state",
    "APPDATA": "HOME/AppData/Roaming",
    "CODEX_HOME": "HOME/.codex",
    "CLAUDE_CONFIG_DIR": "HOME",
    "GEMINI_CLI_HOME": "HOME",
}


@dataclass(frozen=True)
class Surroundings:
    """What decides where things are.

    Attributes:
        environ: the environment variables.
        platform: as `sys.platform` has it.
    """

    environ: Mapping[str, str]
    platform: str = sys.platform

    def home(self) -> Path:
        """Return the user's home.

        Raises:
            ConfigurationError: the environment does not tell.
        """
        name = "USERPROFILE" if self.platform == "win32" else "HOME"
        told = self.environ.get(name, "")
        if not Path(told).is_absolute():
            raise ConfigurationError(
                f"{name} is {'not a full path' if told else 'not set'}, so it is not known where clients keep their "
                "configuration.",
                f"Set {name}, or use --print and paste the text yourself.",
            )
        return Path(told)

    def place(self, written: str) -> Path:
        """Return the path that a place of the table of clients stands for.

        Raises:
            ConfigurationError: the environment does not tell.
        """
        base, _, rest = written.partition("/")
        if base == "HOME":
            return self.home() / rest
        told = self.environ.get(base, "")
        if not told:
            return self.place(f"{_DEFAULTS[base]}/{rest}")
        if not Path(told).is_absolute():
            raise ConfigurationError(f"{base} is not a full path.", "Set it to one, or unset it.")
        return Path(told) / rest


def user_file(client: Client, around: Surroundings) -> Path:
    """Return the file in which a user's servers of a client stand.

    Raises:
        ConfigurationError: the environment does not tell.
    """
    files = client.user or {}
    return around.place(files.get(around.platform, files["*"]))


def project_folder(around: Surroundings) -> Path:
    """Return the folder of the project one is in: of its repository or else the working folder.

    Raises:
        ConfigurationError: the working folder is gone, or is the user's home, in which clients keep what is the user's.
    """
    try:
        here = Path.cwd()
    except OSError:
        raise ConfigurationError("The folder you are in does not exist any more.", "Go to your project.") from None
    found = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    home = around.environ.get("USERPROFILE" if around.platform == "win32" else "HOME", "")
    if home and found == Path(os.path.realpath(home)):
        raise ConfigurationError(
            "You are in your home folder, which is not a project.", "Go to your project, or leave out --scope project."
        )
    return found


def is_here(client: Client, around: Surroundings) -> bool:
    """Tell whether a client seems to be on this machine: its command is on the PATH, or its folder is there.

    Raises:
        ConfigurationError: the environment does not tell.
    """
    path = around.environ.get("PATH", "")
    if any(shutil.which(program, path=path) for program in client.programs):
        return True
    folders = [around.place(folder) for folder in client.folders]
    if client.user and not folders:
        folders = [user_file(client, around).parent]
    return any(os.path.isdir(folder) for folder in folders)  # noqa: PTH112 - Path.is_dir raises where it may not look
