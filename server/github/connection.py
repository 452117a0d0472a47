"""The connection to GitHub that everything above shares."""

from __future__ import annotations

import math
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import httpx
import truststore

from server.errors import ConfigurationError
from server.github.alerts import Alerts
from server.github.campaigns import Campaigns
from server.github.client import GitHubClient
from server.github.clock import Clock
from server.github.credentials import Credentials
from server.github.people import People
from server.github.pools import Pools
from server.github.sources import find_credentials
from server.settings import Settings

# GitHub allows a hundred requests at once, and each caller of a service may have one under way. They are opened as they
# are needed.
_OTHER_CONNECTIONS = 60
_POOLS = 8
# Connecting gets less than the whole time limit, so that "could not be reached" is told from "did not answer".
_CONNECT_SHARE = 2 / 3


@dataclass
class GitHub:
    """What belongs to one connection: requests, campaigns, people, alerts, the credential and GitHub's time."""

    client: GitHubClient
    campaigns: Campaigns
    people: People
    alerts: Alerts
    credentials: Credentials
    clock: Clock
    pools: Pools

    async def aclose(self) -> None:
        """Close the connections."""
        await self.pools.aclose()


@asynccontextmanager
async def open_github(
    settings: Settings,
    *,
    credentials: Credentials | None = None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> AsyncIterator[GitHub]:
    """Make the connection for a block, and close it in the end; everything else is as for `connect`."""
    github = connect(settings, credentials=credentials, clock=clock, transport=transport, environ=environ, sleep=sleep)
    try:
        yield github
    finally:
        await github.aclose()


def connect(
    settings: Settings,
    *,
    credentials: Credentials | None = None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> GitHub:
    """Make the connection, which is to be closed in the end. Nothing is sent and no credential is read yet.

    Certificates are checked against the system's trust store and proxies are taken from the environment, because
    companies have both.

    Args:
        settings: what the operator configured.
        credentials: the credential; found as `find_credentials` says when None.
        clock: GitHub's time; a new one when None.
        transport: how requests travel instead of over the network.
        environ: where credentials are looked for.
        sleep: how to wait, in seconds.

    Raises:
        ConfigurationError: the environment names a proxy that cannot be used.
    """
    clock = clock or Clock()
    pools = Pools(_clients(settings, transport))
    credentials = credentials or find_credentials(settings, environ, pools=pools, clock=clock, sleep=sleep)
    client = GitHubClient(pools, settings, credentials, clock, sleep=sleep)
    return GitHub(
        client,
        Campaigns(client, clock, settings, sleep),
        People(client, settings),
        Alerts(client, settings),
        credentials,
        clock,
        pools,
    )


def check_proxies(settings: Settings) -> None:
    """Look whether a connection could be made, before anybody needs one.

    Raises:
        ConfigurationError: the environment names a proxy that cannot be used.
    """
    _clients(settings, None)  # they are not open before they are used


def _clients(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> list[httpx.AsyncClient]:
    connecting = settings.timeout * _CONNECT_SHARE
    timeout = httpx.Timeout(settings.timeout, connect=connecting, pool=connecting)
    if transport is not None:
        return [httpx.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)]
    connections = math.ceil((settings.parallel_reads + _OTHER_CONNECTIONS) / _POOLS)
    trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return [
            httpx.AsyncClient(
                verify=trust,
                timeout=timeout,
                # All of them are kept open, or reading in parallel would connect anew again and again.
                limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
                follow_redirects=False,
                # Unencrypted requests stay on this machine, or a proxy would read the token.
                trust_env=not settings.api_url.startswith("http:"),
            )
            for _ in range(_POOLS)
        ]
    except (ValueError, httpx.InvalidURL, ImportError):  # whose texts repeat the address, which may hold a password
        raise ConfigurationError(
            "The environment names a proxy that cannot be used here.",
            "Look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY (http://HOST:PORT; SOCKS proxies are not supported), and at "
            "NO_PROXY (hosts, with commas between them).",
        ) from None
