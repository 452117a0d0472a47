"""What the service is measured against: a bare MCPServer with the same sign-in, whose one tool does one GET.

    python -m benchmarks.bare_server FILE_OF_TOKENS http://127.0.0.1:1234

The check of the token is this project's (`StaticTokens`), called by the SDK's own middleware; everything else is as the
SDK has it. The tool hands on GitHub's answer as text, unparsed.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import Context, MCPServer
from pydantic import AnyHttpUrl

from benchmarks.campaign_github import QUERY
from server.errors import CampaignsError
from server.sandbox.options import SANDBOX_TOKEN
from server.signin.static_tokens import StaticTokens


class FileOfTokens(TokenVerifier):
    """The same file, looked at in the same way."""

    def __init__(self, file: Path) -> None:
        self._tokens = StaticTokens(file)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whose token it is, or None."""
        try:
            caller = self._tokens.verify(token)
        except CampaignsError:
            return None
        return AccessToken(
            token=token,
            client_id=caller.client,
            scopes=sorted(caller.scopes),
            expires_at=caller.expires,
            subject=caller.subject,
        )


def bare_server(tokens: Path, github: str, own: str) -> MCPServer[httpx.AsyncClient]:
    """Make the server; `github` and `own` are addresses."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[httpx.AsyncClient]) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}", "Accept": "application/vnd.github+json"}
        async with httpx.AsyncClient(base_url=github, headers=headers, trust_env=False) as client:
            yield client

    signing_in = AuthSettings(
        issuer_url=AnyHttpUrl(own),
        resource_server_url=AnyHttpUrl(own),
        required_scopes=["campaigns:read"],
        validate_token_resource=False,
    )
    mcp = MCPServer(
        "bare", lifespan=lifespan, auth=signing_in, token_verifier=FileOfTokens(tokens), log_level="WARNING"
    )

    async def list_campaigns(ctx: Context[httpx.AsyncClient], org: str, page: int, per_page: int) -> str:
        """List an organization's security campaigns, a page at a time."""
        client = ctx.request_context.lifespan_context
        response = await client.get(f"/orgs/{org}/campaigns?{QUERY.format(page=page, per_page=per_page)}")
        return response.raise_for_status().text

    mcp.add_tool(list_campaigns, structured_output=False)
    return mcp


def main() -> None:
    """Serve until ended."""
    tokens, github = sys.argv[1:]
    listening = socket.create_server(("127.0.0.1", 0))
    own = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    app = bare_server(Path(tokens), github, own).streamable_http_app()
    config = uvicorn.Config(app, http="h11", log_level="warning", access_log=False, server_header=False, ws="none")
    print(own, flush=True)  # noqa: T201 - whoever started it waits for this
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
