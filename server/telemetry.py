"""Traces for OpenTelemetry, when its standard variables ask for them and the extra `otel` is installed.

Spans are made by the SDK (one for every MCP message) and by `server.github.tracing` (one for every request to GitHub);
here is only where they go. Nothing is imported before it is known that somebody wants them.
Source: OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".
"""

from __future__ import annotations

import logging
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from server.errors import ConfigurationError
from server.version import NAME, server_version

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

_LOG = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_HTTP = "http/protobuf"
_HEADER = re.compile(r"[!-+\-.-<>-~]+\s*=\s*[!-~]*")
_OTLP, _CONSOLE = "otlp", "console"


def exporters_wanted(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return where traces shall go, `otlp` or `console` or both; nothing when no variable asks for any.

    What this server cannot do is left out, and the log says so.
    """
    named = [name.strip() for name in environ.get("OTEL_TRACES_EXPORTER", "").lower().split(",") if name.strip()]
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or "none" in named:
        return ()
    if not named and any(environ.get(variable) for variable in _ENDPOINTS):
        named = [_OTLP]
    wanted = [name for name in dict.fromkeys(named) if name in (_OTLP, _CONSOLE)]
    if len(wanted) < len(set(named)):
        _LOG.warning("OTEL_TRACES_EXPORTER names one that is not known here; otlp, console and none are.")
    if _OTLP in wanted and (variable := _other_protocol(environ)):
        _LOG.warning("%s asks for a protocol that is not spoken here, so no traces are sent. Use %s.", variable, _HTTP)
        wanted.remove(_OTLP)
    return tuple(wanted)


def _other_protocol(environ: Mapping[str, str]) -> str | None:
    variable = next((variable for variable in _PROTOCOLS if environ.get(variable)), None)
    return variable if variable is not None and environ[variable].strip() != _HTTP else None


@contextmanager
def traced(environ: Mapping[str, str], missing: int = logging.WARNING) -> Iterator[None]:
    """Send spans as the environment says while the block runs, and in the end those that are still held.

    Args:
        environ: the process's environment, which OpenTelemetry's SDK reads by itself for everything else.
        missing: the level at which the log tells that the extra is not installed.

    Raises:
        ConfigurationError: OpenTelemetry cannot read one of its variables.
    """
    provider = _provider(environ, missing)
    try:
        yield
    finally:
        if provider is not None:
            provider.shutdown()


def _provider(environ: Mapping[str, str], missing: int) -> TracerProvider | None:
    wanted = exporters_wanted(environ)
    if not wanted:
        return None
    try:
        from opentelemetry import trace  # noqa: PLC0415 - only who wants traces pays for them
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - likewise

        from server.span_bounds import BoundedSpans  # noqa: PLC0415 - likewise

        _check_headers(environ)
        provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        provider.add_span_processor(BoundedSpans())
        for name in wanted:
            provider.add_span_processor(_processor(name))
    except ImportError:
        _LOG.log(
            missing,
            "OTEL_* variables ask for traces, but what sends them is not installed, so there are none. Install the "
            "extra: pip install 'security-campaigns-mcp[otel]', or '.[otel]' in a clone.",
        )
        return None
    except ValueError:  # whose text does not name the variable
        raise ConfigurationError(
            "OpenTelemetry cannot read one of the OTEL_* variables.",
            "Compare them with its documentation, or set OTEL_SDK_DISABLED=true.",
        ) from None
    trace.set_tracer_provider(provider)
    return provider


def _check_headers(environ: Mapping[str, str]) -> None:
    """Tell of headers that OpenTelemetry would leave out. Its own line about them repeats them, and they are secret."""
    logging.getLogger("opentelemetry.util.re").setLevel(logging.ERROR)
    for variable in _HEADERS:
        parts = [part.strip() for part in environ.get(variable, "").split(",")]
        if not all(_HEADER.fullmatch(part) for part in parts if part):
            raise ConfigurationError(
                f"{variable} holds something other than headers.", "Write NAME=VALUE,NAME=VALUE with %20 for a space."
            )


def _processor(name: str) -> SpanProcessor:
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415 - as above
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    if name == _CONSOLE:  # over stdio, stdout belongs to the protocol
        return SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr, formatter=_one_line))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above

    return BatchSpanProcessor(OTLPSpanExporter())


def _one_line(span: ReadableSpan) -> str:
    return str(span.to_json(indent=None)) + "\n"


def _resource() -> Resource:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415 - as above

    ours = {"service.name": NAME, "service.version": server_version(), "service.instance.id": str(uuid.uuid4())}
    return Resource.create(ours).merge(OTELResourceDetector().detect())  # the operator's names win
