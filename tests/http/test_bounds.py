"""What is refused before anybody looks at who sends it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from server.http.bounds import LARGEST_BODY
from server.http.settings import ServeSettings
from tests.http.service import Replica, get, headers_of, make_token, post, replica, request_of

ORIGIN = "https://assistant.example.com"


@dataclass
class Known:
    """A replica known under several names, which therefore needs a token."""

    replica: Replica
    token: str

    @property
    def url(self) -> str:
        return self.replica.url

    @property
    def origin(self) -> str:
        return self.replica.origin

    def headers(self, era: str, **more: str) -> dict[str, str]:
        return headers_of(era, self.token, **more)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    file = tmp_path_factory.mktemp("known") / "tokens"
    token = make_token(file)
    serve = ServeSettings(
        public_url="https://campaigns.example.com/mcp",
        tokens=file,
        allowed_hosts=("proxy.internal", "other.internal:8443"),
        allowed_origins=(ORIGIN,),
    )
    with replica(serve) as started:
        yield Known(started, token)


def status(running: Known, era: str, **headers: str) -> int:
    return post(running.url, request_of(era, "tools/list"), running.headers(era) | headers).status_code


@pytest.mark.parametrize(
    "host",
    [
        "campaigns.example.com",
        "CAMPAIGNS.example.com",
        "campaigns.example.com:443",
        "proxy.internal",
        "proxy.internal:81",
        "other.internal:8443",
    ],
)
def test_known_hosts_are_served(running: Known, host: str) -> None:
    assert status(running, "2026-07-28", host=host) == 200


def test_loopback_names_are_served_on_the_ports_own(running: Known) -> None:
    port = httpx.URL(running.url).port
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert status(running, "2026-07-28", host=f"{name}:{port}") == 200
        assert status(running, "2026-07-28", host=f"{name}:1") == 421


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "campaigns.example.com:444",
        "campaigns.example.com.evil.com",
        "other.internal",
        "127.0.0.1",
        "x:1",
    ],
)
def test_other_hosts_are_not_this_server(running: Known, era: str, host: str) -> None:
    refused = post(running.url, request_of(era, "tools/list"), running.headers(era, host=host))
    assert refused.status_code == 421
    assert "--allowed-host" in refused.json()["error"]["message"]
    assert host not in refused.text
    assert running.replica.sent == []


def test_the_services_own_origin_and_the_allowed_one_are_served(running: Known) -> None:
    for origin in ("https://campaigns.example.com", ORIGIN, running.origin):
        assert status(running, "2026-07-28", origin=origin) == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "null",
        "",
        f"{ORIGIN}.evil.com",
        "http://assistant.example.com",
        "http://localhost:1",
    ],
)
def test_pages_of_other_origins_may_not_call(running: Known, era: str, origin: str) -> None:
    refused = post(running.url, request_of(era, "tools/list"), running.headers(era, origin=origin))
    assert refused.status_code == 403
    assert "--allowed-origin" in refused.json()["error"]["message"]


def test_a_browser_of_the_allowed_origin_may_ask_first_and_read_the_answer(running: Known) -> None:
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,mcp-protocol-version,mcp-session-id,mcp-method",
    }
    allowed = httpx.options(running.url, headers=asked, trust_env=False)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, ORIGIN)
    answered = post(running.url, request_of("2026-07-28", "tools/list"), running.headers("2026-07-28", origin=ORIGIN))
    exposed = answered.headers["access-control-expose-headers"].lower()
    assert "mcp-session-id" in exposed
    assert "www-authenticate" in exposed


def test_a_body_beyond_the_limit_is_refused(running: Known, era: str) -> None:
    large = request_of(era, "tools/call", name="get_campaign", arguments={"org": "x" * LARGEST_BODY})
    refused = post(running.url, large, running.headers(era))
    assert refused.status_code == 413
    assert str(LARGEST_BODY) in refused.json()["error"]["message"]

    def parts() -> Iterator[bytes]:
        yield json.dumps(large).encode()

    headers = running.headers(era) | {"content-type": "application/json"}
    assert httpx.post(running.url, content=parts(), headers=headers, trust_env=False).status_code == 413


def test_a_body_that_only_claims_to_be_large_is_refused_unread(running: Known) -> None:
    host = httpx.URL(running.url)
    with socket.create_connection((host.host, host.port or 0), timeout=30) as connection:
        connection.sendall(
            f"POST /mcp HTTP/1.1\r\nHost: {host.host}:{host.port}\r\nAuthorization: Bearer {running.token}\r\n"
            "Content-Length: 99999999999\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[]", b'"text"', b"7", b"[" * 50_000, b'{"method": 7}'], ids=repr
)
def test_a_body_that_is_no_message_is_the_clients_mistake(running: Known, era: str, body: bytes) -> None:
    headers = running.headers(era) | {"content-type": "application/json"}
    answered = httpx.post(running.url, content=body, headers=headers, trust_env=False)
    assert 400 <= answered.status_code < 500 or (answered.status_code == 202 and body.startswith(b'{"method"'))


def test_other_paths_are_not_found_and_nobody_is_sent_elsewhere(running: Known) -> None:
    for path in ("/", "/mcp/", "/sse", "/healthz/", "/mcp/../etc/passwd", "/.well-known/oauth-protected-resource"):
        assert get(running.origin + path).status_code == 404, path


def test_a_stranger_is_refused_before_the_body_is_read(tmp_path: Path) -> None:
    make_token(tmp_path / "tokens")
    with replica(ServeSettings(tokens=tmp_path / "tokens")) as running:
        host = httpx.URL(running.url)
        with socket.create_connection((host.host, host.port or 0), timeout=30) as connection:
            connection.sendall(
                f"POST /mcp HTTP/1.1\r\nHost: {host.host}:{host.port}\r\nContent-Length: 1000\r\n\r\n".encode()
            )
            assert connection.recv(100).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("host", ["campaigns.example.com", "campaigns.example.com:443"])
def test_a_public_address_with_its_usual_port_is_the_one_without(host: str, tmp_path: Path) -> None:
    """Clients leave out a port that is usual, in Host and in Origin, though the operator wrote it."""
    token = make_token(tmp_path / "tokens")
    serve = ServeSettings(public_url="https://campaigns.example.com:443/mcp", tokens=tmp_path / "tokens")
    with replica(serve) as running:
        headers = headers_of("2026-07-28", token, host=host, origin="https://campaigns.example.com")
        assert post(running.url, request_of("2026-07-28", "tools/list"), headers).status_code == 200


def test_headers_that_do_not_come_end_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a new connection, and on one that has served a request; a whole request is answered as ever."""
    monkeypatch.setattr("server.http.connections.HEADERS_WITHIN", 0.05)
    with replica() as running:
        host = httpx.URL(running.url)
        for before in (b"", f"GET /healthz HTTP/1.1\r\nHost: {host.host}\r\n\r\n".encode()):
            with socket.create_connection((host.host, host.port or 0), timeout=30) as connection:
                connection.sendall(before)
                answered = connection.recv(1000) if before else b""
                connection.sendall(b"POST /mcp HTTP/1.1\r\nX-Slow: ")
                rest = b"".join(iter(lambda: connection.recv(1000), b""))
            assert (answered + rest).startswith(b"HTTP/1.1 200 ") == bool(before)
            assert b"POST" not in rest


def test_a_connection_too_many_is_closed_and_later_ones_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.http.connections.most_connections", lambda: 1)
    with replica() as running:
        host = httpx.URL(running.url)
        alive = f"GET /healthz HTTP/1.1\r\nHost: {host.host}\r\nConnection: close\r\n\r\n".encode()
        with socket.create_connection((host.host, host.port or 0), timeout=30) as first:
            with socket.create_connection((host.host, host.port or 0), timeout=30) as second, suppress(ConnectionError):
                assert second.recv(100) == b""
            first.sendall(alive)
            assert b"".join(iter(lambda: first.recv(1000), b"")).startswith(b"HTTP/1.1 200 ")
        assert get(running.origin + "/healthz").status_code == 200
