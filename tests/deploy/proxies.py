"""The proxies of deploy/, as they are but for ports, in front of replicas in this process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
_PATIENCE = 30  # seconds


def program(name: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails where CI is set."""
    beside_python = Path(sys.executable).parent  # where the lock file's programs are, also when nothing was activated
    path = shutil.which(name, path=os.pathsep.join([str(beside_python), os.environ["PATH"], "/usr/sbin"]))
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed")
    assert path
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, replicas: Sequence[int]) -> Iterator[str]:
    """Run nginx in front of two ports while the block runs; its own address up to /mcp is what it yields."""
    port = free_port()
    changes = {"8080": str(port), "8001": str(replicas[0]), "8002": str(replicas[1])}
    configuration = folder / "nginx.conf"
    configuration.write_text(_replaced((DEPLOY / "nginx" / "nginx.conf").read_text(), changes))
    command = [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(configuration)]
    with _running(command, {}, port):
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def haproxy(folder: Path, replicas: Sequence[int]) -> Iterator[str]:
    """Run HAProxy in front of some ports, which it else would find by name; its address is what it yields."""
    port = free_port()
    servers = "\n".join(f"    server replica{number} 127.0.0.1:{number}" for number in replicas)
    changes = {
        "bind :8080": f"bind 127.0.0.1:{port}",
        " resolvers dns init-addr none": "",
        '    server-template replica 1-8 "${REPLICAS}"': servers,
    }
    configuration = folder / "haproxy.cfg"
    configuration.write_text(_replaced((DEPLOY / "haproxy" / "haproxy.cfg").read_text(), changes))
    with _running([program("haproxy"), "-db", "-f", str(configuration)], {}, port):
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def _running(command: Sequence[str], environ: Mapping[str, str], port: int) -> Iterator[None]:
    with subprocess.Popen(  # noqa: S603 - the arguments are the tests' own
        command, env={"PATH": os.environ["PATH"], **environ}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + _PATIENCE
            while not _answers(port):
                assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
                assert time.monotonic() < until, f"{command[0]} does not listen"
            yield
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
