"""What clients chose of a span, cut: the SDK takes a message's method, tool and id for names as they come."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

from server.call_context import LONGEST_ID


class BoundedSpans(SpanProcessor):
    """Cuts the name and the first attributes of every span; goes before the processors that send it."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the base's signature
        """Cut what is too long."""
        span.update_name(span.name[:LONGEST_ID])
        for key, value in dict(span.attributes or {}).items():
            if isinstance(value, str) and len(value) > LONGEST_ID:
                span.set_attribute(key, value[:LONGEST_ID])
