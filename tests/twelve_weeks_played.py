"""The campaign of twelve weeks in the sandbox, whose clock is moved from Monday to Monday."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple, get_args

import anyio
import anyio.to_thread
import httpx
import pytest
from mcp_types import CallToolResult

from server.commands import ReportWanted, run_report, run_snapshot
from server.github.credentials import FixedToken
from server.report_formats import Format
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.sandbox.world import AlertKey
from server.settings import Settings
from tests.domain.progress_samples import END, START, at
from tests.harness import MODES, ORG, Case, Sent, connected, open_pairs
from tests.twelve_weeks import CAME_BACK, CLOSED, TOTAL, closings

AT_ONCE = 5
"""So many of the alerts that are left are in progress."""


class Monday(NamedTuple):
    """What was told on one of them.

    Attributes:
        week: its number.
        result, sent: of report_progress, and what it asked GitHub.
        reports: what `report` wrote.
        left: how many alerts were left at the ends of the days so far, as the alerts' own times show it on this Monday.
    """

    week: int
    result: CallToolResult
    sent: Sequence[Sent]
    reports: Mapping[Format, str]
    left: Sequence[int]

    @property
    def report(self) -> dict[str, Any]:
        """What the tool told, as on the wire."""
        structure: dict[str, Any] = self.result.structured_content or {}
        return structure

    @property
    def campaign(self) -> dict[str, Any]:
        """The campaign in it."""
        [campaign] = self.report["campaigns"]
        return dict(campaign)


@cache
def mondays(*, known: bool) -> Sequence[Monday]:
    """Play the campaign once, however many tests look at it.

    Two servers, one for each of the protocol's eras, run all the time with one store and are asked in turn.

    Args:
        known: whether they published the campaign and so know its alerts. Otherwise it was published from elsewhere,
            and on every Monday `snapshot` runs first, as from cron.
    """
    with TemporaryDirectory() as folder:
        return anyio.run(_Played(Path(folder), known=known).mondays)


class _Played:
    def __init__(self, folder: Path, *, known: bool) -> None:
        self._folder = folder
        self._known = known
        self._store = folder / "store.sqlite3"
        self._world = _World()
        self._number = 0

    async def mondays(self) -> list[Monday]:
        async with AsyncExitStack() as open_servers:
            open_servers.enter_context(self._world.one_time())
            servers = [await open_servers.enter_async_context(self._server(era, self._store)) for era in MODES]
            if self._known:
                await self._publish(servers[0])
            else:
                async with self._server(next(iter(MODES)), self._folder / "elsewhere.sqlite3") as other:
                    await self._publish(other)
            return [await self._told(week, servers[week % len(servers)]) for week in range(len(CLOSED))]

    def _server(self, era: str, store: Path) -> Any:
        return connected(era, sandbox=self._world.sandbox, store=store)

    async def _publish(self, case: Case) -> None:
        fields = {"name": "Stop XSS in payments", "description": "Encode what you print.", "ends_at": END.isoformat()}
        done = await case.done("create_campaign", **fields, alerts=self._world.chosen())
        self._number = done["campaign"]["number"]

    async def _told(self, week: int, case: Case) -> Monday:
        self._world.play(week, self._number)
        if not self._known:
            assert await anyio.to_thread.run_sync(lambda: run_snapshot(self._settings(), **self._given())) == 0
        case.sent.clear()
        result = await case.call("report_progress", campaign_number=self._number)
        sent = list(case.sent)
        reports = {wanted: await anyio.to_thread.run_sync(self._report, wanted) for wanted in get_args(Format)}
        left = [self._world.left_at_the_end_of(day) for day in range(7 * week + 1)]
        return Monday(week, result, sent, reports, left)

    def _report(self, wanted: Format) -> str:
        """Return what `report` writes into a file."""
        file = self._folder / f"report.{wanted}"
        assert run_report(self._settings(), ReportWanted(self._number, None, wanted, file), **self._given()) == 0
        return file.read_text(encoding="utf-8")

    def _settings(self) -> Settings:
        return Settings(org=ORG, store=self._store)

    def _given(self) -> dict[str, Any]:
        transport = httpx.ASGITransport(app=self._world.sandbox)
        return {"credentials": FixedToken(ADMIN_TOKEN, "the test"), "transport": transport}


class _World:
    """The sandbox, in which alerts are closed as the table says."""

    def __init__(self) -> None:
        self._now = START
        self.sandbox: Sandbox = create_sandbox(SandboxOptions(clock=lambda: self._now))
        self._left: list[AlertKey] = []
        self._closed: dict[AlertKey, datetime] = {}
        """With when, in the order in which that happened."""
        self._closings = 0

    @contextmanager
    def one_time(self) -> Iterator[None]:
        """Have this machine's clock show the sandbox's time, so that a report is about that very second."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("server.github.clock.datetime", SimpleNamespace(now=lambda _: self._now))
            yield

    def chosen(self) -> list[dict[str, Any]]:
        """Return as many open alerts as the campaign has, as create_campaign takes them."""
        chosen, missing = [], TOTAL
        for pair in open_pairs(self.sandbox, 99):
            numbers = pair["alert_numbers"][:missing]
            missing -= len(numbers)
            chosen += [{**pair, "alert_numbers": numbers}] if numbers else []
        return chosen

    def play(self, week: int, number: int) -> None:
        """Go on to the midnight of a week's Monday, closing alerts of a campaign on the way."""
        state = self.sandbox.state
        if week == 0:
            self._left = list(state.campaign(ORG, number).alerts)
            for key in self._left:
                state.alert(*key).in_progress = False  # as some of the sandbox's are
        for key in list(self._closed)[: CAME_BACK.get(week, 0)]:
            self._now = at(7 * week - 6)
            state.reopen_alert(*key)
            del self._closed[key]
            self._left.append(key)
        for day in closings(week):
            self._now = at(day)
            key = self._left.pop(0)
            self._closings += 1
            state.close_alert(*key, "fixed" if self._closings % 7 else "dismissed")
            self._closed[key] = self._now
        assert self._now == at(7 * week)
        for key in self._left[:AT_ONCE]:
            state.start_alert(*key)

    def left_at_the_end_of(self, day: int) -> int:
        """Count the alerts left at the end of a day since the start, or now, by when those closed now were closed."""
        until = min(at(day + 1) - timedelta(seconds=1), self._now)
        return TOTAL - sum(moment <= until for moment in self._closed.values())
