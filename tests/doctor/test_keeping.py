"""The doctor looks into the store and makes none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.visits import visit

pytestmark = pytest.mark.anyio


async def test_the_store_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "state" / "store.sqlite3"
    found = (await visit(store=path))["store"]
    assert (found.status, found.says) == (
        "ok",
        f"Which alerts a campaign was published with and how it stood earlier is kept in {path}.",
    )
    assert list(tmp_path.iterdir()) == []


async def test_that_nothing_is_kept_is_said() -> None:
    found = (await visit(no_store=True))["store"]
    assert (found.status, found.says) == ("ok", "Nothing is kept: --no-store, or the sandbox.")


async def test_a_store_that_is_broken_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"not a database, " * 100)
    found = (await visit(store=path))["store"]
    assert found.status == "failed"
    assert str(path) in found.says
    assert found.mend
