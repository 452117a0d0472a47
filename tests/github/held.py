"""A GitHub whose answers come when the test says so, and calls on it that can be given up."""

from __future__ import annotations

import anyio
import anyio.abc
import httpx

from server.github.client import GitHubClient
from tests.github.scripted import told

Reply = httpx.Response | Exception


class Asked:
    """A request under way: `end` answers it, or breaks the connection."""

    def __init__(self, request: httpx.Request) -> None:
        self.request = request
        self.line = f"{request.method} {request.url.raw_path.decode()}"
        self.identity = (self.line, request.headers["authorization"], request.headers.get("if-none-match"))
        self.cancelled = False
        self._reply: Reply | None = None
        self._ended = anyio.Event()

    def end(self, reply: Reply | None = None) -> None:
        self._reply = told(200, {"read": self.line}) if reply is None else reply
        self._ended.set()

    async def reply(self) -> httpx.Response:
        try:
            await self._ended.wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled = True
            raise
        assert self._reply is not None
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


class HeldGitHub(httpx.AsyncBaseTransport):
    """Holds every request until its end is told; remembers all of them, and those under way."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.under_way: list[Asked] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = Asked(request)
        self.asked.append(asked)
        self.under_way.append(asked)
        try:
            return await asked.reply()
        finally:
            self.under_way.remove(asked)

    @property
    def lines(self) -> list[str]:
        return [asked.line for asked in self.asked]


class Calling:
    """A call under way in a group, and what came of it."""

    def __init__(
        self,
        group: anyio.abc.TaskGroup,
        client: GitHubClient,
        method: str = "GET",
        path: str = "/user",
        **options: object,
    ) -> None:
        self.scope = anyio.CancelScope()
        self.content: object = None
        self.error: Exception | None = None
        self.over = False
        group.start_soon(self._call, client, method, path, options)

    async def _call(self, client: GitHubClient, method: str, path: str, options: dict[str, object]) -> None:
        with self.scope:
            try:
                self.content = (await client.request(method, path, **options)).content  # type: ignore[arg-type]  # as given
            except Exception as error:  # noqa: BLE001 - whatever it is, a test looks at it
                self.error = error
        self.over = True

    @property
    def cancelled(self) -> bool:
        return self.scope.cancelled_caught

    @property
    def answered(self) -> bool:
        return self.over and not self.cancelled and self.error is None
