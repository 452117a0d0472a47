"""Ways for a test to reach a sandbox, and a clock that it can move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from server.sandbox.app import Sandbox
from server.sandbox.options import SANDBOX_TOKEN
from server.sandbox.world import Alert
from tests.sandbox.contract import ContractTransport

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@asynccontextmanager
async def connect(sandbox: Sandbox, token: str | None = SANDBOX_TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a sandbox; what comes back is held against GitHub's OpenAPI, and so is what goes out if accepted."""
    options = sandbox.options
    transport = ContractTransport(
        httpx.ASGITransport(sandbox),
        shape=options.shape,
        hold_requests=False,
        secret_campaigns=options.secret_campaigns,
    )
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.github.com", headers=headers) as client:
        yield client


def open_alerts(sandbox: Sandbox, org: str = "octo-org") -> list[Alert]:
    return sorted((alert for alert in sandbox.state.alerts(org) if alert.state == "open"), key=lambda alert: alert.key)


def campaign_body(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """A body that creates a campaign of three alerts; a change to None leaves a field out."""
    first, second, third = open_alerts(sandbox)[0], open_alerts(sandbox)[1], open_alerts(sandbox)[-1]
    body: dict[str, Any] = {
        "name": "Critical alerts",
        "description": "Fix what is critical first.",
        "ends_at": "2026-09-01T00:00:00Z",
        "managers": ["mona-lisa"],
        "code_scanning_alerts": [
            {"repository_id": first.repository_id, "alert_numbers": [first.number, second.number]},
            {"repository_id": third.repository_id, "alert_numbers": [third.number]},
        ],
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
