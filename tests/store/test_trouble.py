"""A file that cannot be used costs what it would have kept: one error, and the next call tries anew."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.errors import StoreFailed
from server.store.records import KeptAlert
from server.store.store import Store
from tests.store.samples import ALERTS, CREATED, LATER, PUBLICATION, publication, rows, snapshot, store_at

pytestmark = pytest.mark.anyio

NOBODY = 65534


@pytest.fixture
def place(path: Path) -> Path:
    return path


async def trouble(store: Store, path: Path) -> str:
    """Return what an attempt to keep something was answered, without the path."""
    with pytest.raises(StoreFailed) as failed:
        await store.intend(PUBLICATION)
    text = str(failed.value)
    assert str(path) in text
    assert "--store" in text or "Try again" in text
    assert not any(word in text for word in ("SELECT", "INSERT", "PRAGMA", "Traceback", "sqlite3.", "(Background"))
    assert failed.value.nothing_written
    return text.replace(str(path), "PATH")


async def test_a_locked_store_says_so_and_works_when_it_is_free(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    impatient = store_at(path, patience=0.02)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert await trouble(impatient, path) == (
            "The store PATH is locked by another program. Try again; if it stays so, look for what keeps it open."
        )
        other.execute("ROLLBACK")
        await impatient.intend(PUBLICATION)


async def test_a_store_locked_before_it_was_ever_opened_is_waited_for_and_then_says_so(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE x (y)")
        assert "is locked by another program" in await trouble(store_at(path, patience=0.02), path)


@pytest.mark.parametrize("size", [20, 100, 5000])
async def test_a_file_of_something_else_is_refused_and_left_alone(store: Store, path: Path, size: int) -> None:
    path.parent.mkdir()
    garbage = (b"not a database\xff\x00" * 400)[:size]
    path.write_bytes(garbage)
    assert (await trouble(store, path)).startswith("The store PATH is damaged or no store. Move it away")
    assert path.read_bytes() == garbage


@pytest.mark.parametrize("keep", [100, 600, 5000])
async def test_a_damaged_store_is_refused_whatever_is_asked_of_it(store: Store, path: Path, keep: int) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep] + b"\xee" * (len(whole) - keep))
    for ask in (store.alerts_of("octo-org", 7), store.unsettled("octo-org", LATER), store.intend(PUBLICATION)):
        with pytest.raises(StoreFailed):
            await ask


async def test_a_damaged_store_that_was_moved_away_is_begun_anew(store: Store, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1000)
    await trouble(store, path)
    path.rename(path.with_suffix(".broken"))
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    assert await store.alerts_of("octo-org", 7) is not None


@pytest.mark.parametrize("gone", ["file", "folder"])
async def test_a_store_that_was_deleted_is_begun_anew(store: Store, path: Path, gone: str) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    if gone == "folder":
        shutil.rmtree(path.parent)
    else:
        path.unlink()
    assert await store.alerts_of("octo-org", 7) is None
    await store.intend(PUBLICATION)
    assert rows(path, "SELECT count(*) FROM publications") == [(1,)]


async def test_a_full_disk_says_so_and_keeps_what_was_there(store: Store, path: Path) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    many = publication(alerts=tuple(KeptAlert(1, number, "r" * 100) for number in range(1000)))
    full = store_at(path, max_page_count=12)
    with pytest.raises(StoreFailed) as failed:
        await full.intend(many)
    assert str(failed.value) == (
        f"The store {path} cannot grow: there is no space left. Make room, name another file with --store, or run with "
        "--no-store."
    )
    assert rows(path, "SELECT count(*) FROM publications") == [(1,)]
    assert await full.alerts_of("octo-org", 7) is not None
    await store.intend(many)


async def test_a_full_disk_from_the_start_says_so(path: Path) -> None:
    assert "there is no space left" in await trouble(store_at(path, max_page_count=1), path)


async def test_a_read_only_store_says_so_and_can_still_be_read(store: Store, path: Path) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    read_only = store_at(path, query_only=1)
    assert (await trouble(read_only, path)).startswith("The store PATH is read-only. Make the file and its folder")
    assert await read_only.alerts_of("octo-org", 7) is not None


@pytest.fixture
def folder_of_an_ordinary_user() -> Iterator[Path]:
    """A folder of an ordinary user, as whom the test then acts: permissions do not bind root."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # pytest's own folders are closed to others
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for each in (folder, *folder.rglob("*")):
            each.chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
