"""What the tests of the audit share: records to look at and to leave, a world with a clock, answers that go wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx

from server.domain.audit import AuditRecord
from server.sandbox.app import create_sandbox
from server.sandbox.options import SandboxOptions
from server.settings import Settings
from server.store.store import Store
from tests.guards.scenarios import (
    GuardedCall,
)
from tests.harness import Hook, Sent
from tests.tools.expected import NOON


class Later:
    """A world whose time the test moves on."""

    def __init__(self) -> None:
        self.now = NOON
        self.sandbox = create_sandbox(SandboxOptions(clock=lambda: self.now))

    def pass_time(self, **given: float) -> None:
        self.now += timedelta(**given)


async def kept(path: Path) -> list[AuditRecord]:
    store = Store.from_settings(Settings(store=path))
    try:
        return [record async for page in store.audit.records() for record in page]
    finally:
        await store.aclose()


async def the_one(path: Path) -> AuditRecord:
    [record] = await kept(path)
    return record


async def lost(path: Path, *records: AuditRecord) -> None:
    """Leave what a process leaves that dies while it writes."""
    store = Store.from_settings(Settings(store=path))
    for record in records:
        await store.audit.attempt(record)
    await store.aclose()


def confirmation_of(call: GuardedCall) -> str:
    return "typed" if call.tool == "delete_campaign" else "yes"


def failing(status: int) -> Hook:
    """Make GitHub answer writes with `status`, without doing anything."""

    async def answer(sent: Sent) -> httpx.Response | None:
        told = {"x-github-request-id": "AB12:3CD4:5"}
        return None if sent.method == "GET" else httpx.Response(status, json={"message": "no"}, headers=told)

    return answer


async def lose(sent: Sent) -> httpx.Response | None:
    """Lose the answer to a write that GitHub never saw."""
    if sent.method == "GET":
        return None
    raise httpx.ReadError("cut off")
