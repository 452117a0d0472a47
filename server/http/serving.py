"""The service put together, and run until it is told to stop."""

from __future__ import annotations

import math
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from importlib import import_module

import httpx
import uvicorn
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from server.app import build_server
from server.errors import ConfigurationError, SignInUnavailable
from server.github.connection import check_proxies
from server.github.credentials import Credentials
from server.http.access_log import AccessLog
from server.http.bounds import BoundedBody, KnownHostsOnly, allowed_hosts, allowed_origins
from server.http.challenges import Challenges, SignIn
from server.http.connections import PunctualProtocol
from server.http.health import Health
from server.http.scopes import ScopeForWriting
from server.http.session_shares import SessionShares
from server.http.sessions import SessionSentences
from server.http.settings import MCP_PATH, Address, ServeSettings
from server.http.shutdown import CallsUnderWay, NoNewCalls, PatientServer
from server.logs import announce
from server.protocol import CampaignServer
from server.settings import Settings
from server.signin.jwks import IssuerKeys
from server.signin.jwt_verifier import JwtVerifier
from server.signin.scopes import READ_SCOPE
from server.signin.static_tokens import StaticTokens
from server.signin.verifier import Verifier

_KEEP_ALIVE = 75  # seconds; longer than proxies keep idle connections, so that none uses one that is being closed
_BACKLOG = 128  # connections; asyncio takes as many at once, before `PunctualProtocol` can close any
_MARGIN = 15.0  # seconds beyond the longest write before what is still open is cut off after all
_BROWSER_HEADERS = ("authorization", "content-type", "last-event-id", "mcp-method", "mcp-name", "mcp-protocol-version")


_LATER = (
    "prompts",
    "server.reporting",
    "server.settling",
    "server.tracking",
    "server.store.audit",
    "server.store.database",
    "server.store.history",
    "server.store.publications",
    "server.store.sharing",
    "server.store.sqlite",
    "tools.publication",
)
"""What is otherwise imported by the first call that needs it. A service has the time before it is ready."""


