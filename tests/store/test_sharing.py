"""What replicas share: an answer is used once among all of them, and one finds what another kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import anyio
import pytest

from server.store.sharing import MOST_SELECTIONS, Sharing
from server.store.store import Store
from tests.store.samples import HOST, database_at, rows, shared_at, store_at

pytestmark = pytest.mark.anyio

TOGETHER = 8


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


async def test_an_answer_is_used_once_among_all_replicas(place: Path | str) -> None:
    one, other = store_at(place), store_at(place)
    assert await one.shared.spend("first", 720)
    assert not await other.shared.spend("first", 720)
    assert not await one.shared.spend("first", 720)
    assert await other.shared.spend("second", 720)


def test_of_many_that_use_an_answer_at_once_one_is_the_first(place: Path | str) -> None:
    replicas = [Sharing(database_at(place), HOST) for _ in range(TOGETHER)]
    together = Barrier(TOGETHER)

    def spend(replica: Sharing) -> list[bool]:
        together.wait(30)
        return [replica.spend(f"answer {number}", 1000, 1720) for number in range(10)]

    with ThreadPoolExecutor(TOGETHER) as threads:
        found = list(threads.map(spend, replicas))
    assert [sum(firsts) for firsts in zip(*found, strict=True)] == [1] * 10


async def test_used_answers_are_forgotten_when_no_clock_can_take_them_for_good(place: Path | str) -> None:
    clock = Clock()
    shared = shared_at(place, clock)
    await shared.spend("old", 720)
    clock.seconds += 720 + 3600
    assert not await shared.spend("old", 720)
    clock.seconds += 1
    await shared.spend("new", 720)
    assert rows(place, "SELECT sha256 FROM spent_answers") == [("new",)]


async def test_a_selection_kept_by_one_replica_is_found_by_another_for_as_long_as_it_lives(place: Path | str) -> None:
    clock = Clock()
    one, other = shared_at(place, clock), shared_at(place, clock)
    await one.keep_selection("digest", "kept", 600)
    assert await other.selection("digest") == "kept"
    assert await other.selection("another") is None
    assert await shared_at(place, clock, "api.octo.ghe.com").selection("digest") is None
    clock.seconds += 599
    assert await other.selection("digest") == "kept"
    clock.seconds += 1
    assert await other.selection("digest") is None


async def test_keeping_again_replaces_and_what_is_gone_is_taken_out(place: Path | str) -> None:
    clock = Clock()
    shared = shared_at(place, clock)
    await shared.keep_selection("digest", "first", 600)
    await shared.keep_selection("other", "other", 600)
    clock.seconds += 300
    await shared.keep_selection("digest", "second", 600)
    clock.seconds += 300
    await shared.keep_selection("new", "new", 600)
    assert await shared.selection("digest") == "second"
    assert sorted(rows(place, "SELECT key FROM selections")) == [("digest",), ("new",)]


def test_there_are_never_more_selections_than_the_bound(place: Path | str) -> None:
    sharing = Sharing(database_at(place), HOST)
    for number in range(MOST_SELECTIONS + 5):
        sharing.keep_selection(f"{number}", "kept", 1000 + number, 2000 + number)
    kept = {int(key) for (key,) in rows(place, "SELECT key FROM selections")}
    assert kept == set(range(5, MOST_SELECTIONS + 5))


async def test_where_nothing_is_kept_nothing_is_shared(tmp_path: Path) -> None:
    store = store_at(None)
    assert await store.shared.spend("digest", 720)
    await store.shared.keep_selection("digest", "kept", 600)
    assert await store.shared.selection("digest") is None
    assert await store_at(tmp_path / "none").shared.selection("digest") is None
    assert list(tmp_path.iterdir()) == []


async def test_replicas_that_start_at_once_on_an_empty_database_share_it(place: Path | str) -> None:
    stores: list[Store] = [store_at(place) for _ in range(4)]
    firsts: list[bool] = []

    async def spend(store: Store) -> None:
        firsts.append(await store.shared.spend("answer", 720))

    async with anyio.create_task_group() as tasks:
        for store in stores:
            tasks.start_soon(spend, store)
    assert sorted(firsts) == [False, False, False, True]
