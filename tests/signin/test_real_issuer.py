"""Signing in as clients do it: discovery, a token of a real issuer for this server, and stepping up to write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from server.http.settings import ServeSettings
from server.signin.scopes import READ_SCOPE, WRITE_SCOPE
from tests.harness import MODES, ORG, Sent, accept, text_of
from tests.http.service import PATIENCE, Replica, replica

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parent / "issuer"


@contextmanager
def real_issuer(sign: str = "ES256") -> Iterator[str]:
    """Run the issuer while the block runs. Without npm the test is skipped; in continuous integration it fails."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").exists():
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("Node.js, or what `npm ci --prefix tests/signin/issuer` installs, is missing.")
    with subprocess.Popen(  # noqa: S603 - the program was looked up, and nothing is given from outside
        [node, str(FOLDER / "issuer.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "SIGN": sign},
    ) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())["issuer"]
        assert process.stdin
        process.stdin.close()
        process.wait(PATIENCE)


@pytest.fixture
def issuer() -> Iterator[str]:
    with real_issuer() as url:
        yield url


class Kept:
    """Keeps a client's tokens."""

    def __init__(self) -> None:
        self.tokens: list[OAuthToken] = []

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens[-1] if self.tokens else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens.append(tokens)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        pass


@asynccontextmanager
async def signed_in(running: Replica, issuer: str, era: str, who: str) -> AsyncIterator[tuple[Client, Kept]]:
    """Connect a client that finds the issuer by itself."""
    kept = Kept()
    auth = ClientCredentialsOAuthProvider(running.url, kept, who, f"secret-of-{who}", issuer=issuer)
    async with (
        httpx2.AsyncClient(auth=auth, timeout=PATIENCE, trust_env=False) as http,
        Client(
            streamable_http_client(running.url, http_client=http),
            mode=MODES[era],
            elicitation_callback=accept(campaign=f"{ORG}/3"),
        ) as client,
    ):
        yield client, kept


async def tools(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


@pytest.mark.parametrize("sign", ["ES256", "RS256", "EdDSA"])
async def test_a_client_finds_the_issuer_and_gets_in(era: str, sign: str) -> None:
    with real_issuer(sign) as issuer, replica(ServeSettings(issuer=issuer)) as running:
        async with signed_in(running, issuer, era, "writer") as (client, kept):
            assert "delete_campaign" in await tools(client)
            answer = await client.call_tool("delete_campaign", {"campaign_number": 3})
        assert not answer.is_error, text_of(answer)
        assert running.writes == [Sent("DELETE", f"/orgs/{ORG}/campaigns/3")]
        assert len(kept.tokens) == 1


async def test_a_client_that_was_let_in_to_read_steps_up_when_it_writes(era: str, issuer: str) -> None:
    with replica(ServeSettings(issuer=issuer, ask_scopes=(READ_SCOPE,))) as running:
        async with signed_in(running, issuer, era, "writer") as (client, kept):
            assert "delete_campaign" not in await tools(client)
            answer = await client.call_tool("delete_campaign", {"campaign_number": 3})
            assert not answer.is_error, text_of(answer)
            assert len(running.writes) == 1
        assert [set((token.scope or "").split()) for token in kept.tokens] == [
            {READ_SCOPE},
            {READ_SCOPE, WRITE_SCOPE},
        ]


async def test_who_the_issuer_lets_only_read_reads(era: str, issuer: str) -> None:
    with replica(ServeSettings(issuer=issuer, ask_scopes=(READ_SCOPE,))) as running:
        async with signed_in(running, issuer, era, "reader") as (client, _):
            assert not (await client.call_tool("get_campaign", {"campaign_number": 3})).is_error
            assert "delete_campaign" not in await tools(client)
        assert running.writes == []


async def test_a_token_of_the_issuer_for_another_server_is_refused(issuer: str) -> None:
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        asked = {"grant_type": "client_credentials", "scope": READ_SCOPE, "resource": "https://other.example.com/mcp"}
        told = await http.post(f"{issuer}/token", data=asked, auth=("writer", "secret-of-writer"))
        token = told.json()["access_token"]
        with replica(ServeSettings(issuer=issuer)) as running:
            refused = await http.post(running.url, json={}, headers={"authorization": f"Bearer {token}"})
    assert refused.status_code == 401
    assert "is not for this server" in refused.json()["error_description"]
