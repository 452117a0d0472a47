"""Three replicas behind nginx that share a database, while they are killed. `make cluster` does more of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import anyio
import pytest

from tests.cluster import sessions
from tests.cluster.github import org_name
from tests.cluster.replicas import nginx_program
from tests.cluster.stage import REPLICAS, Stage, play, stage
from tests.harness import text_of
from tests.store import postgres

pytestmark = pytest.mark.anyio

EACH, KILLS, CLIENTS = 40, 2, 8
SPARE = org_name(EACH // 10)
"""An organization that the load leaves alone."""


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    programs = postgres.binaries()
    if programs is None or nginx_program() is None:
        absent = "PostgreSQL or nginx is not installed (Debian: apt-get install postgresql nginx-light)"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    with (
        postgres.running(programs) as server,
        stage(tmp_path_factory.mktemp("cluster"), server, EACH // 10 + 1) as started,
    ):
        yield started


async def test_each_confirmed_write_happens_at_most_once_and_is_recorded_while_replicas_are_killed(on: Stage) -> None:
    verdict, said = await play(on, EACH, KILLS, CLIENTS, lambda _: None)
    assert verdict.faults == [], f"{verdict.table}\n{said.listed}"
    ended = [name for replica in on.replicas for name, _ in replica.endings]
    assert {"SIGKILL", "SIGTERM"} <= set(ended)
    assert len(on.killed) == KILLS
    assert said.questions >= 2 * EACH
    assert any("done + used already" in name for name in said.replays), said.replays


async def test_a_client_of_2025_is_asked_within_its_session_through_the_balancer(on: Stage) -> None:
    results, questions = await sessions.delete_in_session(on, SPARE, 1, 2, 3)
    assert [text_of(result).split(" ", 2)[:2] for result in results] == [["Deleted", f"{SPARE}/{n}"] for n in (1, 2, 3)]
    assert questions == 3
    campaigns = on.github.sandbox.state.organization(SPARE).campaigns
    assert not {1, 2, 3} & set(campaigns)


async def test_a_session_whose_replica_died_is_told_so_and_a_new_one_works(on: Stage) -> None:
    opened = [sessions.open_session(on) for _ in range(REPLICAS)]
    assert sorted(holder.number for _, holder in opened) == list(range(REPLICAS))  # the balancer takes turns
    for headers, _ in opened * 2:
        assert sessions.lists_in(on, headers).status_code == 200
    headers, holder = opened[0]
    holder.end(signal.SIGKILL)
    while_down = sessions.lists_in(on, headers)
    holder.start()
    when_back = sessions.lists_in(on, headers)
    for refused in (while_down, when_back):
        assert refused.status_code == 404
        assert "send initialize without Mcp-Session-Id" in sessions.told(refused)
    assert sessions.lists_in(on, opened[1][0]).status_code == 200
    fresh, _ = sessions.open_session(on)
    assert sessions.lists_in(on, fresh).status_code == 200


async def test_without_sessions_a_client_of_2025_reads_and_is_refused_readably(on: Stage) -> None:
    async with anyio.create_task_group() as group:
        for replica in on.replicas:
            group.start_soon(sessions.end_and_start, replica, signal.SIGTERM, "--stateless")
    writes = len(on.github.seen)
    refusal, read = await sessions.refused_without_sessions(on, SPARE, 4)
    assert read["number"] == 4
    assert refusal.startswith("Deleting needs a person's confirmation, and this client cannot ask for one.")
    assert refusal.endswith("Campaign 4 was not deleted.")
    assert len(on.github.seen) == writes
