"""Failures as real sockets make them."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.streams.tls
import httpx
import pytest
from anyio.abc import SocketAttribute, SocketStream
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.errors import GitHubError, Unavailable, UnexpectedAnswer
from server.github.connection import GitHub, open_github
from server.github.credentials import FixedToken
from server.github.unreachable import no_answer
from server.settings import Settings
from tests.github.scripted import SECRET, Waits

pytestmark = pytest.mark.anyio
Serve = Callable[[SocketStream], Awaitable[None]]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


class Served:
    """What a listener took in."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.received = b""


@asynccontextmanager
async def listening(serve: Serve, served: Served) -> AsyncIterator[Served]:
    async def take(stream: SocketStream) -> None:
        served.connections += 1
        async with stream:
            await serve(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    served.port = listener.extra(SocketAttribute.local_port)  # noqa: S610 # anyio's, no database
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, take)
        yield served
        tasks.cancel_scope.cancel()


def answering(raw: bytes) -> tuple[Serve, Served]:
    served = Served()

    async def serve(stream: SocketStream) -> None:
        served.received += await stream.receive()
        if raw:
            await stream.send(raw)

    return serve, served


@asynccontextmanager
async def opened(port: int, waits: Waits, scheme: str = "http", limit: float = 15.0) -> AsyncIterator[GitHub]:
    settings = Settings(api_url=f"{scheme}://127.0.0.1:{port}", timeout=limit, write_spacing=0.0)
    async with open_github(settings, credentials=FixedToken(SECRET), sleep=waits) as github:
        yield github


async def failing(github: GitHub, method: str) -> GitHubError:
    with anyio.fail_after(10), pytest.raises(GitHubError) as caught:
        await github.client.request(method, "/orgs/octo-org/campaigns", body=None if method == "GET" else {"name": "a"})
    assert SECRET not in str(caught.value)
    return caught.value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_refused_connection_is_told_and_nothing_was_sent(waits: Waits) -> None:
    async with opened(free_port(), waits) as github:
        error = await failing(github, "POST")
    assert isinstance(error, Unavailable)
    assert error.what == "127.0.0.1 refuses the connection."
    assert error.may_have_happened is False
    assert len(waits.seconds) == 3


