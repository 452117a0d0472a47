"""Where the operator wants things kept, if at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.errors import ConfigurationError, StoreFailed
from server.options import read_options, settings_from
from server.settings import Settings
from server.store.store import Store
from tests.processes import environment
from tests.store.samples import CREATED, PUBLICATION, rows


def store(environ: dict[str, str] | None = None, **given: object) -> Store:
    return Store.from_settings(settings_from(read_options(given, environ or {})))


@pytest.mark.anyio
async def test_by_default_things_are_kept_in_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    usual = store()
    assert usual.kept
    assert list(tmp_path.iterdir()) == []  # nothing is made before something is kept
    await usual.intend(PUBLICATION)
    if sys.platform == "linux":
        assert (tmp_path / "security-campaigns-mcp" / "store.sqlite3").is_file()


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform == "win32", reason="needs a passwd file to lack an entry")
@pytest.mark.parametrize("platformdirs", ["today's", "an older one"])
async def test_who_has_no_home_is_told_when_something_is_to_be_kept_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platformdirs: str
) -> None:
    def no_entry(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", no_entry)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if platformdirs == "an older one":
        monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: Path("~/.local/state/x"))
    homeless = store()
    assert homeless.kept
    for ask in (homeless.intend(PUBLICATION), homeless.alerts_of("octo-org", 7)):
        with pytest.raises(StoreFailed) as failed:
            await ask
        assert str(failed.value) == (
            "There is no usual place for a store: this user seems to have no home folder. Name a file with --store, or "
            "run with --no-store."
        )
    with pytest.raises(StoreFailed, match=r"^There is no usual place"):
        _ = homeless.place
    monkeypatch.setenv("HOME", str(tmp_path))
    await homeless.intend(PUBLICATION)
    assert homeless.place is not None
    assert Path(homeless.place).is_relative_to(tmp_path)


@pytest.mark.anyio
@pytest.mark.parametrize("by", ["option", "environment"])
async def test_another_file_can_be_named(tmp_path: Path, by: str) -> None:
    path = str(tmp_path / "deeper" / "kept.sqlite3")
    named = store(store=path) if by == "option" else store({"SECURITY_CAMPAIGNS_STORE": path})
    await named.intend(PUBLICATION)
    assert Path(path).is_file()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ({"no_store": True}, {}),
        ({}, {"SECURITY_CAMPAIGNS_NO_STORE": "1"}),
        ({"sandbox": True}, {}),
        ({"sandbox": True, "no_store": True}, {}),
    ],
)
async def test_without_a_store_and_in_the_sandbox_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], environ: dict[str, str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    nothing = store(environ, **given)
    assert not nothing.kept
    await nothing.published(await nothing.intend(PUBLICATION), 7, CREATED)
    assert await nothing.alerts_of("octo-org", 7) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.anyio
async def test_what_the_sandbox_keeps_on_demand_does_not_mix_with_the_real(tmp_path: Path) -> None:
    path = str(tmp_path / "store.sqlite3")
    sandbox, real, elsewhere = (
        store(store=path, sandbox=True),
        store(store=path),
        store(store=path, api_url="https://api.octo.ghe.com"),
    )
    await sandbox.published(await sandbox.intend(PUBLICATION), 7, CREATED)
    assert sandbox.kept
    assert await sandbox.alerts_of("octo-org", 7) is not None
    assert await real.alerts_of("octo-org", 7) is None
    await real.published(await real.intend(PUBLICATION), 7, CREATED)
    assert await elsewhere.alerts_of("octo-org", 7) is None


def test_a_file_and_none_contradict_each_other() -> None:
    with pytest.raises(ConfigurationError, match=r"^--store and --no-store contradict each other\. Give only one"):
        Settings(store=Path("store.sqlite3"), no_store=True)


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_folder_is_refused(tmp_path: Path, by: str) -> None:
    name, given, environ = (
        ("--store", {"store": str(tmp_path)}, {})
        if by == "option"
        else ("SECURITY_CAMPAIGNS_STORE", {}, {"SECURITY_CAMPAIGNS_STORE": str(tmp_path)})
    )
    with pytest.raises(ConfigurationError) as refused:
        read_options(given, environ)
    assert str(refused.value) == f"{name}: is a folder; give the path of a file in it."


def test_the_place_is_told_as_its_operator_knows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert store(store="kept.sqlite3").place == str(tmp_path / "kept.sqlite3")
    assert store(store="postgresql://mona@host/database").place == "postgresql://host/database"
    assert store(no_store=True).place is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.parametrize("by", ["option", "environment"])
async def test_a_database_can_be_named(address: str, by: str) -> None:
    named = store(store=address) if by == "option" else store({"SECURITY_CAMPAIGNS_STORE": address})
    assert named.kept
    await named.intend(PUBLICATION)
    await named.aclose()
    assert rows(address, "SELECT host, name FROM publications") == [("api.github.com", "Stop the XSS")]


def test_a_start_does_not_pay_for_the_store() -> None:
    program = (
        "import sys, server.app, server.store.store, server.store.selections, server.store.records\n"
        "from server.settings import Settings\n"
        "server.store.store.Store.from_settings(Settings())\n"
        "server.store.store.Store.from_settings(Settings(store='postgresql://host/database'))\n"
        "print({'sqlalchemy', 'psycopg', 'platformdirs'} & {*sys.modules})"
    )
    assert_spares_them(program)


def test_a_look_where_nothing_was_kept_makes_nothing_and_does_not_pay_for_the_store(tmp_path: Path) -> None:
    path = tmp_path / "state" / "store.sqlite3"
    program = (
        "import sys, anyio\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from server.store.store import Store\n"
        "LATER = datetime(2026, 6, 1, tzinfo=UTC)\n"
        "async def look(store):\n"
        "    assert await store.alerts_of('octo-org', 7) is None\n"
        "    assert await store.unsettled('octo-org', LATER) == []\n"
        "    assert await store.settle('octo-org', [], now=LATER, complete_since=LATER) == []\n"
        "    assert await store.history('octo-org', 7, LATER) == []\n"
        "    assert await store.last_report('octo-org') is None\n"
        "    assert await store.audit.unsettled('octo-org', LATER) == []\n"
        "    assert [page async for page in store.audit.records()] == []\n"
        "    assert await store.shared.selection('digest') is None\n"
        f"anyio.run(look, Store('api.github.com', Path({str(path)!r})))\n"
        "print({'sqlalchemy'} & {*sys.modules})"
    )
    assert_spares_them(program)
    assert list(tmp_path.iterdir()) == []


def assert_spares_them(program: str) -> None:
    """Run a program that prints the modules it should not have imported."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment()},
        cwd=Path(__file__).parent.parent.parent,
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
