"""The server's parts, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from server.context import AppContext
from server.github.connection import open_github
from server.github.credentials import Credentials
from server.guards.policy import Policy
from server.settings import Settings
from server.store.store import Store


@asynccontextmanager
async def open_app(
    settings: Settings,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[AppContext]:
    """Open what a tool or a command works with. Nothing is sent, read or asked for before it is used.

    Args:
        settings: what the operator configured.
        credentials: what to act with; by default what the settings and the environment say.
        transport: what carries requests to GitHub; by default the network.
    """
    async with open_github(settings, credentials=credentials, transport=transport) as github:
        store = Store.from_settings(settings)
        try:
            yield AppContext(settings, github, Policy.from_settings(settings), store)
        finally:
            await store.aclose()
