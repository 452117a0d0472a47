"""The whole of it: database, GitHub, replicas, balancer, clients, somebody who kills replicas, and the verdict."""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import psycopg
from anyio.abc import ObjectReceiveStream

from server.signin.static_tokens import new_token
from tests.cluster.github import IN_EACH, ClusterGitHub, github_of, open_alerts, org_name, token_of
from tests.cluster.load import LATER, LEGACY, WAYS, Intention, Said, Worker, client_at
from tests.cluster.replicas import ReplicaProcess, balancer, free_ports
from tests.cluster.verdict import Verdict, judge
from tests.processes import Clock, environment, serving
from tests.store import postgres

REPLICAS = 3
_EVERY_LEGACY = 8  # one in so many deletions is wanted by a client of 2025
_BEYOND_GRACE = timedelta(minutes=5)
_AIM = 5.0  # seconds to wait for a write to be under way

Say = Callable[[str], None]


@dataclass
class Stage:
    """Everything that runs.

    Attributes:
        url: of MCP, at the balancer.
        token: a caller's.
        store: the database's address.
    """

    github: ClusterGitHub
    clock: Clock
    replicas: list[ReplicaProcess]
    url: str
    token: str
    store: str
    folder: Path
    killed: list[str] = field(default_factory=list)


@contextmanager
def stage(folder: Path, server: postgres.Server, organizations: int) -> Iterator[Stage]:
    """Start everything in a folder, with a new database."""
    database = server.new_database()
    store = server.address(database)
    clock = Clock()
    github = github_of(REPLICAS, organizations, clock)
    keys, tokens = folder / "keys", folder / "tokens"
    keys.write_text(secrets.token_urlsafe(32))
    keys.chmod(0o600)
    token = new_token(tokens, "anna", ("campaigns:read", "campaigns:write"), None, datetime.now(UTC) + timedelta(1))
    with ExitStack() as stack:
        stack.enter_context(serving(github))
        replicas = []
        for number, port in enumerate(free_ports(REPLICAS)):
            arguments = [f"--tokens={tokens}", f"--state-keys={keys}", f"--store={store}", "--write-spacing=0"]
            environ = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": token_of(number)}
            replica = ReplicaProcess(number, port, arguments, environ, folder / f"replica-{number}.log")
            stack.callback(replica.stop)
            replicas.append(replica)
        url = stack.enter_context(balancer(folder / "nginx", replicas))
        github.audit = stack.enter_context(psycopg.connect(store, autocommit=True))
        yield Stage(github, clock, replicas, url, token, store, folder)


