"""A database that cannot be used costs what it would have kept: one error, and the next call tries anew."""

from __future__ import annotations

import builtins
import socket
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import psycopg
import pytest
from sqlalchemy import text

from server.errors import StoreFailed
from server.store.addresses import read_address
from server.store.records import KeptAlert
from server.store.store import Store
from tests.store import postgres
from tests.store.postgres import PASSWORD, Server
from tests.store.samples import ALERTS, AT, CREATED, PUBLICATION, database_at, publication, rows, snapshot, store_at

pytestmark = pytest.mark.anyio

WRONG = "hunter2"


@pytest.fixture
def place(address: str) -> str:
    return address


@pytest.fixture
def database(postgres_server: Server) -> str:
    return postgres_server.new_database()


async def trouble(store: Store, name: str) -> str:
    """Return what an attempt to keep something was answered, without the store's name."""
    with pytest.raises(StoreFailed) as failed, anyio.fail_after(30):
        await store.note("octo-org", 7, CREATED, snapshot())
    said = str(failed.value)
    assert said.startswith(f"The store {name} ")
    assert not any(word in said for word in (PASSWORD, WRONG, "SELECT", "INSERT", "FATAL", "psycopg.", "(Background"))
    return said.removeprefix(f"The store {name} ")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        (None, "wants a password, and none was given. Give it in PGPASSWORD,"),
        (WRONG, "does not accept this user with this password. Mend the user in the address, or the password"),
    ],
)
async def test_a_password_that_is_wrong_or_missing_is_told(
    postgres_server: Server, database: str, monkeypatch: pytest.MonkeyPatch, password: str | None, said: str
) -> None:
    if password:
        monkeypatch.setenv("PGPASSWORD", password)
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    store = store_at(postgres_server.tcp_address(database))
    assert (await trouble(store, f"postgresql://127.0.0.1:{postgres_server.port}/{database}")).startswith(said)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert await store.note("octo-org", 7, CREATED, snapshot())


@pytest.mark.parametrize("by", ["PGPASSWORD", "password file", "service file"])
async def test_the_password_comes_from_where_libpq_finds_it(
    postgres_server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    address = postgres_server.tcp_address(database)
    if by == "PGPASSWORD":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    elif by == "password file":
        passwords = tmp_path / "pgpass"
        passwords.write_text(f"127.0.0.1:*:*:{postgres.SUPERUSER}:{PASSWORD}\n")
        passwords.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(passwords))
    else:
        facts = {"host": "127.0.0.1", "port": postgres_server.port, "dbname": database}
        facts |= {"user": postgres.SUPERUSER, "password": PASSWORD}
        services = tmp_path / "services"
        services.write_text("[kept]\n" + "".join(f"{name}={value}\n" for name, value in facts.items()))
        monkeypatch.setenv("PGSERVICEFILE", str(services))
        address = "postgresql:///?service=kept"
    assert await store_at(address).note("octo-org", 7, CREATED, snapshot())
    assert rows(postgres_server.address(database), "SELECT open_count FROM snapshots") == [(30,)]


async def test_a_database_that_does_not_exist_is_told_and_used_once_it_does(postgres_server: Server) -> None:
    store = store_at(postgres_server.address("made_later"))
    name = read_address(postgres_server.address("made_later")).name
    assert await trouble(store, name) == "does not exist. Create the database, or mend its name in --store."
    postgres_server.run("CREATE DATABASE made_later")
    assert await store.note("octo-org", 7, CREATED, snapshot())


async def test_a_user_that_does_not_exist_is_told(postgres_server: Server, database: str) -> None:
    address = postgres_server.address(database, "stranger")
    assert (await trouble(store_at(address), read_address(address).name)).startswith("does not know this user.")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u@127.0.0.1:1/kept", "cannot be reached. See that the server runs there"),
        ("postgresql://u@/kept?host=/nowhere", "cannot be reached."),
        ("postgresql://u@host.invalid/kept", "is on a host that is not known."),
        ("postgresql:///?service=kept", "is not in the service file."),
        ("postgresql://127.0.0.1/kept?sslmode=hunter2", "cannot be reached."),
    ],
)
async def test_a_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, address: str, said: str) -> None:
    monkeypatch.setenv("PGSERVICEFILE", "/dev/null")
    assert (await trouble(store_at(address), read_address(address).name)).startswith(said)


async def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/kept"
        assert (await trouble(store_at(address, patience=0.1), address.replace("u@", ""))).startswith(
            "cannot be reached."
        )


@pytest.mark.parametrize("mode", ["prefer", "require", "disable"])
async def test_another_kind_of_server_is_told(mode: str) -> None:
    def answer(listening: socket.socket) -> None:
        with suppress(OSError):  # when the test is over
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as web:
        thread = threading.Thread(target=answer, args=[web], daemon=True)
        thread.start()
        name = f"postgresql://127.0.0.1:{web.getsockname()[1]}/kept"
        said = await trouble(store_at(f"{name.replace('//', '//u@')}?sslmode={mode}"), name)
        web.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    assert said == (
        "is not where --store says: what answers there is no PostgreSQL server, but perhaps a proxy or a web server. "
        "Mend the host and port in --store."
    )


