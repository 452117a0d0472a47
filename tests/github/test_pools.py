from __future__ import annotations

import anyio
import httpx
import pytest
from anyio.abc import SocketStream

from server.github.connection import open_github
from server.github.credentials import FixedToken
from server.github.pools import Pools
from server.settings import Settings
from tests.github.scripted import SECRET
from tests.github.test_network import Served, listening

pytestmark = pytest.mark.anyio

AT_ONCE = 60
"""Requests, as many as a service has room for beside what reads in parallel."""


async def test_requests_at_once_are_spread_and_the_first_pool_is_used_again() -> None:
    pools = Pools([httpx.AsyncClient() for _ in range(3)])
    with pools.least_busy() as first, pools.least_busy() as second, pools.least_busy() as third:
        assert len({first, second, third}) == 3
        with pools.least_busy() as fourth:
            assert fourth is first
    with pools.least_busy() as again:
        assert again is first


async def test_a_failed_request_gives_its_place_back() -> None:
    pools = Pools([httpx.AsyncClient() for _ in range(2)])
    with pytest.raises(httpx.ReadError), pools.least_busy() as first:
        raise httpx.ReadError("gone")
    with pools.least_busy() as again:
        assert again is first


async def test_many_requests_are_under_way_at_once_and_their_connections_are_used_again() -> None:
    """Nothing is answered before all of them have come, so fewer connections would never get an answer."""
    served, waiting, all_came = Served(), 0, anyio.Event()

    async def serve(stream: SocketStream) -> None:
        nonlocal waiting, all_came
        async for request in stream:
            assert b"\r\n\r\n" in request
            waiting += 1
            if waiting == AT_ONCE:
                waiting = 0
                all_came.set()
                all_came = anyio.Event()
            else:
                await all_came.wait()
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with anyio.fail_after(20):
        async with listening(serve, served):
            settings = Settings(api_url=f"http://127.0.0.1:{served.port}")
            async with open_github(settings, credentials=FixedToken(SECRET)) as github:
                for _ in range(2):
                    async with anyio.create_task_group() as group:
                        for number in range(AT_ONCE):
                            group.start_soon(github.client.request, "GET", f"/repositories/{number}")
    assert served.connections == AT_ONCE
