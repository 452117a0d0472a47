"""What is answered to what the SDK cannot read as a message, whichever way it came."""

from __future__ import annotations

import json

from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

LARGEST_MESSAGE = 1024 * 1024
"""Bytes, without a line's end; a campaign of a thousand alerts, named one by one, has some thirty thousand."""


class NoMessage(Exception):
    """What was sent is no message.

    Attributes:
        refusal: the answer to it.
    """

    def __init__(self, refusal: JSONRPCError) -> None:
        super().__init__(refusal.error.message)
        self.refusal = refusal


def message_in(text: str | bytes) -> JSONRPCMessage:
    """Return the message that a text is.

    A notification whose id is null is one: some clients write down every field, and nobody waits for an answer.

    Raises:
        NoMessage: it is none.
    """
    message = _read(text)
    if isinstance(message, NoMessage):
        raise message
    # To the SDK, a request with an id that is none would be a notification, which nobody answers.
    if isinstance(message, JSONRPCNotification) and "id" in (sent := json.loads(text)):
        if sent["id"] is None and message.method.startswith("notifications/"):
            return message
        raise NoMessage(_refusal(INVALID_REQUEST, "its id is neither text nor a whole number", None))
    return message


def _read(text: str | bytes) -> JSONRPCMessage | NoMessage:
    """Return what is to be raised instead of raising it: it would keep the problem, and with it all that was read."""
    try:
        return jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError as problem:
        return NoMessage(refusal_of(problem))


def refusal_of_text(text: bytes) -> JSONRPCError | None:
    """Return the answer to a text that is no message; None when it is one, as `message_in` has it."""
    try:
        message_in(text)
    except NoMessage as problem:
        return problem.refusal
    return None


def refusal_of_length() -> JSONRPCError:
    """Return the answer to what is too long to be looked at."""
    told = f"The message is longer than {LARGEST_MESSAGE} bytes. Nothing was done; send less in one call."
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=INVALID_REQUEST, message=told))


def refusal_of(problem: ValidationError) -> JSONRPCError:
    """Return the answer to what is no message. It repeats nothing but the request's id, if that can be made out.

    Args:
        problem: what the SDK's reader found.

    Returns:
        -32700 for what is no JSON to the SDK, -32600 for JSON that is no message.
    """
    findings = problem.errors(include_url=False)
    if findings[0]["type"] != "json_invalid":
        message = next((found["input"] for found in findings if found["type"] == "missing"), None)
        return _refusal(INVALID_REQUEST, "it is not one JSON-RPC 2.0 message (batches are no part of MCP)", message)
    try:
        message = json.loads(findings[0]["input"])  # which takes halves of characters, and more brackets
    except (ValueError, RecursionError):
        message = None
    return _refusal(PARSE_ERROR, f"it cannot be read as JSON ({findings[0]['ctx']['error']})", message)


def _refusal(code: int, why: str, message: object) -> JSONRPCError:
    told = f"The message was not understood: {why}. Nothing was done; correct it and send it again."
    return JSONRPCError(jsonrpc="2.0", id=_id_of(message), error=ErrorData(code=code, message=told))


def _id_of(message: object) -> str | int | None:
    """Return the id of a request. That of a broken response names a request of this server's, and is not repeated."""
    found = message.get("id") if isinstance(message, dict) and "method" in message else None
    return found if isinstance(found, (str, int)) and not isinstance(found, bool) and _whole(found) else None


def _whole(value: str | int) -> bool:
    """Tell whether a text has no halves of characters, which could not be written back."""
    try:
        str(value).encode()
    except ValueError:
        return False
    return True