async def test_a_connection_that_must_be_encrypted_is_never_made_plain(
    postgres_server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    address = postgres_server.tcp_address(database) + "?sslmode=require"
    said = await trouble(store_at(address), read_address(address).name)
    assert said.startswith("cannot be reached in the encrypted way that was asked for.")


async def test_a_read_only_database_says_so_and_can_still_be_read(store: Store, address: str) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    [(database,)] = rows(address, "SELECT current_database()")
    rows(address, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    await store.aclose()
    assert await store.history("octo-org", 7, CREATED) == [snapshot()]
    with pytest.raises(StoreFailed, match=r"is read-only\. Name the server that takes writes"):
        await store.note("octo-org", 8, CREATED, snapshot())


async def test_tables_that_this_user_may_not_read_are_told(store: Store, address: str) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    rows(address, "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
    another = store_at(address.replace(f"{postgres.SUPERUSER}@", "reader@"))
    assert (await trouble(another, read_address(address).name)).startswith("may not be read and written by this user.")


def test_a_statement_that_takes_too_long_is_ended(address: str) -> None:
    database_at(address).write(lambda _: None)
    impatient = database_at(address, patience=0.05)
    with pytest.raises(StoreFailed, match="did not answer a query in time"):
        impatient.read(lambda connection: connection.execute(text("SELECT pg_sleep(30)")))


async def test_a_writer_that_never_ends_is_waited_for_and_then_told(store: Store, address: str) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    impatient = store_at(address, patience=0.05)
    with closing(psycopg.connect(address)) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(b"campaign")])
        with pytest.raises(StoreFailed, match="is in use by other processes for too long"):
            await impatient.note_report("octo-org", AT)
        assert await impatient.history("octo-org", 7, CREATED) == [snapshot()]
        assert not await impatient.note("octo-org", 7, CREATED, snapshot())  # only looks
        other.rollback()
        await impatient.note_report("octo-org", AT)


async def test_connections_that_the_server_closed_are_made_anew(store: Store, address: str) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    rows(
        address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    assert await store.history("octo-org", 7, CREATED) == [snapshot()]


async def test_a_closed_store_leaves_no_connection_behind(store: Store, address: str) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    others = (
        "SELECT application_name FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    assert rows(address, others) == [("security-campaigns-mcp",)]
    await store.aclose()
    with anyio.fail_after(10):
        while rows(address, others):  # the server notices the goodbye a moment later
            await anyio.lowlevel.checkpoint()


async def test_another_programs_database_is_refused_and_left_alone(store: Store, address: str) -> None:
    rows(address, "CREATE TABLE bookmarks (address TEXT)")
    said = await trouble(store, read_address(address).name)
    assert said == "belongs to another program. Name another database with --store, or run with --no-store."
    assert rows(address, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'") == [
        ("bookmarks",)
    ]


async def test_a_schema_of_its_own_is_enough(store: Store, address: str) -> None:
    rows(address, "CREATE TABLE bookmarks (address TEXT)")
    rows(address, "CREATE SCHEMA kept")
    in_schema = store_at(f"{address}&options=-csearch_path%3Dkept")
    assert await in_schema.note("octo-org", 7, CREATED, snapshot())
    assert rows(address, "SELECT count(*) FROM kept.snapshots") == [(1,)]


async def test_a_store_that_lost_a_table_is_refused(store: Store, address: str) -> None:
    await store.note("octo-org", 7, CREATED, snapshot())
    rows(address, "DROP TABLE snapshots")
    assert (await trouble(store_at(address), read_address(address).name)).startswith(
        "cannot be used. See the server's log"
    )


async def test_a_number_that_does_not_fit_is_refused_without_repeating_it(store: Store) -> None:
    for number in (2**70, 2**63):
        with pytest.raises(StoreFailed, match="cannot keep what it was given") as failed:
            await store.intend(publication(alerts=(*ALERTS, KeptAlert(number, 1))))
        assert str(number) not in str(failed.value)


async def test_after_publishing_the_error_says_that_the_campaign_exists(store: Store, address: str) -> None:
    intent = await store.intend(PUBLICATION)
    rows(address, "DROP TABLE publications CASCADE")
    with pytest.raises(
        StoreFailed, match=r"^The alerts of campaign octo-org/7, which is published, could not"
    ) as failed:
        await store.published(intent, 7, CREATED)
    assert not failed.value.nothing_written


async def test_a_driver_that_is_not_installed_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "server.store.punctual", raising=False)  # an earlier test may have it
    said = await trouble(store_at("postgresql://u@db.example/kept"), "postgresql://db.example/kept")
    assert said == (
        "needs a driver that is not installed. Install the extra `postgres` (`pipx install '.[postgres]'` in the "
        "clone), or name a file with --store."
    )


async def test_a_file_needs_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        assert not name.startswith("psycopg")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert await store_at(tmp_path / "store.sqlite3").note("octo-org", 7, CREATED, snapshot())
