"""Query parameters: one of some values, several of them, yes or no."""

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


def several(call: Call, name: str, allowed: Sequence[str] = ()) -> set[str]:
    """The values of a comma-separated query parameter, in lower case; empty when it was not given.

    Raises:
        Refused: 422, one of them is not `allowed`. An empty `allowed` takes everything.
    """
    values = {value.strip().lower() for value in call.query.get(name, "").split(",")} - {""}
    if allowed and not values <= set(allowed):
        message = f"{name} must be one or more of {', '.join(allowed)}"
        raise validation_failed("Query", name, message, call.needs.docs)
    return values


def flag(call: Call, name: str) -> bool | None:
    """The value of a query parameter that is `true` or `false`; None when it was not given.

    Raises:
        Refused: 422, it is neither.
    """
    return {"true": True, "false": False, "": None}[one_of(call, name, ("true", "false"), "")]


def not_together(call: Call, name: str, other: str) -> None:
    """Refuse a query that has two parameters which exclude each other.

    Raises:
        Refused: 422.
    """
    if name in call.query and other in call.query:
        raise validation_failed("Query", other, f"give {name} or {other}, not both", call.needs.docs)
