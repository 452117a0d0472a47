"""Addresses of databases: what they may hold, and what is shown of them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from server.errors import ConfigurationError
from server.options import read_options
from server.store.addresses import read_address
from server.store.store import Store
from tests.store.samples import HOST


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("postgresql://campaigns@db.example/campaigns", "postgresql://db.example/campaigns"),
        ("postgres://db.example:5433/campaigns", "postgresql://db.example:5433/campaigns"),
        ("postgresql://", "postgresql:///"),
        ("postgresql:///campaigns", "postgresql:///campaigns"),
        ("postgresql://u@one:5432,two:5432/c?target_session_attrs=read-write", "postgresql://one:5432,two:5432/c"),
        ("postgresql://u@[2001:db8::1]:5432/c", "postgresql://[2001:db8::1]:5432/c"),
        ("postgresql://u%40example@db/c?sslmode=verify-full", "postgresql://db/c"),
        ("postgresql://u@/c?host=/run/postgresql&port=5433", "postgresql:///c?host=/run/postgresql&port=5433"),
        ("postgresql:///?service=campaigns", "postgresql:///?service=campaigns"),
        ("postgresql://db/c?options=-csearch_path%3Dkept", "postgresql://db/c"),
    ],
)
def test_an_address_goes_to_libpq_as_it_is_and_host_and_database_are_shown(given: str, name: str) -> None:
    address = read_address(given)
    assert (address.text, address.name) == (given, name)
    psycopg.conninfo.conninfo_to_dict(given)  # libpq agrees


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://user:hunter2@host/database",
        "postgresql://user:hunter2@host:5432/database?sslmode=require",
        "postgresql://user:@host/hunter2",
        "postgresql://:hunter2@host/database",
        "postgresql://user:hunt/er2@host/database",
        "postgresql://user:hunt?er2@host/database",
        "postgresql://user:hunt#er2@host/database",
        "postgresql://user:hunt@er2@host/database",
        "postgresql://user:12345/hunter2@host/database",
        "POSTGRESQL://user:hunter2@host/database",
        "postgresql://user@host/database?password=hunter2",
        "postgresql://user@host/database?sslmode=require&PASSWORD=hunter2",
        "postgresql://user@host/database?sslpassword=hunter2",
    ],
)
@pytest.mark.parametrize("by", ["option", "environment"])
def test_an_address_that_holds_a_password_is_refused_without_repeating_it(given: str, by: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_options({"store": given}, {}) if by == "option" else read_options({}, {"SECURITY_CAMPAIGNS_STORE": given})
    name = "--store" if by == "option" else "SECURITY_CAMPAIGNS_STORE"
    assert str(refused.value) == (
        f"{name}: must not hold a password, since addresses are shown; PGPASSWORD, a password file or a service file "
        "gives it, as for psql."
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("mysql://user@host/hunter2", "must be the path of a file, or an address like"),
        ("postgresql+psycopg://user@host/hunter2", "must be the path of a file, or an address like"),
        (" postgresql://user@host/hunter2", "must be the path of a file, or an address like"),
        ("postgresql://hunter2@one@two/database", "must be the path of a file, or an address like"),
        ("postgresql://host:hunter2/database", "must be the path of a file, or an address like"),
        ("postgresql://host/data/hunter2", "must be the path of a file, or an address like"),
        ("postgresql://host/database?hunter2", "must be the path of a file, or an address like"),
        ("postgresql://host/hunter2 ", "must be the path of a file, or an address like"),
        ("postgresql://host/database\nhunter2", "must be the path of a file, or an address like"),
        ("postgresql://host/database?hunter2=1", "holds a parameter that is not libpq's, or not for an address"),
        ("postgresql://host/database?passwd=hunter2", "holds a parameter that is not libpq's, or not for an address"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(given: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^--store: {why}") as refused:
        read_options({"store": given}, {})
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ValueError, match=why):
        Store(HOST, given)


def test_what_has_no_scheme_is_a_file() -> None:
    assert read_options({"store": "postgresql"}, {}) == {"store": Path("postgresql")}
