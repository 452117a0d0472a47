"""Query parameters with a closed set of values."""

from collections.abc import Sequence

from server.sandbox.answers import validation_failed
from server.sandbox.service import Call


def one_of(call: Call, name: str, allowed: Sequence[str], default: str) -> str:
    """The value of a query parameter, or `default` when it was not given.

    Raises:
        Refused: 422. What GitHub does with a value that is not in the list is not documented; refusing finds mistakes.
    """
    value = call.query.get(name, default)
    if value != default and value not in allowed:
        message = f"{name} must be one of {', '.join(allowed)}"
        raise validation_failed("Query", name, message, call.needs.docs)
    return value
