"""The server's parts, opened together and closed together."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from server.context import AppContext
from server.errors import StoreFailed
from server.github.connection import open_github
from server.github.credentials import Credentials
from server.guards.policy import Policy
from server.settings import Settings
from server.store.store import Store

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def open_app(
    settings: Settings,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[AppContext]:
    """Open what a tool or a command works with. Nothing is sent, read or asked for before it is used.

    A store that cannot be let go of is logged and no error: what was done, or went wrong, before counts.

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
            await _let_go_of(store)


async def _let_go_of(store: Store) -> None:
    try:
        await store.aclose()
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
