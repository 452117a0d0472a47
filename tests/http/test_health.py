"""What proxies ask, and strangers may."""

from __future__ import annotations

from pathlib import Path

from server.http.settings import ServeSettings
from tests.http.service import get, make_token, replica


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