def intentions_for(github: ClusterGitHub, each: int) -> list[Intention]:
    """Return so many deletions and as many creations in all organizations, mixed, the same each time."""
    wanted = []
    for index in range(each):
        org, number = org_name(index // IN_EACH), index % IN_EACH + 1
        era = LEGACY if index % _EVERY_LEGACY == 0 else "2026-07-28"
        delete = {"org": org, "campaign_number": number}
        wanted.append(Intention("delete_campaign", delete, str(number), era, WAYS[index % len(WAYS)]))
        name = f"New {index}"
        create = {
            "org": org,
            "name": name,
            "description": f"Campaign number {index}.",
            "ends_at": "2099-01-08",
            "alerts": open_alerts(github, org),
            "generate_issues": True,
        }
        wanted.append(Intention("create_campaign", create, name, way=WAYS[index % len(WAYS)]))
    random.Random(5).shuffle(wanted)  # noqa: S311 - clients in one organization wait for each other
    return wanted


async def play(on: Stage, each: int, kills: int, clients: int, say: Say) -> tuple[Verdict, Said]:
    """Let clients have their way while replicas are killed, settle what is unknown, and judge."""
    intentions, said = intentions_for(on.github, each), Said()
    milestones = [2 * each * (kill + 1) // (kills + 1) for kill in range(kills)]
    send, receive = anyio.create_memory_object_stream[int](len(milestones))

    def on_ended(ended: int) -> None:
        if ended in milestones:
            send.send_nowait(ended)

    said.on_ended = on_ended
    began = time.monotonic()
    killed = anyio.Event()
    async with anyio.create_task_group() as group, send, receive:
        group.start_soon(_kill, on, receive, kills, say, killed)
        async with anyio.create_task_group() as load:
            rest = iter(intentions)
            for _ in range(clients):
                load.start_soon(Worker(on.url, on.token, said).run, rest)
        took = time.monotonic() - began
        await killed.wait()
    say(f"{2 * each} intentions took {took:.0f} s")
    await settle_all(on)
    put_off = [intention for intention in intentions if intention.told == LATER]
    for intention in put_off:
        intention.told, intention.tries = "", 0
    await Worker(on.url, on.token, said).run(iter(put_off))
    verdict = judge(intentions, on.github.seen, records(on), _exist(on))
    verdict.faults += _badly_ended(on)
    verdict.rows = [
        ("replicas, clients at once, seconds", f"{REPLICAS}, {clients}, {took:.0f}"),
        ("replicas ended", ", ".join(f"{name} {count}" for name, count in _endings(on).items())),
        ("of them with a write under way", sum(map(bool, on.killed))),
        *verdict.rows,
        ("put off for two minutes", len(put_off)),
        ("questions", said.questions),
    ]
    return verdict, said


async def _kill(on: Stage, receive: ObjectReceiveStream[int], kills: int, say: Say, killed: anyio.Event) -> None:
    """Kill a replica at each milestone, in turn, with SIGKILL and SIGTERM by turns, and start it again.

    Every kill waits for a write of that replica to be under way, but every third of either kind does not.
    """
    for kill in range(kills):
        ended = await receive.receive()
        replica = on.replicas[kill % len(on.replicas)]
        how = signal.SIGKILL if kill % 2 == 0 else signal.SIGTERM
        aimed = False
        if kill // 2 % 3 != 2:
            aimed = await anyio.to_thread.run_sync(on.github.wait_for_write_of, replica.number, _AIM)
        await anyio.to_thread.run_sync(replica.end, how)
        on.killed.append("write" if aimed else "")
        await anyio.to_thread.run_sync(replica.start)
        say(f"{how.name} to replica {replica.number} after {ended}")
    killed.set()


async def settle_all(on: Stage) -> None:
    """Start all replicas anew, let the grace pass, and call one of them once for each organization."""
    async with anyio.create_task_group() as group:
        for replica in on.replicas:
            group.start_soon(anyio.to_thread.run_sync, replica.end, signal.SIGTERM)
    on.clock.ahead += _BEYOND_GRACE
    replica = on.replicas[0]
    await anyio.to_thread.run_sync(replica.start)
    async with client_at(replica.url, on.token, "2026-07-28") as client:
        for org in sorted(on.github.sandbox.state.organizations):
            if org.startswith("team-"):
                answer = await client.call_tool("list_campaigns", {"org": org})
                assert not answer.is_error, answer
    for replica in on.replicas[1:]:
        await anyio.to_thread.run_sync(replica.start)


def records(on: Stage) -> list[dict[str, Any]]:
    """Return what the audit command writes."""
    told = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "security_campaigns_mcp", "audit", "--store", on.store, "--format", "jsonl"],
        env={"PATH": os.environ["PATH"], **environment(GITHUB_API_URL=on.github.url)},
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


def _exist(on: Stage) -> Iterator[tuple[str, str, str]]:
    for org, organization in on.github.sandbox.state.organizations.items():
        if org.startswith("team-"):
            for number in range(1, IN_EACH + 1):
                if number not in organization.campaigns:
                    yield "delete_campaign", org, str(number)
            for campaign in organization.campaigns.values():
                if campaign.number > IN_EACH:
                    yield "create_campaign", org, campaign.name


def _endings(on: Stage) -> dict[str, int]:
    names = [name for replica in on.replicas for name, _ in replica.endings]
    return {name: names.count(name) for name in sorted(set(names))}


def _badly_ended(on: Stage) -> list[str]:
    wanted = {"SIGKILL": -signal.SIGKILL, "SIGTERM": 0}
    return [
        f"replica {replica.number} ended with {status} on {name}"
        for replica in on.replicas
        for name, status in replica.endings
        if status != wanted[name]
    ]
