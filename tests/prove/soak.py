"""A hundred thousand mixed calls over stdio and HTTP: `python -m tests.prove.soak`, or `make soak`. Prints a table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from server.sandbox.options import SandboxOptions
from tests.harness import ORG, open_pairs
from tests.http.service import make_token
from tests.processes import LoopbackGitHub, loopback_github
from tests.prove.__main__ import table
from tests.prove.endurance_calls import Caller
from tests.prove.endurance_clients import Client, PipeClient
from tests.prove.endurance_measures import Watch
from tests.prove.endurance_processes import faults_at_end, over_http, over_stdio
from tests.prove.endurance_sockets import HttpClient
from tests.prove.endurance_traces import traces
from tests.prove.fuzz_wire import HANDSHAKE, MODERN
from tests.prove.parts import Findings, Say, Size

CALLS = 100_000
_ERAS = (MODERN, HANDSHAKE)
_CLIENTS = 8
"""Two for each era over stdio and over HTTP. Half of them have a campaign of their own: GitHub lets ten be open."""
_SESSION = 40
"""After so many calls a client over HTTP ends its session and connections, and begins anew."""
_SESSIONS = 8
"""That there may be at once: a caller has two, of which it leaves one behind."""


@dataclass
class CountingGitHub(LoopbackGitHub):
    """Counts the writes that reach it and keeps no list, which would grow."""

    written: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        while self.sent:
            self.written += self.sent.pop().method != "GET"


@dataclass
class Run:
    """A soak under way."""

    calls: int
    seed: int
    say: Say
    folder: Path
    github: CountingGitHub
    findings: Findings
    watches: list[Watch] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options of every process; they share a store, as those of one user do."""
        store, log = str(self.folder / "store.sqlite3"), str(self.folder / "audit.log")
        return ("--org", ORG, "--store", store, "--audit-log", log, "--write-spacing", "0")

    def watch(self, name: str, pid: int, clients: int) -> Watch:
        watch = Watch(name, pid, self.calls // _CLIENTS * clients, urlsplit(self.github.url).port or 0)
        self.watches.append(watch)
        return watch

    def caller(self, name: str, client: Client, *, changes: bool) -> Caller:
        alerts = open_pairs(self.github.sandbox, 1) if changes else []
        self.callers.append(Caller(name, self.seed, client.leavings, alerts))
        return self.callers[-1]

    async def work(self, caller: Caller, client: Client, watch: Watch) -> None:
        """Let a client make its share of the calls, one after the other."""
        for number in range(self.calls // _CLIENTS):
            if isinstance(client, HttpClient) and number % _SESSION == _SESSION - 1:
                await client.close()
                await client.open()
            call = caller.next()
            try:
                if call.leaves:
                    self.findings.faults += await client.give_up(call.leaves, call.method, call.params)
                else:
                    answer = await client.ask(call.method, call.params, call.answer)
                    self.findings.faults += caller.note(call, answer)
            except (OSError, EOFError, TimeoutError) as problem:
                self.findings.faults.append(f"{caller.name} came no further: {call.what}: {problem!r}")
                return
            self.findings.tried += 1
            self.kinds[call.what] += 1
            watch.count()
            if self.findings.tried % max(1, self.calls // 20) == 0:
                self.say(f"{self.findings.tried:,} calls")


async def soak(calls: int, seed: int, say: Say) -> Findings:
    """Make so many calls from eight clients of three processes, and look at the processes meanwhile and after."""
    findings = Findings("mixed calls over stdio and HTTP")
    with (
        tempfile.TemporaryDirectory() as folder,
        loopback_github(SandboxOptions(limits=False), kind=CountingGitHub) as github,
    ):
        assert isinstance(github, CountingGitHub)
        campaigns = github.sandbox.state.organization(ORG).campaigns
        seeded = set(campaigns)
        run = Run(calls, seed, say, Path(folder), github, findings)
        began = time.perf_counter()
        async with AsyncExitStack() as stack:
            works = [await stack.enter_async_context(_over_stdio(run, era)) for era in _ERAS]
            works.append(await stack.enter_async_context(_over_http(run)))
            async with asyncio.TaskGroup() as together:
                for caller, client, watch in (each for work in works for each in work):
                    together.create_task(run.work(caller, client, watch))
            seconds = time.perf_counter() - began
        mine = {caller.number for caller in run.callers if caller.number is not None}
        if set(campaigns) != seeded | mine:
            findings.faults.append(f"GitHub has campaigns {sorted(campaigns)}, the clients know of {sorted(mine)}")
        _look_at_what_is_kept(run)
    findings.rows += [("calls a second", round(findings.tried / seconds)), ("writes", github.written)]
    findings.rows += [(f"calls: {what}", count) for what, count in sorted(run.kinds.items())]
    findings.rows.append(("calls cancelled over stdio that never had a result", run.cut_off))
    findings.rows += [watch.row for watch in run.watches]
    findings.faults += [fault for watch in run.watches for fault in watch.faults()]
    return findings


Work = list[tuple[Caller, Client, Watch]]


@asynccontextmanager
async def _over_stdio(run: Run, era: str) -> AsyncIterator[Work]:
    """Start a process with a client that has two calls under way; of the two only one changes anything."""
    name = f"stdio, {era}"
    async with over_stdio(run.github, run.folder / f"stderr {era}", era, *run.arguments) as running:
        client = running.client
        assert isinstance(client, PipeClient)
        watch = run.watch(name, running.pid, 2)
        yield [(run.caller(f"stdio {era} {each}", client, changes=each == 0), client, watch) for each in range(2)]
        run.cut_off += client.cut_off
        run.findings.faults += faults_at_end(name, running.said, await client.close(), 0)
        if client.strays:
            run.findings.faults.append(f"{name}: nobody asked for {client.strays[:3]}")


@asynccontextmanager
async def _over_http(run: Run) -> AsyncIterator[Work]:
    """Start the service, with two clients of each era, one of which changes campaigns; two sign in as one caller."""
    file = run.folder / "tokens"
    tokens = [make_token(file, name) for name in ("anna", "ben")]
    options = ("--tokens", str(file), "--max-sessions", str(_SESSIONS))
    async with over_http(run.github, tokens[0], MODERN, *run.arguments, *options) as running:
        assert isinstance(running.client, HttpClient)
        assert running.service
        watch = run.watch("HTTP, both eras", running.pid, 4)
        clients = [running.client.another(era, token) for era in _ERAS for token in tokens]
        for client in clients:
            await client.open()
        yield [
            (run.caller(f"HTTP {client.era} {each}", client, changes=each % 2 == 0), client, watch)
            for each, client in enumerate(clients)
        ]
        for client in [*clients, running.client]:
            await client.close()
        running.service.stop()
        run.findings.faults += faults_at_end("HTTP", running.said, await running.ended(), 0)


def _look_at_what_is_kept(run: Run) -> None:
    """Hold the store and the audit log against what GitHub was told and what the clients know."""
    kept = traces(run.folder / "store.sqlite3", run.folder / "audit.log")
    run.findings.faults += kept.faults
    written = sum(caller.written for caller in run.callers)
    told = (run.github.written, kept.outcomes["done"])
    if told != (written, written):
        run.findings.faults.append(f"the clients know of {written} writes, GitHub and the audit of {told}")
    if left := kept.outcomes["intended"] + kept.outcomes["unknown"]:
        run.findings.faults.append(f"{left} records of the audit have no ending")


def main() -> int:
    """Make the calls; return 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(description="Make mixed calls for long, and look whether anything grows.")
    parser.add_argument("--calls", type=int, default=CALLS, help=f"{CALLS:,} by default")
    parser.add_argument("--seed", type=int, default=Size.seed, help="where chance begins")
    asked, began = parser.parse_args(), time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - it takes long

    findings = asyncio.run(soak(asked.calls, asked.seed, say))
    print(table({"soak": findings}))  # noqa: T201 - this is the result
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