async def test_a_host_without_an_address_is_told(waits: Waits) -> None:
    settings = Settings(api_url="https://api.does-not-exist.ghe.com")

    class NoName(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            try:
                raise socket.gaierror(-2, "Name or service not known")
            except OSError as unknown:
                raise httpx.ConnectError("no address") from unknown

    async with open_github(settings, credentials=FixedToken(SECRET), transport=NoName(), sleep=waits) as github:
        error = await failing(github, "GET")
    assert error.what == "The name api.does-not-exist.ghe.com cannot be resolved."


async def test_a_post_on_a_dropped_connection_is_sent_once(waits: Waits) -> None:
    serve, served = answering(b"")
    async with listening(serve, served), opened(served.port, waits) as github:
        error = await failing(github, "POST")
    assert "broke before the whole answer had come" in error.what
    assert error.may_have_happened is True
    assert served.connections == 1
    assert served.received.startswith(b"POST /orgs/octo-org/campaigns HTTP/1.1\r\n")


async def test_a_read_on_a_dropped_connection_is_tried_four_times(waits: Waits) -> None:
    serve, served = answering(b"")
    async with listening(serve, served), opened(served.port, waits) as github:
        await failing(github, "GET")
    assert served.connections == 4


async def test_a_truncated_body_is_a_broken_connection(waits: Waits) -> None:
    serve, served = answering(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"numb')
    async with listening(serve, served), opened(served.port, waits) as github:
        error = await failing(github, "POST")
    assert isinstance(error, Unavailable)
    assert error.may_have_happened is True


async def test_a_silent_host_is_a_timeout(waits: Waits) -> None:
    async def silent(stream: SocketStream) -> None:
        await anyio.sleep_forever()

    async with listening(silent, Served()) as served, opened(served.port, waits, limit=0.05) as github:
        error = await failing(github, "POST")
    assert error.what == "127.0.0.1 did not answer within 0.05 s."
    assert error.may_have_happened is True


async def test_something_that_is_not_http_is_a_broken_connection(waits: Waits) -> None:
    serve, served = answering(b"SSH-2.0-OpenSSH\r\n")
    async with listening(serve, served), opened(served.port, waits) as github:
        assert "broke before the whole answer" in (await failing(github, "POST")).what


async def test_a_self_signed_certificate_is_not_trusted_and_sees_no_token(waits: Waits, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    seen: list[bytes] = []

    async def serve(stream: SocketStream) -> None:
        try:
            tls = await anyio.streams.tls.TLSStream.wrap(stream, server_side=True, ssl_context=context)
            seen.append(await tls.receive())
        except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
            pass

    async with listening(serve, Served()) as served, opened(served.port, waits, "https") as github:
        error = await failing(github, "POST")
    assert isinstance(error, Unavailable)
    assert error.what.startswith("The certificate of 127.0.0.1 is not trusted (self-signed certificate")
    assert "system's trust store" in error.remedy
    assert (error.may_have_happened, seen, waits.seconds, served.connections) == (False, [], [], 1)


async def test_a_host_that_speaks_no_tls_is_told(waits: Waits) -> None:
    serve, served = answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    async with listening(serve, served), opened(served.port, waits, "https") as github:
        error = await failing(github, "POST")
    assert error.what == "127.0.0.1 does not speak TLS as GitHub does."
    assert error.may_have_happened is False
    assert SECRET.encode() not in served.received


async def test_a_proxy_that_refuses_is_named(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    serve, served = answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    async with listening(serve, served):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{served.port}")
        async with open_github(Settings(), credentials=FixedToken(SECRET), sleep=waits) as github:
            error = await failing(github, "POST")
    assert error.what == "The proxy refused to connect to api.github.com."
    assert error.may_have_happened is False
    assert served.received.startswith(b"CONNECT api.github.com:443")
    assert SECRET.encode() not in served.received


async def test_an_unencrypted_request_never_goes_over_a_proxy(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    serve, proxy = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    async with listening(serve, proxy):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with opened(free_port(), waits) as github:
            assert "refuses the connection" in (await failing(github, "GET")).what
    assert proxy.connections == 0


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (httpx.ConnectTimeout("x"), "could not be reached in time"),
        (httpx.PoolTimeout("x"), "could not be reached in time"),
        (httpx.ReadTimeout("x"), "did not answer within 15 s"),
        (httpx.ConnectError("x"), "There is no way to api.github.com."),
        (httpx.WriteError("x"), "broke before"),
    ],
)
def test_every_way_of_not_answering_has_its_sentence(problem: Exception, said: str) -> None:
    assert said in no_answer(problem, "api.github.com", 15.0).what


def test_causes_are_found_in_groups_and_circles_end() -> None:
    problem = httpx.ConnectError("all attempts failed")
    problem.__cause__ = ExceptionGroup("attempts", [OSError("unreachable"), ConnectionRefusedError("refused")])
    problem.__cause__.__context__ = problem
    assert "refuses the connection" in no_answer(problem, "api.github.com", 15.0).what


def test_a_certificate_problem_does_not_show_what_a_certificate_says() -> None:
    problem = httpx.ConnectError("x")
    cause = ssl.SSLCertVerificationError("x")
    cause.verify_message = "Hostname mismatch, certificate is not valid for 'evil'"
    problem.__cause__ = cause
    assert "(it cannot be verified)" in no_answer(problem, "api.github.com", 15.0).what
    problem.__cause__ = ssl.SSLCertVerificationError("x")
    assert "(it cannot be verified)" in no_answer(problem, "api.github.com", 15.0).what


async def test_a_page_from_a_real_server_is_unexpected(waits: Waits) -> None:
    serve, served = answering(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
    async with listening(serve, served), opened(served.port, waits) as github:
        assert isinstance(await failing(github, "GET"), UnexpectedAnswer)


def certificate(folder: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1 and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + built.public_bytes(serialization.Encoding.PEM)
    path = folder / "server.pem"
    path.write_bytes(pem)
    return path
