"""The server's parts, opened together and closed together."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from server.context import AppContext
from server.errors import StoreFailed
from server.guards.policy import Policy
from server.settings import Settings

if TYPE_CHECKING:
    import httpx

    from server.github.clock import Clock
    from server.github.connection import GitHub
    from server.github.credentials import Credentials
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
    async with AsyncExitStack() as closing:

        def connected(clock: Clock) -> GitHub:
            from server.github import connection  # noqa: PLC0415 - a plain start must not pay for it

            github = connection.connect(settings, credentials=credentials, clock=clock, transport=transport)
            closing.push_async_callback(github.aclose)
            return github

        def opened() -> Store:
            from server.store.store import Store  # noqa: PLC0415 - likewise

            store = Store.from_settings(settings)
            closing.push_async_callback(_let_go_of, store)
            return store

        yield AppContext(settings, Policy.from_settings(settings), connected, opened)


async def _let_go_of(store: Store) -> None:
    try:
        await store.aclose()
    except StoreFailed as failure:
        _LOG.warning("%s", failure)
