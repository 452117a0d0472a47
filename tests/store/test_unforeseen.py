"""Whatever goes wrong in the store that nobody foresaw costs what it would have kept, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio.to_thread
import pytest

from server.domain.audit import AuditRecord
from server.domain.audit_settling import Ending
from server.errors import StoreFailed
from server.store.addresses import read_address
from server.store.audit import Audit
from server.store.database import Database
from server.store.history import History
from server.store.publications import Publications
from server.store.sharing import Sharing
from server.store.store import Store
from tests.store.samples import CREATED, LATER, PUBLICATION, snapshot

pytestmark = pytest.mark.anyio


def name_of(place: Path | str) -> str:
    return str(place) if isinstance(place, Path) else read_address(place).name


async def trouble(store: Store) -> str:
    """Return what an attempt to keep something was answered."""
    with pytest.raises(StoreFailed) as failed:
        await store.intend(PUBLICATION)
    assert "secret" not in str(failed.value)
    assert failed.value.nothing_written
    return str(failed.value)


@pytest.mark.parametrize("kind", [RuntimeError, ImportError, KeyError, RecursionError])
async def test_what_nobody_foresaw_is_a_failure_of_the_store_and_told_without_its_text(
    store: Store,
    place: Path | str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: type[Exception],
) -> None:
    caplog.set_level("WARNING")  # an earlier test may have turned the log down

    def fail(*_: object) -> None:
        raise kind("INSERT of 'a secret'")

    intent = await store.intend(PUBLICATION)
    record = AuditRecord("octo-org", "delete_campaign", LATER)
    with monkeypatch.context() as patch:
        for name in ("intend", "published", "abandoned", "unknown", "unsettled", "settle", "alerts_of"):
            patch.setattr(Publications, name, fail)
        for name in ("note", "of", "note_report", "last_report"):
            patch.setattr(History, name, fail)
        for name in ("insert", "ended", "unsettled", "settle", "page"):
            patch.setattr(Audit, name, fail)
        for name in ("spend", "keep_selection", "selection"):
            patch.setattr(Sharing, name, fail)
        assert (await trouble(store)).startswith(
            f"The store {name_of(place)} cannot be used: {kind.__name__} inside this program. Try again"
        )
        for ask in (
            store.published(intent, 7, CREATED),
            store.abandoned(intent, "refused"),
            store.unknown(intent, "no answer"),
            store.unsettled("octo-org", LATER),
            store.settle("octo-org", [], now=LATER, complete_since=None),
            store.alerts_of("octo-org", 7),
            store.note("octo-org", 7, CREATED, snapshot()),
            store.history("octo-org", 7, CREATED),
            store.note_report("octo-org", LATER),
            store.last_report("octo-org"),
            store.audit.attempt(record),
            store.audit.ended(record),
            store.audit.unsettled("octo-org", LATER),
            store.audit.settle(record.key, Ending("done", "seen"), LATER),
            anext(store.audit.records()),
            store.shared.spend("digest", 720),
            store.shared.keep_selection("digest", "kept", 600),
            store.shared.selection("digest"),
        ):
            with pytest.raises(StoreFailed) as failed:
                await ask
            assert "secret" not in str(failed.value)
    assert kind.__name__ in caplog.text
    assert "secret" not in caplog.text
    await store.published(intent, 7, CREATED)


async def test_a_broken_installation_costs_what_it_would_have_kept_until_it_is_mended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "server.store.database", None)
        assert "ModuleNotFoundError inside this program" in await trouble(store)
    await store.intend(PUBLICATION)


async def test_a_system_without_another_thread_is_a_failure_of_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(anyio.to_thread, "run_sync", refuse)
    assert "RuntimeError inside this program" in await trouble(store)
    with pytest.raises(StoreFailed):
        await store.alerts_of("octo-org", 7)


async def test_memory_that_ran_out_is_not_the_stores_failure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Publications, "intend", run_out)
    with pytest.raises(MemoryError):
        await store.intend(PUBLICATION)


async def test_what_goes_wrong_when_it_is_let_go_of_is_a_failure_of_the_store_which_can_be_used_again(
    store: Store, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Database.close

    def fail(database: Database) -> None:
        close(database)
        raise RuntimeError("a secret")

    await store.intend(PUBLICATION)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "close", fail)
        with pytest.raises(StoreFailed) as failed:
            await store.aclose()
    assert str(failed.value).startswith(f"The store {name_of(place)} cannot be used: RuntimeError inside this program.")
    await store.intend(PUBLICATION)
