"""A client, this server and a GitHub that goes wrong, over a socket and in a time of their own."""

from __future__ import annotations

import time as machine
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

from server.app import build_server
from server.context import AppContext
from server.domain.audit import AuditRecord
from server.github import clock, connection
from server.github.credentials import FixedToken
from server.protocol import CampaignServer
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, DEFAULT_TOKENS, SandboxOptions
from server.settings import Settings
from tests.harness import MODES, ORG
from tests.prove.faults_wire import FaultyGitHub, PassingTime

APP_ID = 4711
_LONGEST = 240.0  # seconds for a call, which takes one; on a machine whose cores others have, it takes a hundred
_connecting = anyio.Lock()


class NotProved(Exception):
    """Nothing more can be proved on a stage, and why."""


@dataclass
class Stage:
    """What a call happens on."""

    client: Client
    server: CampaignServer
    github: FaultyGitHub
    sandbox: Sandbox
    time: PassingTime
    tokens: dict[str, Any] = field(default_factory=dict)

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool.

        Raises:
            NotProved: it was not answered in time. It may still go on.
        """
        began = machine.process_time()
        try:
            with anyio.fail_after(_LONGEST):
                return await self.client.call_tool(tool, arguments)
        except TimeoutError:
            computed = machine.process_time() - began
            raise NotProved(
                f"{tool}: no answer within {_LONGEST:.0f} s, for {computed:.0f} s of which this process computed, "
                f"after {len(self.github.requests)} requests"
            ) from None

    def restore_token(self) -> None:
        """Let GitHub know the token again, after it was revoked."""
        self.tokens[ADMIN_TOKEN] = DEFAULT_TOKENS[ADMIN_TOKEN]

    @property
    def app(self) -> AppContext:
        """The server's parts."""
        assert self.server.app is not None
        return self.server.app

    async def records(self) -> list[AuditRecord]:
        """Return the audit, the oldest first."""
        return [record async for page in self.app.store.audit.records() for record in page]


async def _typist(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """Answer as a person who types what the question names."""
    named = params.message.partition(" Type ")[2].partition(" to confirm")[0]
    return ElicitResult(action="accept", content={"campaign": named})


@asynccontextmanager
async def staged(
    era: str,
    folder: Path,
    *,
    time: PassingTime | None = None,
    app: bool = False,
    limit: float = Settings.timeout,
    patience: float = Settings.patience,
    limits: bool = True,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Connect a client to a fresh server in front of a fresh GitHub, with an audit in `folder`.

    Args:
        era: the protocol's version.
        folder: for the store and the app's key.
        time: what time it is here and there.
        app: act as a GitHub App, and not with a token.
        limit: how long one try of a request may take, in seconds. It is real time, as all the rest is not.
        patience: how long it is repeated and waited for, in seconds of both kinds.
        limits: GitHub has its limits.
        settings: more of `server.settings`.
    """
    time, tokens = time or PassingTime(), dict(DEFAULT_TOKENS)
    public = _key()[1] if app else None
    options = SandboxOptions(
        tokens=tokens, clock=time.github, limits=limits, app_id=APP_ID if app else None, app_public_key=public
    )
    if app:
        settings |= {"app_id": str(APP_ID), "app_key_file": _key_file(folder)}
    async with FaultyGitHub(create_sandbox(options), time).open() as github:
        chosen = Settings(
            org=ORG,
            api_url=github.url,
            timeout=limit,
            write_spacing=0.0,
            store=folder / "store.db",
            patience=patience,
            **settings,
        )
        server = build_server(chosen, credentials=None if app else FixedToken(ADMIN_TOKEN, "the proof"))
        # Nobody but a proof has to wait in another time, so there is no setting for it.
        connect = partial(connection.connect, sleep=time.sleep)
        client = Client(server, mode=MODES[era], elicitation_callback=_typist)
        async with _connecting:
            with (
                patch.object(connection, "connect", connect),
                patch.object(clock, "Clock", partial(clock.Clock, time.machine)),
            ):
                await client.__aenter__()
                assert server.app is not None
                assert server.app.github is not None  # it is made when it is first used, which is here
        try:
            yield Stage(client, server, github, github.sandbox, time, tokens)
        finally:
            await client.__aexit__(None, None, None)


@cache
def _key() -> tuple[bytes, str]:
    """Return a private key and its public half, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private, key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _key_file(folder: Path) -> Path:
    path = folder / "key.pem"
    path.write_bytes(_key()[0])
    return path
