"""Putting a past into a store: readings of the sandbox's campaigns, and the alerts that they were published with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.domain.snapshots import Snapshot
from server.sandbox.app import Sandbox
from server.settings import Settings
from server.store.records import KeptAlert, Publication
from server.store.store import Store
from tests.prompts.asking import SETTINGS

ORG = "octo-org"
NUMBER = 5  # 31 of 34 closed, from 6 May to noon on 10 June
NOW = datetime(2026, 6, 1, 13, tzinfo=UTC)


def keeping(path: Path) -> Settings:
    return replace(SETTINGS, store=path, no_store=False)


async def remember(path: Path, sandbox: Sandbox, days_ago: float, closed: int, number: int = NUMBER) -> None:
    """Store a reading of the past."""
    campaign = sandbox.state.campaign(ORG, number)
    open_count = len(campaign.alerts) - closed
    reading = Snapshot(NOW - timedelta(days=days_ago), open_count, 0, closed, campaign.ends_at, "open")
    assert await Store.from_settings(keeping(path)).note(ORG, number, campaign.created_at, reading)


async def know_the_alerts(path: Path, sandbox: Sandbox, number: int = NUMBER, called: str | None = None) -> None:
    """Store which alerts a campaign was published with, as if this server had published it."""
    campaign = sandbox.state.campaign(ORG, number)
    alerts = []
    for key in campaign.alerts:
        repository = sandbox.state.organization(ORG).repositories[key.repository_id]
        severity = sandbox.state.alert(*key).rule.security_severity_level
        alerts.append(KeptAlert(*key, called or repository.name, severity))
    publication = Publication(ORG, "code", campaign.name, campaign.ends_at, tuple(alerts), campaign.created_at)
    store = Store.from_settings(keeping(path))
    await store.published(await store.intend(publication), number, campaign.created_at)
