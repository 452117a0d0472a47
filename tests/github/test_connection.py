from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from server.errors import ConfigurationError, Rejected, Unavailable
from server.github.connection import open_github
from server.github.credentials import FixedToken
from server.settings import Settings
from tests.github.scripted import SECRET, Script, Waits, told

pytestmark = pytest.mark.anyio


async def test_opening_sends_nothing_and_closing_closes(waits: Waits) -> None:
    closed = []

    class Closing(Script):
        async def aclose(self) -> None:
            closed.append(True)

    script = Closing()
    async with open_github(Settings(), credentials=FixedToken(SECRET), transport=script, sleep=waits) as github:
        assert SECRET not in repr(github)
        assert not closed
    assert closed
    assert script.sent == []


async def test_an_error_leaves_the_connection_as_it_is(waits: Waits) -> None:
    script = Script(told(422, {}))
    with pytest.raises(Rejected):
        async with open_github(Settings(), credentials=FixedToken(SECRET), transport=script, sleep=waits) as github:
            await github.campaigns.get("octo-org", 3)


async def test_the_clock_is_shared(waits: Waits) -> None:
    script = Script(told(200, {"login": "octo-bot"}, date="Tue, 01 Jan 2030 00:00:00 GMT"))
    async with open_github(Settings(), credentials=FixedToken(SECRET), transport=script, sleep=waits) as github:
        await github.people.acting_account(None)
        assert github.clock.now().year == 2030


async def test_a_given_transport_ignores_the_environments_proxy(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    script = Script(httpx.ConnectError("from the transport"), told(200, {}))
    async with open_github(Settings(), credentials=FixedToken(SECRET), transport=script, sleep=waits) as github:
        await github.client.request("GET", "/user")
    assert len(script.sent) == 2


@pytest.mark.parametrize("proxy", ["socks5://me:hunter2@127.0.0.1:1", "ftp://me:hunter2@proxy", "http://[::"])
async def test_a_proxy_that_cannot_be_used_is_told_without_its_address(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(
        ConfigurationError, match=r"names a proxy that cannot be used here\. Look at HTTPS_PROXY"
    ) as told:
        async with open_github(Settings(), credentials=FixedToken(SECRET)):
            pass
    assert "hunter2" not in str(told.value)


async def test_waiting_goes_through_the_given_sleep(waits: Waits) -> None:
    script = Script(*[told(502) for _ in range(4)])
    async with open_github(Settings(), credentials=FixedToken(SECRET), transport=script, sleep=waits) as github:
        with pytest.raises(Unavailable):
            await github.campaigns.get("octo-org", 3)
    assert len(waits.seconds) == 3
    assert all(0 < seconds <= 2 for seconds in waits.seconds)


def test_starting_imports_nothing_that_only_apps_need() -> None:
    code = "import sys, server.github.connection; sys.exit(bool({'jwt', 'cryptography', 'mcp'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 # fixed code
