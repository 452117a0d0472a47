"""Four weeks of the sandbox that the pictures show: what a server that was there all the time tells at their end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import anyio
import httpx

from server.commands import ReportWanted, run_report, run_snapshot
from server.github.credentials import FixedToken
from server.sandbox.app import create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.sandbox.world import AlertKey, Outcome
from server.settings import Settings
from tests.harness import ORG, connected

_BEGIN = datetime(2026, 5, 18, 6, 15, tzinfo=UTC)  # a Monday, and the hour of cron in docs/how-to/weekly-report.md
_WEEK_AGO = datetime(2026, 6, 8, tzinfo=UTC)
_NEW = {
    "name": "Critical and high in payments",
    "description": "What an attacker reaches first. Start with the card form; pair with AppSec on the rest.",
    "ends_at": "2026-06-30",
    "managers": ["mona-lisa"],
    "filter": {"repositories": ["payments-*"], "severities": ["critical", "high"]},
}
_CLOSED = {
    "Critical and high in payments": "01021 20312 01210 32131",
    "Path traversal": "00110 10010 01110 01011",
    "Log injection": "10000 01000 00100 10000",
    "Cross-site scripting in payments": "00100 10010 00000 00000",
}
"""How many alerts of each campaign were closed on each day of the four working weeks."""


class Month(NamedTuple):
    """What was told at its end.

    Attributes:
        result: of `report_progress` about the campaign that was published at the beginning, as a host passes it on.
        arguments: what the tool was called with.
        file: what `report --format html` wrote about all open campaigns.
    """

    result: dict[str, Any]
    arguments: dict[str, Any]
    file: str


def play_month(folder: Path) -> Month:
    """Play the four weeks, with a snapshot every morning. The same comes out every time.

    Args:
        folder: an empty one, for the store and the report.
    """
    played = _Played(folder)
    with played.one_time(), redirect_stdout(TextIOWrapper(BytesIO())):
        number = anyio.run(played.publish)
        for day in range(28):
            played.wake(day)
        arguments = {"campaign_number": number, "since": _WEEK_AGO.date().isoformat()}
        return Month(anyio.run(played.told, arguments), arguments, played.file())


class _Played:
    def __init__(self, folder: Path) -> None:
        self._now = _BEGIN
        self._folder = folder
        self._store = folder / "store.sqlite3"
        self._sandbox = create_sandbox(SandboxOptions(clock=lambda: self._now))

    @contextmanager
    def one_time(self) -> Iterator[None]:
        """Have this machine's clock show the sandbox's time, so that every report is about that very second."""
        with patch("server.github.clock.datetime", SimpleNamespace(now=lambda _: self._now)):
            yield

    async def publish(self) -> int:
        """Publish the campaign as an assistant does, and return its number."""
        async with connected(sandbox=self._sandbox, store=self._store) as case:
            draft = await case.done("create_campaign", **_NEW, dry_run=True)
            made = await case.done("create_campaign", **_NEW, preview=draft["preview"])
        return int(made["campaign"]["number"])

    def wake(self, day: int) -> None:
        """Take the morning's snapshot, close the day's alerts, and go on to the next morning."""
        morning = _BEGIN + timedelta(days=day)
        run_snapshot(self._settings(), **self._given())
        week, weekday = divmod(day, 7)
        for campaign in self._sandbox.state.organization(ORG).campaigns.values():
            closed = _CLOSED.get(campaign.name, "").split()
            self._now = morning + timedelta(hours=8)
            if closed and weekday < 5:
                self._close(campaign.alerts, int(closed[week][weekday]))
        self._now = morning + timedelta(days=1)

    def _close(self, keys: Sequence[AlertKey], several: int) -> None:
        state = self._sandbox.state
        left = sorted((key for key in keys if state.alert(*key).state == "open"), key=lambda key: key[::-1])
        for key in left[:several]:
            outcome: Outcome = "dismissed" if key.alert_number % 5 == 0 else "fixed"
            state.close_alert(key.repository_id, key.alert_number, outcome)
        for key in left[several : several + 4]:
            state.start_alert(*key)

    async def told(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the result of `report_progress`."""
        async with connected(sandbox=self._sandbox, store=self._store) as case:
            result = await case.call("report_progress", **arguments)
        return result.model_dump(mode="json", by_alias=True, exclude_none=True)

    def file(self) -> str:
        """Return what the command writes for a reader without an assistant."""
        file = self._folder / "week.html"
        wanted = ReportWanted(None, _WEEK_AGO, "html", file)
        run_report(self._settings(), wanted, **self._given())
        return file.read_text(encoding="utf-8")

    def _settings(self) -> Settings:
        return Settings(org=ORG, store=self._store)

    def _given(self) -> dict[str, Any]:
        transport = httpx.ASGITransport(app=self._sandbox)
        return {"credentials": FixedToken(ADMIN_TOKEN, "the script"), "transport": transport}
