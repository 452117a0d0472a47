"""Where spans go in tests: into a list within this process, or over HTTP to a collector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from tests.in_thread import serving_in_thread


class Spans(SpanExporter):
    """Keeps ended spans, in the order in which they ended, while somebody watches."""

    def __init__(self) -> None:
        self.kept: list[ReadableSpan] = []
        self.watching = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.watching:
            self.kept += spans
        return SpanExportResult.SUCCESS

    def call(self, name: str) -> ReadableSpan:
        """Return the server's span of the only call with this name."""
        [span] = [span for span in self.kept if span.name == name and span.kind is trace.SpanKind.SERVER]
        return span

    def below(self, parent: ReadableSpan) -> list[ReadableSpan]:
        """Return the spans of requests to GitHub that belong to this one."""
        assert parent.context
        return [
            span
            for span in self.kept
            if span.parent
            and span.context
            and (span.parent.span_id, span.context.trace_id) == (parent.context.span_id, parent.context.trace_id)
        ]


@cache
def _only_provider() -> Spans:
    """A process can set a provider once."""
    spans = Spans()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    return spans


@contextmanager
def watched_spans() -> Iterator[Spans]:
    """Keep the spans that end in this process while the block runs."""
    spans = _only_provider()
    spans.watching = True
    try:
        yield spans
    finally:
        spans.watching = False
        spans.kept.clear()


@dataclass
class Collector:
    """A collector on a loopback port that speaks OTLP over HTTP.

    Attributes:
        url: for OTEL_EXPORTER_OTLP_ENDPOINT.
        received: what came, in the order in which it came.
        authorizations: with which headers of that name.
    """

    url: str = ""
    received: list[ResourceSpans] = field(default_factory=list)
    authorizations: set[str | None] = field(default_factory=set)

    def spans(self) -> list[Span]:
        return [span for part in self.received for scope in part.scope_spans for span in scope.spans]

    def resource(self) -> dict[str, str]:
        return {told.key: told.value.string_value for told in self.received[0].resource.attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector while the block runs."""
    running = Collector()

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["content-length"]))
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            running.received += request.resource_spans
            running.authorizations.add(self.headers["authorization"])
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    running.url = f"http://127.0.0.1:{server.server_port}"
    with serving_in_thread(server):
        yield running