@pytest.mark.parametrize(
    ("file_mode", "folder_mode"),
    [(0o400, 0o700), (0o200, 0o700), (0o000, 0o700), (0o600, 0o500), (0o600, 0o000), (None, 0o500)],
)
async def test_permissions_that_are_missing_are_named(
    folder_of_an_ordinary_user: Path, file_mode: int | None, folder_mode: int
) -> None:
    path = folder_of_an_ordinary_user / "store.sqlite3"
    store = store_at(path)
    if file_mode is not None:
        await store.intend(PUBLICATION)
        path.chmod(file_mode)
    folder_of_an_ordinary_user.chmod(folder_mode)
    assert "The store PATH may not be read and written by this user." in await trouble(store, path)
    folder_of_an_ordinary_user.chmod(0o700)
    if file_mode is not None:
        path.chmod(0o600)
    await store.intend(PUBLICATION)


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    said = await trouble(store_at(tmp_path), tmp_path)
    assert (
        said
        == "The store PATH is a folder or a device, not a file. Name another file with --store, or run with "
        + ("--no-store.")
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
async def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "is a folder or a device, not a file" in await trouble(store_at(path), path)


@pytest.mark.parametrize("below", ["store.sqlite3", "deeper/store.sqlite3"])
async def test_a_path_through_a_file_leads_nowhere(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / below
    assert "something on its path is a file" in await trouble(store_at(path), path)
    with pytest.raises(StoreFailed):
        await store_at(path).alerts_of("octo-org", 7)


async def test_a_path_that_no_system_takes_is_refused(tmp_path: Path) -> None:
    for name in ("x" * 300, "a\0b"):
        await trouble(store_at(tmp_path / name), tmp_path / name)
        with pytest.raises(StoreFailed, match="cannot"):
            await store_at(tmp_path / name).alerts_of("octo-org", 7)


async def test_another_programs_database_is_refused_and_left_alone(store: Store, path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (address TEXT)")
    assert (await trouble(store, path)).startswith("The store PATH belongs to another program. Name another file")
    assert rows(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


async def test_a_store_that_lost_a_table_is_refused(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE publication_alerts")
    assert (await trouble(store, path)).startswith("The store PATH cannot be used. Move it away")


async def test_a_number_that_does_not_fit_is_refused_without_repeating_it(store: Store, path: Path) -> None:
    with pytest.raises(StoreFailed) as failed:
        await store.intend(publication(alerts=(*ALERTS, KeptAlert(2**70, 1))))
    assert "cannot keep what it was given" in str(failed.value)
    assert str(2**70) not in str(failed.value)
    assert await store.unsettled("octo-org", LATER) == []


async def test_an_unreadable_moment_in_the_file_is_no_other_error(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE publications SET ends_at = 1 << 60")
        other.commit()
    with pytest.raises(StoreFailed, match="holds what cannot be read"):
        await store.unsettled("octo-org", LATER)


async def test_after_publishing_the_error_says_that_the_campaign_exists(store: Store, path: Path) -> None:
    intent = await store.intend(PUBLICATION)
    read_only = store_at(path, query_only=1)
    with pytest.raises(StoreFailed) as failed:
        await read_only.published(intent, 7, CREATED)
    assert str(failed.value).startswith(
        f"The alerts of campaign octo-org/7, which is published, could not be kept. The store {path} is read-only."
    )
    assert not failed.value.nothing_written
    with pytest.raises(StoreFailed) as failed:
        await read_only.unknown(intent, "no answer")
    assert not failed.value.nothing_written


async def test_a_failure_leaves_no_lock_and_no_open_file_behind(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    await trouble(store_at(path, query_only=1), path)
    assert stat.S_ISREG(path.stat().st_mode)
    assert [each.name for each in path.parent.iterdir()] == ["store.sqlite3"]  # the last to close tidies up
    await store_at(path, patience=0).intend(PUBLICATION)


@pytest.mark.parametrize("change", ["open_count = 'many'", "state = 'asleep'", "at = 'noon'"])
async def test_a_reading_that_somebody_spoiled_costs_the_trend_and_crashes_nothing(
    store: Store, path: Path, change: str
) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(f"UPDATE snapshots SET {change}")  # noqa: S608 - the test's own text
    with pytest.raises(StoreFailed) as failed:
        await store.history("octo-org", 7, CREATED)
    assert str(path) in failed.value.what


class Clock:
    """A clock that moves by a step whenever it is looked at."""

    def __init__(self) -> None:
        self.time = 0.0
        self.step = 0.0

    def __call__(self) -> float:
        self.time += self.step
        return self.time


async def test_what_only_serves_the_trend_does_not_wait_again_right_after_a_long_wait_in_vain(
    store: Store, path: Path
) -> None:
    await store.intend(PUBLICATION)
    clock = Clock()
    impatient = store_at(path, patience=0.02, now=clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for took in (1.0, 1.5):  # short ones are tried anew
            clock.step = took
            with pytest.raises(StoreFailed, match="is locked"):
                await impatient.note("octo-org", 7, CREATED, snapshot())
        other.execute("ROLLBACK")
        clock.step = 0.0
        assert await impatient.note("octo-org", 7, CREATED, snapshot())
        other.execute("BEGIN EXCLUSIVE")
        clock.step = 2.0
        with pytest.raises(StoreFailed, match="is locked"):
            await impatient.note("octo-org", 7, CREATED, snapshot(LATER, open_count=1))
        other.execute("ROLLBACK")
        clock.step = 0.0
        for again in (impatient.history("octo-org", 7, CREATED), impatient.last_report("octo-org")):
            with pytest.raises(StoreFailed, match="is locked"):  # though it is free by now
                await again
        await impatient.intend(publication(name="Another"))  # what a campaign needs is always tried
        assert await impatient.history("octo-org", 7, CREATED) == [snapshot()]


async def test_half_a_minute_after_a_long_wait_in_vain_the_store_is_tried_again(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    clock = Clock()
    impatient = store_at(path, patience=0.02, now=clock)
    clock.step = 2.0
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreFailed, match="is locked"):
            await impatient.note("octo-org", 7, CREATED, snapshot())
        other.execute("ROLLBACK")
    clock.step = 0.0
    clock.time += 29.9
    with pytest.raises(StoreFailed, match="is locked"):
        await impatient.note("octo-org", 7, CREATED, snapshot())
    clock.time += 0.1
    assert await impatient.note("octo-org", 7, CREATED, snapshot())
