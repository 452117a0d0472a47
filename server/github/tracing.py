"""A span for each request to GitHub, as OpenTelemetry's conventions for HTTP clients have it.

Without OpenTelemetry's SDK, which `server.telemetry` sets up when it is wanted, nothing here does anything. A span
holds neither headers nor a query, which could repeat what others wrote; only GitHub's own id of the request is added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from server.github.failures import request_id
from server.github.retries import Call

_TRACER = trace.get_tracer("security-campaigns-mcp")
_REQUEST_ID = "http.response.header.x-github-request-id"

# What follows these words in an address is a name or a number; the words of GitHub's reference stand in its place.
_NAMED = {
    "campaigns": ("{campaign_number}",),
    "installations": ("{installation_id}",),
    "memberships": ("{username}",),
    "organization-roles": ("{role_id}",),
    "organizations": ("{organization_id}",),
    "orgs": ("{org}",),
    "repos": ("{owner}", "{repo}"),
    "repositories": ("{repository_id}",),
    "teams": ("{team_slug}",),
}


def path_template(path: str) -> str:
    """Return a path with every name and number in it replaced, so that alike requests are called alike."""
    words: list[str] = []
    names: tuple[str, ...] = ()
    for word in path.removeprefix("/").split("/"):
        if words == ["user", "memberships"]:  # the only place where a word that is no name follows such a word
            names = ()
        if names:
            words.append(names[0])
            names = names[1:]
        else:
            words.append(word)
            names = _NAMED.get(word, ())
    return "/" + "/".join(words)


@contextmanager
def request_span(call: Call) -> Iterator[Callable[[httpx.Response], None]]:
    """Make a span, within whatever span is under way, as long as the block sends one request of the call.

    Returns:
        What the block gives the answer to. Without one, the exception that ends the block is named as the error.
    """
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # OpenTelemetry's SDK is not there
        yield lambda _: None
        return
    path = call.url.raw_path.partition(b"?")[0].decode("ascii")
    template = path_template(path)
    with _TRACER.start_as_current_span(
        f"{call.method} {template}", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
    ) as span:
        if span.is_recording():
            _describe(span, call, path, template)
        try:
            yield lambda response: _note(span, response)
        except BaseException as problem:
            # Its text is left out: the error that a caller sees has its own sentence.
            _fail(span, type(problem).__qualname__)
            raise


def _describe(span: Span, call: Call, path: str, template: str) -> None:
    url = call.url
    port = url.port or (443 if url.scheme == "https" else 80)
    span.set_attributes(
        {
            "http.request.method": call.method,
            "server.address": url.host,
            "server.port": port,
            "url.full": f"{url.scheme}://{url.netloc.decode('ascii')}{path}",
            "url.path": path,
            "url.template": template,
        }
    )
    if call.sent:
        span.set_attribute("http.request.resend_count", call.sent)


def _note(span: Span, response: httpx.Response) -> None:
    span.set_attribute("http.response.status_code", response.status_code)
    known_as = request_id(response.headers)
    if known_as is not None:
        span.set_attribute(_REQUEST_ID, [known_as])
    if response.status_code >= 400:
        _fail(span, str(response.status_code))


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
