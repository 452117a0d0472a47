"""What proxies ask, and strangers may."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from server.http.settings import ServeSettings
from server.sandbox.options import ADMIN_TOKEN
from tests.harness import ORG
from tests.http.service import client_of, get, make_token, replica, service_process
from tests.processes import environment, loopback_github


def test_a_service_is_alive_and_ready_without_a_token_and_under_any_name(tmp_path: Path) -> None:
    make_token(tmp_path / "tokens")
    with replica(ServeSettings(tokens=tmp_path / "tokens"), store=tmp_path / "store.sqlite3") as running:
        alive, ready = get(f"{running.origin}/healthz", host="10.1.2.3"), get(f"{running.origin}/readyz", host="x")
        assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


def test_a_service_whose_store_is_broken_is_alive_but_not_ready(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite3"
    store.write_bytes(b"no database" * 1000)
    with replica(store=store) as running:
        ready = get(f"{running.origin}/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
        assert "its store cannot be used" in ready.json()["why"]
        assert str(tmp_path) not in ready.text
        assert get(f"{running.origin}/healthz").status_code == 200


def test_a_service_that_is_being_stopped_is_not_ready() -> None:
    with replica() as running:
        running.calls.stopping = True
        ready = get(f"{running.origin}/readyz")
        assert (ready.status_code, ready.json()["why"]) == (503, "it is being stopped")
        assert get(f"{running.origin}/healthz").status_code == 200


@pytest.mark.anyio
async def test_a_service_that_is_ready_has_imported_what_its_calls_need(tmp_path: Path) -> None:
    with (
        loopback_github() as github,
        service_process(
            *("--org", ORG, "--store", str(tmp_path / "store.sqlite3")),
            GITHUB_API_URL=github.url,
            GITHUB_TOKEN=ADMIN_TOKEN,
            PYTHONPROFILEIMPORTTIME="1",
        ) as service,
    ):
        started = len(service.said)
        async with client_of(service.url, "2026-07-28") as client:
            assert not (await client.call_tool("list_campaigns", {})).is_error
            assert not (await client.call_tool("report_progress", {})).is_error
            await client.list_prompts()
        service.stop()
        assert service.ended() == 0
    imported = [
        re.findall(r"^import time:.*\| +((?:server|tools|prompts|sqlalchemy)\b\S*)$", line) for line in service.said
    ]
    assert ["server.store.settling"] in imported[:started]
    assert [found[0] for found in imported[started:] if found] == []


def test_a_proxy_that_cannot_be_used_ends_the_service_before_it_listens(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "security_campaigns_mcp", "serve", "--http", "127.0.0.1:0"],
        env={"PATH": os.environ["PATH"], **environment(HTTPS_PROXY="socks5://me:hunter2@127.0.0.1:1")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("security-campaigns-mcp: The environment names a proxy that cannot be used here.")
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
