"""The sandbox as one ASGI application."""

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from server.sandbox.options import SandboxOptions
from server.sandbox.routes import sandbox_routes, unknown_routes
from server.sandbox.seed import seed_world
from server.sandbox.service import Service
from server.sandbox.world import World


class Sandbox:
    """An ASGI application that behaves like GitHub; `state` is its memory, free to be read and moved by tests."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.state: World = seed_world(options)
        service = Service(options, self.state)
        self._app = Starlette(routes=sandbox_routes(service), exception_handlers=unknown_routes(service))
        self._app.router.redirect_slashes = False  # a trailing slash is a 404 at GitHub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self._app(scope, receive, send)


def create_sandbox(options: SandboxOptions = SandboxOptions()) -> Sandbox:  # noqa: B008 - frozen, so safe to share
    """A fresh sandbox with the seeded organizations."""
    return Sandbox(options)
