"""The server as real processes, with made-up secrets wherever it takes any, and everything that left them."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mcp import Client, StdioServerParameters

from server.sandbox.options import ADMIN_TOKEN, DEFAULT_TOKENS, SandboxOptions
from tests.harness import MODES, Person
from tests.processes import environment, loopback_github
from tests.prove.canary_github import LeakyGitHub, Listener, listener
from tests.prove.canary_secrets import Canary, made_up

APP_ID = 7001
_PATIENCE = 120  # seconds for a process to end
# A shell writes the process's number down, then becomes it; what it says goes on to the client and into a file.
_OVERHEARD = 'sh -c \'echo $$ >"$PID"; exec "$@"\' sh "$@" 2>>"$ERR" | tee -a "$OUT"'


@dataclass
class Run:
    """One run: a folder, the secrets, a leaky GitHub, a host elsewhere, a collector; and what was seen to leave.

    Attributes:
        folder: everything is written here, by the processes in `left`, by the run itself in `own`.
        canaries: what must be found nowhere.
        left: what left otherwise, by a name for it.
        processes: how many were started.
        modes: of the files that were seen to be written, by path.
    """

    folder: Path
    github: LeakyGitHub
    elsewhere: Listener
    collector: Listener
    secrets: dict[str, str]
    canaries: list[Canary]
    left: dict[str, bytes] = field(default_factory=dict)
    processes: int = 0
    modes: dict[str, int] = field(default_factory=dict)

    @property
    def own(self) -> Path:
        """The files that hold the secrets, as an operator made them."""
        return self.folder / "own"

    @property
    def written(self) -> Path:
        """Where the processes write."""
        return self.folder / "written"

    def keep(self, name: str, content: bytes | str) -> None:
        """Note something that left."""
        self.left[name] = self.left.get(name, b"") + (content if isinstance(content, bytes) else content.encode())

    def environ(self, **more: str) -> dict[str, str]:
        """Return the environment of a process: it holds secrets, as it may, and sends traces to the collector."""
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_API_URL": self.github.url,
            "SECURITY_CAMPAIGNS_WRITE_SPACING": "0",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{self.secrets['collector']}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        return {**environment(), **own, **more}

    def note_command_line(self, pid: int | str) -> None:
        """Keep what every user of the machine can see of a process."""
        self.processes += 1
        self.keep("/proc/PID/cmdline", Path(f"/proc/{pid}/cmdline").read_bytes() + b"\n")

    def command(self, *arguments: str, module: str = "security_campaigns_mcp", **environ: str) -> int:
        """Run a command to its end and keep what it prints."""
        with subprocess.Popen(  # noqa: S603 - the arguments are our own
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environ(**environ),
        ) as process:
            self.note_command_line(process.pid)
            out, err = process.communicate(timeout=_PATIENCE)
        self.keep(f"stdout of {arguments[0]}", out)
        self.keep(f"stderr of {arguments[0]}", err)
        return process.returncode

    @asynccontextmanager
    async def over_stdio(
        self, era: str, person: Person, *arguments: str, module: str = "security_campaigns_mcp", **environ: str
    ) -> AsyncIterator[Client]:
        """Serve over stdio; every byte that the process writes is kept."""
        files = {name: self.folder / f"{name}-{self.processes}" for name in ("OUT", "ERR", "PID")}
        process = StdioServerParameters(
            command="/bin/sh",
            args=["-c", _OVERHEARD, "sh", sys.executable, "-m", module, "--org", "octo-org", *arguments],
            env=self.environ(**environ, **{name: str(file) for name, file in files.items()}),
        )
        async with Client(process, mode=MODES[era], elicitation_callback=person) as client:
            self.note_command_line(files["PID"].read_text().strip())
            yield client
        self.keep(f"stdout over stdio, {era}", files["OUT"].read_bytes())
        self.keep(f"stderr over stdio, {era}", files["ERR"].read_bytes())

    def by_hand(self, era: str, messages: Sequence[Mapping[str, Any]]) -> bytes:
        """Serve over stdio, send one message after the other as it is, and return all that was said to them."""
        written = self.written
        arguments = ["--org", "octo-org", "--store", str(written / "store.sqlite3"), "--log-level", "debug"]
        traces = {"OTEL_TRACES_EXPORTER": "console,otlp"}
        said = b""
        with (
            (self.folder / "ERR by hand").open("w+b") as err,
            subprocess.Popen(  # noqa: S603 - as above
                [sys.executable, "-m", "security_campaigns_mcp", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                env=self.environ(GITHUB_TOKEN=self.secrets["GitHub token"], **traces),
            ) as process,
        ):
            watch = threading.Timer(_PATIENCE, process.kill)
            watch.start()
            assert process.stdin
            assert process.stdout
            for number, message in enumerate(messages):
                sent = {**message, "id": number} if "id" in message else message
                process.stdin.write(json.dumps(sent).encode() + b"\n")
                process.stdin.flush()
                while "id" in sent:
                    said += (line := process.stdout.readline())
                    assert line, f"it has ended after {message}"
                    if json.loads(line).get("id") == number:
                        break
            said += process.communicate()[0]
            watch.cancel()
            err.seek(0)
            self.keep(f"stderr by hand, {era}", err.read())
        self.processes += 1
        return said

    def everything(self) -> dict[str, bytes]:
        """Return all that left: what was kept, every file that was written, and what the collector got."""
        files = {
            f"the file {file.relative_to(self.written)}": file.read_bytes()
            for file in sorted(self.written.rglob("*"))
            if file.is_file()
        }
        # The header field that the collector asks for is for it alone; the spans are in the bodies.
        spans = [each.replace(self.secrets["collector"].encode(), b"") for each in self.collector.received]
        return {**self.left, **files, "telemetry": b"\n".join(spans), "elsewhere": b"\n".join(self.elsewhere.received)}

    def look(self) -> None:
        """Note the modes of the files that are there now, and keep those that go when a process ends."""
        for file in sorted(self.written.rglob("*")):
            if file.is_file():
                name = str(file.relative_to(self.written))
                self.modes[name] = stat.S_IMODE(file.stat().st_mode)
                if file.suffix in (".sqlite3-wal", ".sqlite3-shm"):
                    self.keep(f"the file {name}", file.read_bytes())

    def open_files(self) -> list[str]:
        """Name every file that was written and that others may read or change."""
        return [f"{name} has mode {mode:o}" for name, mode in self.modes.items() if mode & 0o077]


@contextmanager
def prepared(folder: Path, seed: int) -> Iterator[Run]:
    """Make the secrets and whatever the processes talk to, while the block runs."""
    chance = random.Random(seed)  # noqa: S311 - they guard nothing
    secrets = {
        "GitHub token": made_up(chance, "ghp_"),
        "collector": made_up(chance),
        "alert": made_up(chance),
        "state key": made_up(chance, length=43),
        "password": made_up(chance, length=24),
    }
    own, written = folder / "own", folder / "written"
    own.mkdir(mode=0o700)
    written.mkdir()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    for name, content in {
        "key.pem": pem,
        "token": secrets["GitHub token"],
        "state-keys": secrets["state key"],
        "pgpass": f"*:*:*:*:{secrets['password']}\n",
    }.items():
        (own / name).write_text(content)
        (own / name).chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    options = SandboxOptions(
        tokens={**DEFAULT_TOKENS, secrets["GitHub token"]: DEFAULT_TOKENS[ADMIN_TOKEN]},
        app_id=APP_ID,
        app_public_key=public.decode(),
        limits=False,
    )
    canaries = [
        Canary("the GitHub token", secrets["GitHub token"].removeprefix("ghp_")),
        Canary("the GitHub token in small letters", secrets["GitHub token"].removeprefix("ghp_").lower()),
        Canary("the collector's credential", secrets["collector"]),
        Canary("the secret of an alert", secrets["alert"]),
        Canary("the state key", secrets["state key"]),
        Canary("the database's password", secrets["password"]),
        Canary("the private key", "".join(pem.split("-----")[2].split())[40:], apart=8),
    ]
    with loopback_github(options, LeakyGitHub) as github, listener() as elsewhere, listener() as collector:
        assert isinstance(github, LeakyGitHub)
        github.elsewhere = elsewhere.url
        for alert in github.sandbox.state.secret_alerts("octo-org"):
            alert.secret = alert.resolution_comment = secrets["alert"]
        yield Run(folder, github, elsewhere, collector, secrets, canaries)


def spoken(value: Any) -> str:
    """Return everything that a client is told, as text."""
    return value.model_dump_json() if hasattr(value, "model_dump_json") else str(value)
