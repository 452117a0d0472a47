from importlib.metadata import PackageNotFoundError

import pytest

from server.version import server_version


def test_the_version_is_a_zero_when_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("server.version.version", missing)
    assert server_version.__wrapped__() == "0"  # it is looked up once in a process
