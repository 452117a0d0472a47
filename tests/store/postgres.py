"""A PostgreSQL server for the tests, from the binaries that the machine has."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

SUPERUSER, PASSWORD = "tester", "made-up-password"
_READY_WITHIN = 30  # seconds
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "log_min_messages=panic")


@dataclass
class Server:
    """A running server: without a password through its socket, with PASSWORD over TCP."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    def address(self, database: str, user: str = SUPERUSER) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def tcp_address(self, database: str, user: str = SUPERUSER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str, database: str = "postgres") -> None:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(sql)

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"kept_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name


def binaries() -> Path | None:
    """Return the folder with initdb and postgres, of the newest version that Debian's packages brought."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """Make a database cluster in a folder of its own, and serve it while the block runs."""
    account = _account()
    # Other users can always look into this home, and not always into the folder for temporary files.
    home = Path("~postgres").expanduser() if account else None
    with tempfile.TemporaryDirectory(prefix="pg", dir=home) as name:
        folder = Path(name)
        password = folder / "password"
        password.write_text(PASSWORD)
        if account:
            shutil.chown(folder, account["user"], account["group"])
            shutil.chown(password, account["user"], account["group"])
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        subprocess.run(  # noqa: S603 - Debian's program
            [
                programs / "initdb",
                *("--pgdata", folder / "data", "--username", SUPERUSER, "--pwfile", password),
                *("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            timeout=120,
            cwd=folder,
            env=environment,
            **account,
        )
        port = _free_port()
        settings = (*_FAST, "listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}")
        process = subprocess.Popen(  # noqa: S603 - likewise
            [programs / "postgres", "-D", folder / "data", *(part for each in settings for part in ("-c", each))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            **account,
        )
        try:
            server = Server(folder, port, process)
            _wait_for(server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # disconnects who is there and stops
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


def _account() -> dict[str, Any]:
    """Return as whom the server runs: it refuses to be root's."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": ()}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(server: Server) -> None:
    until = time.monotonic() + _READY_WITHIN
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)  # a process elsewhere has no event to wait for
        else:
            return
