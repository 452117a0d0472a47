"""The command with which a client starts this server.

A client does not see the PATH of a shell, so the user's configuration names the full path of the command that belongs
to the interpreter that runs now; that is what has just been seen to work, and it stays where it is through an upgrade,
be it of `pipx install`, `uv tool install` or a virtual environment. A file that a project shares names the command
alone, since everybody has it elsewhere.

`uvx` and `pipx run` make an environment in a cache that may be emptied at any time. So what was started by one of them
is started by it again, and in the version that was looked at: without one, the client would run whatever is published
later.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from server.errors import ConfigurationError

COMMAND = "security-campaigns-mcp"


def typed_start(text: str) -> list[str]:
    """Split what was typed as the command into its words.

    Raises:
        ConfigurationError: it is empty, or its quotes do not match.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words:
        raise ConfigurationError(
            "--command is empty, or a quote in it does not end.", 'Give it as in a shell: --command "uvx NAME".'
        )
    return words


def found_start(environ: Mapping[str, str], *, shared: bool) -> list[str]:
    """Find the command, and the arguments with which it starts this server.

    Args:
        environ: the environment variables.
        shared: for a file that others use too.

    Raises:
        ConfigurationError: there is no command that would work later.
    """
    try:
        known = distribution(COMMAND)
    except PackageNotFoundError:
        known = None
    runner = _runner(Path(sys.prefix).parts)
    if runner and known:
        found = shutil.which(runner[0], path=environ.get("PATH", ""))
        if found:
            return [runner[0] if shared else str(Path(found).absolute()), *runner[1:], _origin(known), COMMAND]
    if shared:
        return [COMMAND]
    command = shutil.which(COMMAND, path=str(Path(sys.executable).parent))
    if command:
        return [command]
    if known:
        return [sys.executable, "-m", "security_campaigns_mcp"]
    raise ConfigurationError(
        f"{COMMAND} is not installed, so no client could start it.",
        "Install it (`pipx install .` or `uv tool install .` in the clone), or name the command with --command.",
    )


def _runner(prefix: tuple[str, ...]) -> list[str] | None:
    if any(part.startswith(("archive-v", "environments-v")) for part in prefix):  # in uv's cache
        return ["uvx", "--from"]
    if "pipx" in prefix and "venvs" not in prefix:
        return ["pipx", "run", "--spec"]
    return None


def _origin(known: Distribution) -> str:
    """Return what was installed, as installers take it (PEP 610 for what is not from an index)."""
    told: dict[str, Any] = json.loads(known.read_text("direct_url.json") or "{}")
    url = told.get("url", "")
    if not url:
        return f"{COMMAND}=={known.version}"
    if control := told.get("vcs_info"):
        return f"{control['vcs']}+{url}@{control['commit_id']}"
    return str(url)
