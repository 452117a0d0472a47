"""One request from start to end: the checks GitHub makes before an endpoint, and the headers it puts on the answer."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response

from server.sandbox.answers import Answer, JsonObject, Refused, json_text, refused
from server.sandbox.auth import ANONYMOUS, Caller, Needs, SignIn
from server.sandbox.limits import RateLimit
from server.sandbox.options import SandboxOptions
from server.sandbox.order import Orders
from server.sandbox.world import World

OLD_VERSION = "2022-11-28"
VERSIONS = ("2026-03-10", OLD_VERSION)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an endpoint sees it, after the checks that all endpoints share."""

    world: World
    service: "Service"
    caller: Caller
    needs: Needs
    now: datetime
    version: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    url: str
    """Address without the query, for links to other pages."""
    raw_body: bytes

    @property
    def options(self) -> SandboxOptions:
        """The sandbox's options."""
        return self.service.options

    def body(self) -> JsonObject:
        """The JSON object in the request body; an empty body is an empty object.

        Raises:
            Refused: 400, it is no JSON, or no object.
        """
        try:
            parsed = json.loads(self.raw_body or b"{}")
        except (ValueError, RecursionError):
            raise refused(400, "Problems parsing JSON", self.needs.docs) from None
        if not isinstance(parsed, dict):
            raise refused(400, "Body should be a JSON object", self.needs.docs)
        return parsed


Endpoint = Callable[[Call], Answer]


class Service:
    """What all requests share: the world, sign-in, the rate limit and how lists were sorted.

    Endpoints are plain functions without awaits, so each request changes the world in one step.
    """

    def __init__(self, options: SandboxOptions, world: World) -> None:
        self.options = options
        self.world = world
        self.sign_in = SignIn(options)
        self.rate_limit = RateLimit(options.rate_limit, enforced=options.limits)
        self.orders = Orders()
        self._requests = 0

    def respond(self, request: Request, raw_body: bytes, needs: Needs, endpoint: Endpoint) -> Response:
        """Answer one request."""
        self._requests += 1
        now, caller, version = self.world.now(), ANONYMOUS, OLD_VERSION
        if not request.headers.get("User-Agent"):
            # GitHub's edge refuses these before the API sees them, in plain text.
            response = Response("A request without a User-Agent header is refused.\n", 403, media_type="text/plain")
            response.headers.update(self._common_headers(caller, now, version))
            return response
        try:
            caller = self.sign_in.identify(request.headers.get("Authorization"), now)
            version = _selected_version(request)
            if not needs.free:
                self.rate_limit.check(caller, now)
            answer = endpoint(self._call(request, raw_body, caller, needs, now, version))
        except Refused as refusal:
            answer = refusal.answer
        content = _content(answer)
        status = answer.status
        headers = self._common_headers(caller, now, version) | needs.headers(caller) | answer.headers
        if request.method == "GET" and status == 200:
            headers |= {"ETag": _etag(content, version), "Cache-Control": "private, max-age=60, s-maxage=60"}
            if _matches(request.headers.get("If-None-Match"), headers["ETag"]):
                status, content = 304, b""
        if not needs.free and (status != 304 or caller.kind == "anonymous"):
            self.rate_limit.count(caller, now)
        headers |= self.rate_limit.headers(caller, now)
        if content:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return Response(content, status, headers)

    def _call(
        self, request: Request, raw_body: bytes, caller: Caller, needs: Needs, now: datetime, version: str
    ) -> Call:
        url = str(request.url.replace(query=""))
        path = {name: str(value) for name, value in request.path_params.items()}
        return Call(self.world, self, caller, needs, now, version, path, dict(request.query_params), url, raw_body)

    def _common_headers(self, caller: Caller, now: datetime, version: str) -> dict[str, str]:
        return {
            "Date": format_datetime(now, usegmt=True),
            "Server": "github.com",
            "X-GitHub-Request-Id": f"5A4D:{self._requests:04X}:B0C5:{self._requests * 7919:06X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": version,
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            **self.rate_limit.headers(caller, now),
        }


def _content(answer: Answer) -> bytes:
    if answer.body is None or isinstance(answer.body, bytes):
        return answer.body or b""
    return json_text(answer.body).encode()


def _selected_version(request: Request) -> str:
    version = request.headers.get("X-GitHub-Api-Version", OLD_VERSION)
    if version not in VERSIONS:
        raise refused(400, f"API version {version!r} is not supported.", "/about-the-rest-api/api-versions")
    return version


def _etag(content: bytes, version: str) -> str:
    return f'W/"{hashlib.sha256(version.encode() + content).hexdigest()}"'


def _matches(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison (RFC 9110, 8.8.3.2): the W/ does not count."""
    wanted = {part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")}
    return etag.removeprefix("W/") in wanted
