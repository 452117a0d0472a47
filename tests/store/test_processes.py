"""Several processes share a store, and some of them die."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from server.store.store import Store
from tests.processes import environment
from tests.store.samples import ALERTS, AT, CREATED, LATER, campaign, numbered, rows, snapshot, store_at
from tests.store.writer import IN_A_ROW, LOOK_EACH

PROCESSES = int(os.environ.get("SECURITY_CAMPAIGNS_TEST_PROCESSES", "10"))
"""How many start at once, which is what takes long; 20 for a thorough run."""
SECONDS = int(os.environ.get("SECURITY_CAMPAIGNS_TEST_SECONDS", "2"))
"""For so long all of them note readings; 60 for a thorough run."""
FEW, EACH = 4, 10
MOMENTS = 20
"""At so many moments, less one, of keeping readings a process is killed."""
APART = 1_000_000  # between the first numbers of two processes: more than one can use up


def writer(place: Path | str, *words: str | int) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.store.writer", str(place), *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment()},
        cwd=Path(__file__).parent.parent.parent,
    )


def endings(processes: list[subprocess.Popen[str]]) -> list[tuple[str, str, int]]:
    """Return what processes said, complained about and ended with."""
    ended: list[tuple[str, str, int]] = []
    try:
        ended += [(*process.communicate(timeout=120 + 2 * SECONDS), process.returncode) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return ended


def kept_numbers(place: Path | str) -> set[int]:
    return {number for (number,) in rows(place, "SELECT open_count FROM snapshots")}


def assert_sound(place: Path | str) -> None:
    if isinstance(place, Path):
        assert rows(place, "PRAGMA integrity_check") == [("ok",)]


def test_many_processes_that_start_and_write_at_once_lose_nothing(place: Path | str) -> None:
    processes = [writer(place, "publish", 1000 * index + 1, EACH) for index in range(PROCESSES)]
    assert endings(processes) == [("published\n", "", 0)] * PROCESSES
    found = rows(place, "SELECT name, campaign_number FROM publications WHERE state = 'published'")
    numbers = [1000 * index + number for index in range(PROCESSES) for number in range(1, EACH + 1)]
    assert sorted(found, key=lambda row: row[1]) == [(f"Campaign {number}", number) for number in numbers]
    assert rows(place, "SELECT count(*) FROM publication_alerts") == [(PROCESSES * EACH * len(ALERTS),)]
    assert_sound(place)


def test_many_processes_that_note_and_look_at_once_lose_no_reading(place: Path | str) -> None:
    processes = [writer(place, "note", APART * (index + 1), SECONDS) for index in range(PROCESSES)]
    ended = endings(processes)
    assert [(said.splitlines()[-1], complaint, code) for said, complaint, code in ended] == [
        ("noted", "", 0)
    ] * PROCESSES
    said = [int(line) for words, _, _ in ended for line in words.splitlines()[:-1]]
    assert len(said) >= PROCESSES * LOOK_EACH
    assert sorted(kept_numbers(place)) == sorted(said)
    assert_sound(place)


def test_processes_that_note_the_same_readings_keep_each_once(place: Path | str) -> None:
    """Their readings begin with the same numbers and moments, so only the fastest is told that it kept one."""
    ended = endings([writer(place, "note", 1, 1) for _ in range(FEW)])
    assert [(complaint, code) for _, complaint, code in ended] == [("", 0)] * FEW
    said = [int(line) for words, _, _ in ended for line in words.splitlines()[:-1]]
    assert sorted(said) == sorted(kept_numbers(place)) == list(range(1, len(said) + 1))


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(2))
async def test_a_killed_process_loses_no_committed_reading_and_leaves_a_store_that_opens(
    place: Path | str, seed: int
) -> None:
    """Some are killed while they start and make the store, some in the middle of a transaction."""
    chance, said = random.Random(seed), list[str]()  # noqa: S311 - no secret
    for index in range(4):
        with writer(place, "note", APART * (index + 1), 60) as process:
            assert process.stdout is not None
            said += [process.stdout.readline() for _ in range(chance.choice([0, 1, 30]) if index else 1)]
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=chance.uniform(0, 0.5))
            process.kill()
            said += process.stdout.readlines()
        assert process.returncode == -signal.SIGKILL
    store = store_at(place)
    last = snapshot(AT.replace(year=2100), open_count=0)
    assert await store.note("octo-org", 7, CREATED, last)
    known = [each.open_count for each in await store.history("octo-org", 7, CREATED)]
    assert set(known) >= {int(number) for number in said}
    assert known[-1] == 0
    assert_sound(place)


def test_a_process_killed_at_any_moment_of_keeping_a_reading_loses_none_and_is_in_nobodys_way(
    place: Path | str,
) -> None:
    """Each of its children keeps one, which stays, and dies while it keeps some more one after the other."""
    [(said, complaint, code)] = endings([writer(place, "die", 0, MOMENTS)])
    assert (complaint, code) == ("", 0)
    starts = range(1 + IN_A_ROW, (1 + IN_A_ROW) * MOMENTS, 1 + IN_A_ROW)
    assert said.splitlines() == [word for start in starts for word in (str(start), "killed")]
    kept = kept_numbers(place)
    assert kept >= set(starts)
    more = [[number in kept for number in range(start + 1, start + 1 + IN_A_ROW)] for start in starts]
    assert more == [sorted(each, reverse=True) for each in more]
    counts = [sum(each) for each in more]
    assert counts == sorted(counts)
    assert set(counts) >= {0, 1, IN_A_ROW - 1}
    assert_sound(place)


@pytest.mark.anyio
async def test_a_process_killed_at_any_moment_of_making_the_store_leaves_one_that_opens(place: Path | str) -> None:
    places = [numbered(place, moment) for moment in range(MOMENTS + 1)]
    if isinstance(place, str):
        rows(place, ";".join(f"CREATE SCHEMA kept_{moment}" for moment in range(MOMENTS + 1)))
    [(said, complaint, code)] = endings([writer(place, "make", 1, MOMENTS)])
    assert (complaint, code) == ("", 0)
    assert said.splitlines() == ["killed"] * (MOMENTS - 1)
    committed = set[bool]()
    for each in places:
        store = store_at(each)
        before = await store.history("octo-org", 7, CREATED)
        assert await store.note("octo-org", 7, CREATED, snapshot(open_count=0))
        assert [reading.open_count for reading in await store.history("octo-org", 7, CREATED)] == [
            0,
            *(reading.open_count for reading in before),
        ]
        committed.add(bool(before))
    assert committed == {False, True}


@pytest.mark.anyio
async def test_an_intent_outlives_the_death_of_its_process_and_is_settled_by_the_next(
    place: Path | str, store: Store
) -> None:
    with writer(place, "intend", 7) as process:
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
