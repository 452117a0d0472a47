"""The file: where it is made, who can read it, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from server.errors import StoreFailed
from server.store.sqlite_file import connect
from server.store.store import Store
from tests.store.samples import AT, CREATED, LATER, PUBLICATION, campaign, rows, snapshot, store_at

pytestmark = pytest.mark.anyio

NOBODY = 65534


@pytest.fixture
def place(path: Path) -> Path:
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_its_owner_can_read_what_is_made(tmp_path: Path) -> None:
    path = tmp_path / "state" / "program" / "store.sqlite3"
    before = os.umask(0)
    try:
        await store_at(path).intend(PUBLICATION)
        with closing(connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE publications SET why = 'x'")
            modes = {each.name: mode(each) for each in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"store.sqlite3": 0o600, "store.sqlite3-wal": 0o600, "store.sqlite3-shm": 0o600}
    assert mode(path.parent) == 0o700
    assert mode(path.parent.parent) == 0o700


async def test_what_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    path = tmp_path / "store.sqlite3"
    path.touch(0o640)
    await store_at(path).intend(PUBLICATION)
    assert (mode(tmp_path), mode(path)) == (0o750, 0o640)


async def test_a_link_of_ones_own_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    await store_at(tmp_path / "link" / "store.sqlite3").intend(PUBLICATION)
    (tmp_path / "file").symlink_to(tmp_path / "real" / "store.sqlite3")
    await store_at(tmp_path / "file").intend(PUBLICATION)
    assert rows(tmp_path / "real" / "store.sqlite3", "SELECT count(*) FROM publications") == [(2,)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make another user's link")
@pytest.mark.parametrize("link", ["folder", "file"])
async def test_a_link_that_another_user_made_is_refused(tmp_path: Path, link: str) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "store.sqlite3").touch()
    if link == "folder":
        planted, path = tmp_path / "link", tmp_path / "link" / "store.sqlite3"
        planted.symlink_to(real)
    else:
        planted = path = tmp_path / "store.sqlite3"
        planted.symlink_to(real / "store.sqlite3")
    os.lchown(planted, NOBODY, NOBODY)
    with pytest.raises(StoreFailed, match="a symbolic link that another user made"):
        await store_at(path).intend(PUBLICATION)
    assert (real / "store.sqlite3").stat().st_size == 0


async def test_a_link_to_nowhere_is_not_a_way_to_make_a_file_there(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.symlink_to(tmp_path / "target")
    with pytest.raises(StoreFailed):
        await store_at(path).intend(PUBLICATION)
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("name", ["a b.sqlite3", "50%?mode=memory#x&y.sqlite3", "päth\N{SNOWMAN}"])
async def test_any_file_name_is_that_files_name(tmp_path: Path, name: str) -> None:
    await store_at(tmp_path / name).intend(PUBLICATION)
    assert [each.name for each in tmp_path.iterdir()] == [name]


async def test_a_relative_path_counts_from_where_the_server_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = store_at(Path("store.sqlite3"))
    monkeypatch.chdir("/")
    await store.intend(PUBLICATION)
    assert (tmp_path / "store.sqlite3").exists()


async def test_commits_reach_the_disk_and_readers_do_not_wait_for_a_writer(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    with closing(connect(path)) as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert settings == ["wal", 2, 1]
        connection.execute("BEGIN IMMEDIATE")
        assert await store.alerts_of("octo-org", 7) is None


async def test_a_publication_takes_its_alerts_with_it(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM publications")
        assert connection.execute("SELECT count(*) FROM publication_alerts").fetchone() == (0,)


async def test_the_file_itself_refuses_two_publications_of_one_campaign(store: Store, path: Path) -> None:
    for _ in range(2):
        await store.intend(PUBLICATION)
    claim = "UPDATE publications SET state = 'published', campaign_number = 7, campaign_created_at = 1"
    with closing(connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        connection.execute(claim)


@pytest.mark.parametrize(
    "change", ["state = 'published'", "campaign_number = 7", "campaign_created_at = 7", "name = NULL"]
)
async def test_the_file_itself_refuses_half_an_ending(store: Store, path: Path, change: str) -> None:
    await store.intend(PUBLICATION)
    with closing(connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"UPDATE publications SET {change}")  # noqa: S608 - our own words


async def test_asking_makes_no_file(store: Store, path: Path) -> None:
    assert await store.alerts_of("octo-org", 7) is None
    assert await store.unsettled("octo-org", LATER) == []
    assert await store.settle("octo-org", [campaign(7)], now=LATER, complete_since=AT) == []
    assert await store.history("octo-org", 7, CREATED) == []
    assert await store.last_report("octo-org") is None
    assert not path.parent.exists()


@pytest.mark.parametrize("ending", ["published", "unknown"])
async def test_an_ending_writes_down_again_what_went_with_a_deleted_file(store: Store, path: Path, ending: str) -> None:
    intent = await store.intend(PUBLICATION)
    for file in path.parent.iterdir():
        file.unlink()
    if ending == "published":
        await store.published(intent, 7, CREATED)
        known = await store.alerts_of("octo-org", 7)
        assert known is not None
        assert known.publication == PUBLICATION
    else:
        await store.unknown(intent, "no answer")
        assert [each.key for each in await store.unsettled("octo-org", LATER)] == [intent.key]


async def test_a_reading_makes_the_file_that_is_not_there(store: Store, path: Path) -> None:
    assert await store.note("octo-org", 7, CREATED, snapshot())
    path.unlink()
    assert await store.note("octo-org", 7, CREATED, snapshot(LATER, open_count=1))
    assert await store.history("octo-org", 7, CREATED) == [snapshot(LATER, open_count=1)]
