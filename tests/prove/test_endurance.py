"""A little of the proof of endurance, and that it would notice what grows or stays."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.prove import endurance
from tests.prove.endurance_calls import Call, Caller
from tests.prove.endurance_clients import Message
from tests.prove.endurance_endings import CASES, OTHERS
from tests.prove.endurance_measures import POOLED, Sample, Watch, sample
from tests.prove.endurance_sockets import HttpClient
from tests.prove.endurance_tasks import MemoryClient, look_for_tasks
from tests.prove.endurance_traces import traces
from tests.prove.parts import SLICE, Findings

pytestmark = pytest.mark.anyio

NAMES = {case.name for case in CASES} | {name for name, *_ in OTHERS}


async def test_nothing_grows_and_no_ending_leaves_anything_half_written() -> None:
    found = await endurance.prove(SLICE, lambda _: None)
    assert found.faults == []
    rows = dict(found.rows)
    assert int(str(rows["writes"])) > 0
    assert {f"calls: {how}" for how in HttpClient.leavings} <= set(rows)
    assert int(str(rows["calls cancelled over stdio that never had a result"])) > 0
    assert {
        "calls: another organization",
        "calls: find_alerts",
        "calls: mistaken calls",
        "calls: report_progress",
        "calls: dry runs",
    } <= set(rows)
    assert sum("nothing half-written" in str(value) for value in rows.values()) == len(NAMES)


def watched(*samples: Sample, calls: int = 1000) -> Watch:
    watch = Watch("it", 1, calls)
    watch.samples += [sample for sample in samples for _ in range(20)]
    return watch


def test_a_process_that_stays_as_it_is_has_no_fault_and_one_that_grows_has() -> None:
    begins, stays = Sample(50, 5, 2), Sample(100, 14, 4)
    assert watched(begins, *[stays] * 9).faults() == []
    assert watched(begins, *[stays] * 8, Sample(104, 15, 4, POOLED)).faults() == []
    assert watched(begins, *[stays] * 8, Sample(108, 14, 4)).faults() == ["it: memory grew by 9.0%, from 100.0 MiB"]
    assert watched(begins, *[stays] * 8, Sample(100, 16, 4)).faults() == ["it: descriptors grew from 14 to 16"]
    assert watched(begins, *[stays] * 8, Sample(100, 14, 44)).faults() == ["it: threads grew from 4 to 44"]
    [too_many] = watched(begins, *[stays] * 8, Sample(100, 14, 4, POOLED + 1)).faults()
    assert too_many == "it: 65 connections to GitHub, more than the pools keep"


def test_a_growth_that_a_twentieth_of_the_memory_just_exceeds_is_found() -> None:
    watch = Watch("it", 1, 1000)
    watch.samples += [Sample(100 + 5.6 * (each - 20) / 180, 14, 4) for each in range(200)]  # 5.6 % after a tenth
    [fault] = watch.faults()
    assert fault.startswith("it: memory grew by 5.6%")


def test_a_connection_to_github_and_a_file_of_the_store_are_no_descriptors_that_must_stay(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells of another process")
    with socket.create_server(("127.0.0.1", 0)) as github:
        port = github.getsockname()[1]
        before = sample(os.getpid(), port)
        with (
            socket.create_connection(("127.0.0.1", port)),
            (tmp_path / "store.sqlite3").open("w"),
            (tmp_path / "log").open("w"),
        ):
            after = sample(os.getpid(), port)
    assert (after.connections, after.descriptors - before.descriptors) == (1, 1)


async def test_a_task_that_a_call_leaves_behind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[asyncio.Task[bool]] = []
    note = Caller.note

    def forgetful(self: Caller, call: Call, answer: Message) -> list[str]:
        left.append(asyncio.create_task(asyncio.Event().wait()))
        return note(self, call, answer)

    monkeypatch.setattr(Caller, "note", forgetful)
    findings = Findings("tasks")
    await look_for_tasks(findings, 4, 1, tmp_path)
    for task in left:
        task.cancel()
    assert any("tasks are left" in fault for fault in findings.faults)


async def test_a_question_that_stays_when_its_call_is_given_up_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> None:
        """Do not tell the server."""

    monkeypatch.setattr(Caller, "next", Caller._leave)
    monkeypatch.setattr(MemoryClient, "tell", silent)
    findings = Findings("tasks")
    await look_for_tasks(findings, 8, 1, tmp_path)
    assert any("memory, 2025-11-25: of 8 calls" in fault for fault in findings.faults)
    assert not any("HTTP" in fault for fault in findings.faults)


def test_what_is_half_written_is_found(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    log.write_text(json.dumps({"outcome": "done"}) + "\n" + '{"outcome": "do', encoding="ascii")
    with closing(sqlite3.connect(store)) as opened, opened:
        opened.execute("CREATE TABLE audit (outcome, ended_at)")
        opened.execute("INSERT INTO audit VALUES ('intended', 1), ('done', NULL), ('done', 1)")
    found = traces(store, log)
    assert len(found.faults) == 4
    assert (found.logged["done"], found.outcomes["done"]) == (1, 2)
    store.write_bytes(store.read_bytes()[:-4096] + b"x" * 4096)
    with pytest.raises(sqlite3.DatabaseError):
        traces(store)
