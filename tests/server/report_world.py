"""The sandbox at a moment, with a store, for the commands that look once and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx

from server.commands import ReportWanted, run_report, run_snapshot
from server.domain.snapshots import Snapshot
from server.github.credentials import FixedToken
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from server.store.store import Store
from tests.harness import ORG, Hook, Recorder, Sent

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MARKDOWN = ReportWanted(None, None, "markdown", None)


class World:
    """The sandbox at a moment that the test sets, what left for it, and a store.

    Without a token the credentials are those of the settings.
    """

    def __init__(self, store: Path, **options: Any) -> None:
        self.now = NOON
        self.sandbox: Sandbox = create_sandbox(SandboxOptions(clock=lambda: self.now, **options))
        self.recorder = Recorder(httpx.ASGITransport(app=self.sandbox))
        self.store = store
        self.token: str | None = ADMIN_TOKEN

    def given(self) -> dict[str, Any]:
        credentials = FixedToken(self.token, "the test") if self.token else None
        return {"credentials": credentials, "transport": self.recorder}

    def settings(self, **changed: Any) -> Settings:
        return Settings(**{"org": ORG, "store": self.store, **changed})

    def snapshot(self, **settings: Any) -> int:
        return run_snapshot(self.settings(**settings), **self.given())

    def report(self, wanted: ReportWanted = MARKDOWN, **settings: Any) -> int:
        return run_report(self.settings(**settings), wanted, **self.given())

    @property
    def open_numbers(self) -> list[int]:
        return [each.number for each in self.sandbox.state.organization(ORG).campaigns.values() if each.state == "open"]

    async def history(self, number: int) -> list[Snapshot]:
        created_at = self.sandbox.state.campaign(ORG, number).created_at
        store = Store("api.github.com", self.store)
        try:
            return await store.history(ORG, number, created_at)
        finally:
            await store.aclose()

    async def last_report(self, host: str = "api.github.com") -> datetime | None:
        store = Store(host, self.store)
        try:
            return await store.last_report(ORG)
        finally:
            await store.aclose()


def kept(world: World, number: int) -> list[Snapshot]:
    return anyio.run(world.history, number)


def reported_at(world: World) -> datetime | None:
    return anyio.run(world.last_report)


def just_after(moment: datetime, told: datetime | None) -> bool:
    """Whether a time is that of GitHub's answer, which this machine's clock has carried on by very little."""
    return told is not None and moment <= told < moment + timedelta(minutes=5)


def refuse(status: int) -> Hook:
    async def hook(sent: Sent) -> httpx.Response | None:
        return httpx.Response(status, json={"message": "no"})

    return hook


def nobody_there(world: World, *more: tuple[str, httpx.Response]) -> Hook:
    """octo-labs has no campaign; other answers are as said here."""
    answers = {"/orgs/octo-labs/campaigns": httpx.Response(200, json=[]), **dict(more)}

    async def hook(sent: Sent) -> httpx.Response | None:
        return answers.get(sent.path)

    return hook