def run_service(
    settings: Settings,
    serve: ServeSettings,
    *,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Serve MCP over HTTP until SIGTERM or SIGINT, and then until the calls under way are done.

    Args:
        settings: what the operator configured.
        serve: what the operator configured for the service.
        credentials: what to act with; by default what the settings and the environment say.
        transport: what carries requests to GitHub; by default the network.

    Returns:
        The exit status: 0, or 1 when the service could not start, which the log then tells.

    Raises:
        ConfigurationError: it cannot listen there, the file of tokens or a proxy of the environment cannot be used,
            or no audit would be kept.
    """
    settings = replace(settings, audit="required")  # of a team's writes none goes unrecorded
    if serve.tokens is not None:
        _require_tokens(StaticTokens(serve.tokens))
    if transport is None:
        check_proxies(settings)
    listening = _bound(serve.http)
    try:
        bound = Address(serve.http.host, listening.getsockname()[1])
        calls = CallsUnderWay()
        mcp = build_server(
            settings, credentials=credentials, transport=transport, request_state_keys=serve.state_keys or None
        )
        config = uvicorn.Config(
            service(mcp, serve, bound, calls),
            log_config=None,
            access_log=False,  # `AccessLog` keeps queries and headers out
            proxy_headers=False,  # nothing here goes by the client's address
            server_header=False,
            http=PunctualProtocol,
            backlog=_BACKLOG,
            ws="none",
            lifespan="on",
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=math.ceil(_MARGIN),
        )
        for line in _greeting(serve, bound):
            announce(line)
        server = PatientServer(config, calls, serve.shutdown_grace, settings.patience + settings.timeout)
        server.run(sockets=[listening])
    finally:
        listening.close()
    return 0 if server.started else 1


def service(mcp: CampaignServer, serve: ServeSettings, bound: Address, calls: CallsUnderWay) -> ASGIApp:
    """Put the service together.

    Args:
        mcp: the server, which is then only good for this service.
        serve: what the operator configured.
        bound: where it really listens.
        calls: counts those under way.
    """
    mcp.middleware.insert(0, calls.work)
    inner = mcp.streamable_http_app(
        streamable_http_path=MCP_PATH,
        stateless_http=serve.stateless,
        max_sessions=serve.max_sessions,
        session_idle_timeout=float(serve.session_idle),
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # see `KnownHostsOnly`
    )
    challenges = Challenges(serve.resource(bound), serve.issuer, (READ_SCOPE,) if mcp.read_only else serve.ask_scopes)
    health = Health(lambda: mcp.app, calls)
    routes = [
        Route("/healthz", health.alive, methods=["GET"]),
        Route("/readyz", health.ready, methods=["GET"]),
        Route(MCP_PATH, _guarded(inner, mcp, serve, bound, calls, challenges)),
    ]
    if (metadata := challenges.metadata()) is not None:

        async def told(request: Request) -> Response:
            headers = {"access-control-allow-origin": "*"}  # it is for everybody
            if request.method == "OPTIONS":  # a browser asks first, for the header with the protocol's version
                return Response(status_code=204, headers={**headers, "access-control-allow-headers": "*"})
            return JSONResponse(metadata, headers=headers)

        routes += [Route(path, told, methods=["GET", "OPTIONS"]) for path in dict.fromkeys(challenges.metadata_paths())]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            if mcp.app is not None:
                mcp.app.make_ready()
            for name in _LATER:
                import_module(name)
            yield

    outer = Starlette(routes=routes, lifespan=lifespan)
    outer.router.redirect_slashes = False  # it would send clients to whatever the Host header names
    return AccessLog(outer)


def _guarded(
    app: ASGIApp,
    mcp: CampaignServer,
    serve: ServeSettings,
    bound: Address,
    calls: CallsUnderWay,
    challenges: Challenges,
) -> ASGIApp:
    """Put what every request to MCP passes in front of it, the innermost first."""
    app = AuthContextMiddleware(app)
    if not serve.stateless:
        app = SessionShares(app, serve.max_sessions, serve.session_idle)
    app = NoNewCalls(SessionSentences(app), calls)
    if serve.signs_in:
        app = ScopeForWriting(app, mcp.writes, challenges, mcp.note_missing_scope)
    app = BoundedBody(app)
    if serve.signs_in:
        app = SignIn(app, _verifier(serve, bound), challenges)
    if serve.allowed_origins:
        app = CORSMiddleware(
            app,
            allow_origins=serve.allowed_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=(*_BROWSER_HEADERS, "mcp-session-id"),
            expose_headers=("mcp-session-id", "www-authenticate", "x-request-id"),
        )
    return KnownHostsOnly(app, allowed_hosts(serve, bound), allowed_origins(serve, bound))


def _verifier(serve: ServeSettings, bound: Address) -> Verifier:
    issuer = None
    if serve.issuer is not None:
        keys = IssuerKeys(serve.issuer, serve.jwks_url)
        issuer = JwtVerifier(serve.issuer, serve.audience or serve.resource(bound), keys, serve.org_claim)
    return Verifier(issuer, None if serve.tokens is None else StaticTokens(serve.tokens))


def _require_tokens(tokens: StaticTokens) -> None:
    try:
        tokens.tokens()
    except SignInUnavailable as problem:
        raise ConfigurationError(f"--tokens: {problem.what}", "Make one with `token new`.") from None


def _bound(address: Address) -> socket.socket:
    """Listen there.

    Raises:
        ConfigurationError: that cannot be.
    """
    try:
        [family, kind, protocol, _, where] = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as undo:
            listening = undo.enter_context(socket.socket(family, kind, protocol))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            undo.pop_all()
    except OSError as problem:
        raise ConfigurationError(
            f"--http {address.text}: this server cannot listen there ({problem.strerror}).",
            "Choose another address or port.",
        ) from None
    return listening


def _greeting(serve: ServeSettings, bound: Address) -> list[str]:
    lines = [f"Serving MCP on http://{bound.text}{MCP_PATH}, known to clients as {serve.resource(bound)}."]
    if not serve.signs_in:
        lines.append("Nobody has to sign in: whoever can run programs on this machine can use this server.")
    if not serve.state_keys:
        lines.append(
            "Questions are sealed with a key made now: an answer is only good on this replica, and until it is "
            "restarted. For more replicas give them the same --state-keys."
        )
    return lines
