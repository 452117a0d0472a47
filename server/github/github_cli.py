"""The token that the GitHub CLI already holds."""

from __future__ import annotations

import shutil
import subprocess  # only for DEVNULL; the command is fixed and runs without a shell
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import anyio

_TIME_LIMIT = 10.0


def web_host(api_url: str) -> str | None:
    """Return the host that `gh` knows an API by: `github.com` or `SUBDOMAIN.ghe.com`; None for a loopback address."""
    host = urlsplit(api_url).hostname or ""
    if host == "api.github.com":
        return "github.com"
    return host.removeprefix("api.") if host.endswith(".ghe.com") else None


async def ask_github_cli(host: str, environ: Mapping[str, str]) -> str | None:
    """Return what `gh auth token --hostname HOST` prints; None when gh is absent, not signed in, or hangs."""
    command = shutil.which("gh", path=environ.get("PATH", ""))
    # A relative hit means the working folder, which may be a stranger's repository open in an editor.
    if command is None or not Path(command).is_absolute():
        return None
    with anyio.move_on_after(_TIME_LIMIT):
        try:
            answer = await anyio.run_process(
                [command, "auth", "token", "--hostname", host],
                stdin=subprocess.DEVNULL,  # this process's stdin may be the line to an MCP client
                check=False,
                env=environ,
            )
        except OSError:
            return None
        return answer.stdout.decode(errors="replace").strip() or None if answer.returncode == 0 else None
    return None
