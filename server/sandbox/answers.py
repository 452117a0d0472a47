"""What the sandbox answers: a status with JSON and headers, and GitHub's error bodies in all their forms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
Body: TypeAlias = JsonObject | list[JsonObject] | list[str] | bytes | None

API = "https://api.github.com"
WEB = "https://github.com"
DOCS = "https://docs.github.com/rest"


@dataclass(slots=True)
class Answer:
    """One answer before the headers that every answer gets; `body` None is an empty body, bytes are JSON already."""

    status: int
    body: Body = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An error answer, raised from wherever it is found out."""

    def __init__(self, status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body.get("message"))
        self.answer = Answer(status, body, dict(headers or {}))


def refused(status: int, message: str, docs: str = "", headers: Mapping[str, str] | None = None) -> Refused:
    """An error in the `basic-error` form: message, documentation_url, and the status as text."""
    body: JsonObject = {"message": message, "documentation_url": DOCS + docs, "status": str(status)}
    return Refused(status, body, headers)


def not_found(docs: str = "") -> Refused:
    """GitHub's 404, which it also gives instead of saying that something is hidden."""
    return refused(404, "Not Found", docs)


def invalid_request(problems: list[str], docs: str) -> Refused:
    """The 422 of a body that does not fit the schema: no `errors`, the problems in the message."""
    return refused(422, "Invalid request.\n\n" + "\n".join(problems), docs)


def validation_failed(resource: str, field_name: str, message: str, docs: str, code: str = "invalid") -> Refused:
    """The 422 of a body that fits the schema but breaks a rule, with `errors`."""
    error: JsonObject = {"resource": resource, "code": code, "field": field_name, "message": message}
    body: JsonObject = {
        "message": "Validation Failed",
        "errors": [error],
        "documentation_url": DOCS + docs,
        "status": "422",
    }
    return Refused(422, body)


def number_in(text: str | None) -> int | None:
    """The number that an address or query writes in plain digits; None for anything else, or a senseless length."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def json_text(value: object) -> str:
    """JSON as GitHub writes it, without spaces."""
    return json.dumps(value, separators=(",", ":"))


def timestamp(moment: datetime) -> str:
    """GitHub's way to write a time: UTC, whole seconds, Z."""
    return f"{moment.isoformat(timespec='seconds')[:19]}Z"  # strftime takes three times as long


def optional_timestamp(moment: datetime | None) -> str | None:
    """The same for a time that may be missing."""
    return None if moment is None else timestamp(moment)
