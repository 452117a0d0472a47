"""Where processes are ended in the middle of something, and the start after it, which must find everything whole."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.harness import ORG, open_pairs
from tests.http.service import make_token
from tests.processes import Clock
from tests.prove.endurance_clients import Message
from tests.prove.endurance_processes import HeldGitHub, Running, faults_at_end, over_http, over_stdio
from tests.prove.endurance_traces import Traces, traces
from tests.prove.fuzz_verdict import refused

_LATER = timedelta(minutes=5)
"""How much later the next process starts: a write may be under way for two minutes."""
NAME = "Unsafe deserialization"


@dataclass
class Stage:
    """What an ending is tried with: a folder, a GitHub and its time, and the server over stdio or HTTP."""

    folder: Path
    github: HeldGitHub
    clock: Clock
    way: str
    era: str

    @property
    def store(self) -> Path:
        return self.folder / "store.sqlite3"

    @property
    def log(self) -> Path:
        return self.folder / "audit.log"

    def start(self, *more: str) -> AbstractAsyncContextManager[Running]:
        """Start a process."""
        kept = ("--store", str(self.store), "--audit-log", str(self.log), "--write-spacing", "0")
        arguments = ("--org", ORG, *kept, "--confirm", "never", *more)
        if self.way == "stdio":
            return over_stdio(self.github, self.folder / "stderr", self.era, *arguments)
        tokens = self.folder / "tokens"
        token = make_token(tokens, f"caller {len(list(self.folder.iterdir()))}")
        return over_http(self.github, token, self.era, "--tokens", str(tokens), *arguments)

    def create(self, name: str = NAME) -> Message:
        new = {"name": name, "description": "No code in data.", "ends_at": "2099-01-08"}
        return tool("create_campaign", **new, alerts=open_pairs(self.github.sandbox, 1))

    def published(self, name: str = NAME) -> int:
        """Return how many campaigns of that name GitHub has."""
        campaigns = self.github.sandbox.state.organization(ORG).campaigns.values()
        return sum(campaign.name == name for campaign in campaigns)

    def left(self) -> Traces:
        """Return what is kept at this moment."""
        return traces(self.store, self.log)


def tool(tool: str, /, **arguments: Any) -> Message:
    return {"name": tool, "arguments": arguments}


async def call(running: Running, params: Message) -> Message:
    return await running.client.ask("tools/call", params)


def send(running: Running, what: signal.Signals) -> None:
    os.kill(running.pid, what)


async def next_start(stage: Stage) -> list[str]:
    """Start a process some minutes later, which settles what is left and writes anew."""
    faults: list[str] = []
    await asyncio.to_thread(all_answered, stage.github)
    stage.github.held = ""
    stage.clock.ahead += _LATER
    async with stage.start() as running:
        calls = (tool("list_campaigns"), stage.create("Another one"), tool("list_campaigns"))
        answers = [await call(running, params) for params in calls]
        faults += [f"the next process answers with {str(answer)[:400]}" for answer in answers if refused(answer)]
        send(running, signal.SIGTERM)
        faults += faults_at_end("the next process", running.said, await running.ended(), 0)
    left = stage.left()
    wanted = stage.published() + stage.published("Another one")
    if stage.published() > 1 or stage.published("Another one") != 1:
        faults.append(f"GitHub has {stage.published()} and {stage.published('Another one')} of the campaigns")
    if left.outcomes["intended"] or left.outcomes["done"] != wanted:
        faults.append(f"after the next start the audit says {dict(left.outcomes)}, GitHub has {wanted} campaigns")
    return [*faults, *left.faults]


def all_answered(github: HeldGitHub) -> None:
    """Wait until GitHub has carried out what reached it, though nobody waits for the answer."""
    github.idle.wait(30)
