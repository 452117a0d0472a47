"""What this project's calls are measured against: a bare MCPServer whose two tools do one GET each.

    python -m benchmarks.bare_server http://127.0.0.1:1234                  over stdio
    python -m benchmarks.bare_server http://127.0.0.1:1234 FILE_OF_TOKENS   over HTTP, with the same sign-in

The check of the token is this project's (`StaticTokens`), called by the SDK's own middleware; everything else is as the
SDK has it. The tools hand on GitHub's answer as text, unparsed.
"""

from __future__ import annotations

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
from benchmarks.loopback import listening_socket
from server.errors import CampaignsError
from server.sandbox.options import SANDBOX_TOKEN
from server.signin.static_tokens import StaticTokens

Bare = MCPServer[httpx.AsyncClient]


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


def bare_server(github: str, signing_in: AuthSettings | None, verifier: TokenVerifier | None) -> Bare:
    """Make the server; `github` is an address. Over stdio nobody signs in."""

    @asynccontextmanager
    async def lifespan(_: Bare) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}", "Accept": "application/vnd.github+json"}
        async with httpx.AsyncClient(base_url=github, headers=headers, trust_env=False) as client:
            yield client

    mcp = MCPServer("bare", lifespan=lifespan, auth=signing_in, token_verifier=verifier, log_level="WARNING")

    async def list_campaigns(ctx: Context[httpx.AsyncClient], org: str, page: int, per_page: int) -> str:
        """List an organization's security campaigns, a page at a time."""
        client = ctx.request_context.lifespan_context
        response = await client.get(f"/orgs/{org}/campaigns?{QUERY.format(page=page, per_page=per_page)}")
        return response.raise_for_status().text

    async def get_campaign(ctx: Context[httpx.AsyncClient], org: str, campaign_number: int) -> str:
        """Read one security campaign."""
        client = ctx.request_context.lifespan_context
        response = await client.get(f"/orgs/{org}/campaigns/{campaign_number}")
        return response.raise_for_status().text

    mcp.add_tool(list_campaigns, structured_output=False)
    mcp.add_tool(get_campaign, structured_output=False)
    return mcp


def _serve_http(github: str, tokens: Path) -> None:
    listening = listening_socket()
    own = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    signing_in = AuthSettings(
        issuer_url=AnyHttpUrl(own),
        resource_server_url=AnyHttpUrl(own),
        required_scopes=["campaigns:read"],
        validate_token_resource=False,
    )
    app = bare_server(github, signing_in, FileOfTokens(tokens)).streamable_http_app()
    config = uvicorn.Config(app, http="h11", log_level="warning", access_log=False, server_header=False, ws="none")
    print(own, flush=True)  # noqa: T201 - whoever started it waits for this
    uvicorn.Server(config).run(sockets=[listening])


def main() -> None:
    """Serve until ended."""
    github, *tokens = sys.argv[1:]
    if tokens:
        _serve_http(github, Path(tokens[0]))
    else:
        bare_server(github, None, None).run()


if __name__ == "__main__":
    main()
