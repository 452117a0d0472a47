"""The server as its own process, as the clients of this folder start or reach it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from server.sandbox.options import ADMIN_TOKEN
from tests.clients.node import PATIENCE, ROOT
from tests.harness import ORG
from tests.http.service import service_process
from tests.processes import LoopbackGitHub, environment


@dataclass(frozen=True)
class Server:
    """A server that a client can be told of.

    Attributes:
        url: where it serves over HTTP; empty over stdio, where the client starts it.
        arguments: of its command line over stdio, Python's included.
        environ: what its process sees then.
    """

    url: str = ""
    arguments: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return what the TypeScript clients' scripts take."""
        if self.url:
            return {"url": self.url}
        return {"command": sys.executable, "args": self.arguments, "env": self.environ, "cwd": str(ROOT)}


def over_stdio(*arguments: str, **environ: str) -> Server:
    """Return a server for a client to start, that keeps nothing."""
    command = ("-m", "security_campaigns_mcp", "--org", ORG, "--no-store", *arguments)
    return Server(arguments=command, environ=environment(**environ))


@contextmanager
def over_http(folder: Path, *arguments: str, **environ: str) -> Iterator[Server]:
    """Serve over HTTP while the block runs.

    Args:
        folder: where the store will be.
        arguments: of the command line, besides the organization.
        environ: of the process.
    """
    store = str(folder / "store.sqlite3")
    with service_process("--org", ORG, "--store", store, *arguments, **environ) as service:
        assert service.process.stderr
        log = Thread(target=service.process.stderr.read)  # nobody reads the log, and a full pipe would hold it up
        log.start()
        try:
            yield Server(url=service.url)
        finally:
            service.stop()
            log.join(PATIENCE)


def of(github: LoopbackGitHub) -> dict[str, str]:
    """Return what a server's process sees that talks to this GitHub."""
    return {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": ADMIN_TOKEN}
