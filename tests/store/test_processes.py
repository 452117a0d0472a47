"""Several processes share the file, and some of them die."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.store.store import Store
from tests.processes import environment
from tests.store.samples import ALERTS, CREATED, LATER, campaign, rows

PROCESSES = int(os.environ.get("SECURITY_CAMPAIGNS_TEST_PROCESSES", "10"))
"""How many start at once, which is what takes long; 20 for a thorough run."""
EACH = 10


def writer(path: Path, *arguments: int) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.store.writer", str(path), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment()},
        cwd=Path(__file__).parent.parent.parent,
    )


def test_many_processes_that_start_and_write_at_once_lose_nothing(path: Path) -> None:
    processes = [writer(path, 1000 * index + 1, EACH) for index in range(PROCESSES)]
    endings = []
    for process in processes:
        try:
            endings.append((*process.communicate(timeout=120), process.returncode))
        finally:
            process.kill()
    assert endings == [("published\n", "", 0)] * PROCESSES
    found = rows(path, "SELECT name, campaign_number FROM publications WHERE state = 'published'")
    numbers = [1000 * index + number for index in range(PROCESSES) for number in range(1, EACH + 1)]
    assert sorted(found, key=lambda row: row[1]) == [(f"Campaign {number}", number) for number in numbers]
    assert rows(path, "SELECT count(*) FROM publication_alerts") == [(PROCESSES * EACH * len(ALERTS),)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.anyio
async def test_an_intent_outlives_the_death_of_its_process_and_is_settled_by_the_next(path: Path, store: Store) -> None:
    with writer(path, 7) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "intended\n"
        process.kill()
    [lost] = await store.unsettled("octo-org", LATER)
    assert (lost.name, lost.alert_count) == ("Campaign 7", len(ALERTS))
    [said] = await store.settle("octo-org", [campaign(7, name="Campaign 7")], now=LATER, complete_since=None)
    assert said.startswith('Campaign octo-org/7 "Campaign 7" was published by an earlier call')
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert (known.alerts, known.created_at) == (ALERTS, CREATED)
