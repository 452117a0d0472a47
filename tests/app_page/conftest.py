from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app_page.apps_host import AppsHost


@pytest.fixture(scope="session")
def driver() -> Iterator[AppsHost]:
    host = AppsHost()
    yield host
    host.close()


@pytest.fixture
def apps(driver: AppsHost) -> Iterator[AppsHost]:
    """The host, which after each test looks whether the page complained, tried to load something or was hit."""
    yield driver
    seen = driver.play("observed")
    assert seen["console"] == []
    assert seen["violations"] == []
    assert [request for request in seen["requests"] if request != f"{seen['appAddress']}/"] == []
    assert driver.app("window.hit") is None
