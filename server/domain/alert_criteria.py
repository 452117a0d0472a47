"""The criteria of an alert filter: their types, each checked by itself, as filters and tools have them for fields.

A check raises ValueError with a sentence that does not repeat what was given: it may be a secret in the wrong place.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from server.domain.alert_templates import TemplateName, named_template
from server.domain.alerts import AlertKind, Severity
from server.domain.languages import LANGUAGES, named_language
from server.domain.text import hidden_characters
from server.domain.weaknesses import parse_cwe

LIST_LIMIT = 50
"""Items of one criterion."""
TEXT_LIMIT = 200
"""Characters of an item."""
DAYS_LIMIT = 36_500
NOBODY = "none"
"""In place of logins: assigned to nobody. GitHub's word."""
ANYBODY = "*"
"""In place of logins: assigned to anybody. GitHub's sign."""

_REPOSITORY = re.compile(r"[A-Za-z0-9._*-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def check_size(values: object) -> object:
    """Accept a list that is neither empty nor too long, before its items are looked at; what is no list passes."""
    if isinstance(values, list):
        if not values:
            raise ValueError("is empty; leave it out")
        if len(values) > LIST_LIMIT:
            raise ValueError(
                f"has {len(values)} items; give at most {LIST_LIMIT}, with `*` where one can stand for many"
            )
    return values


def check_text(value: str) -> str:
    """Accept a short line without invisible characters; the spaces around it are taken off."""
    if not value.strip():
        raise ValueError("is empty; leave it out")
    if len(value) > TEXT_LIMIT:
        raise ValueError(f"has {len(value)} characters; give at most {TEXT_LIMIT}")
    if hidden := hidden_characters(value):
        raise ValueError(f"contains invisible or control characters ({', '.join(hidden[:3])}); remove them")
    return value.strip()


def check_path(value: str) -> str:
    """Accept a pattern of paths; they begin at the root of the repository."""
    path = check_text(value).removeprefix("./").strip("/")
    if path.startswith("!") or any(sign in path for sign in "?{}\\"):
        raise ValueError("only `*` is special in a pattern: for `?`, braces, a backslash or a leading `!` put `*`")
    if not path:
        raise ValueError("is the whole repository; leave it out")
    return path


def check_repository(value: str) -> str:
    """Accept a repository's name or a pattern of names."""
    if "/" in value:
        raise ValueError("must be a repository's name only, without the organization and the slash")
    if not _REPOSITORY.fullmatch(value) or value in (".", ".."):
        raise ValueError("must be a repository's name: letters, digits, `-`, `_` and `.`, and `*` for any characters")
    return value


def check_language(value: str) -> str:
    """Accept a language's name, and return the one it is known by."""
    if (known := named_language(value)) is None:
        raise ValueError(f"is not a known language; known are {', '.join(LANGUAGES)}")
    return known


def check_assignees(values: list[str]) -> list[str]:
    """Accept logins, or one of the two words that stand for some."""
    values = [NOBODY if value.casefold() == NOBODY else value for value in values]
    for position, value in enumerate(values):
        if value in (NOBODY, ANYBODY):
            if len(values) > 1:
                raise ValueError(f'"{value}" must stand alone: give it ("none": nobody, "*": anybody) or logins')
        elif not _LOGIN.fullmatch(value):
            raise ValueError(f'item {position + 1} is not a user\'s login, without @; or give ["none"] or ["*"]')
    return values


def check_slug(value: str) -> str:
    """Accept one of GitHub's identifiers."""
    if not _SLUG.fullmatch(value):
        raise ValueError("must be GitHub's identifier, such as `adafruit_io_key`: letters, digits, `_`, `-` and `.`")
    return value


def check_days(value: int) -> int:
    """Accept an age in days."""
    if not 0 <= value <= DAYS_LIMIT:
        raise ValueError(f"must be a whole number of days from 0 to {DAYS_LIMIT}")
    return value


def _in_lower_case(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


_Sized = BeforeValidator(check_size)
_Lowered = BeforeValidator(_in_lower_case)
_Pattern = Annotated[str, AfterValidator(check_text)]
_Slug = Annotated[str, AfterValidator(check_slug)]
_RepositoryPattern = Annotated[str, AfterValidator(check_repository)]

Kind = AlertKind
Template = Annotated[TemplateName, BeforeValidator(named_template)]
Severities = Annotated[list[Annotated[Severity, _Lowered]], _Sized]
Cwes = Annotated[list[Annotated[int, BeforeValidator(parse_cwe), WithJsonSchema({"type": "string"})]], _Sized]
Rules = Annotated[list[_Pattern], _Sized]
Tool = Annotated[str, AfterValidator(check_text)]
Languages = Annotated[list[Annotated[str, AfterValidator(check_language)]], _Sized]
Repositories = Annotated[list[_RepositoryPattern], _Sized]
Paths = Annotated[list[Annotated[str, AfterValidator(check_path)]], _Sized]
Assignees = Annotated[list[str], AfterValidator(check_assignees), _Sized]
Providers = Annotated[list[_Slug], _Sized]
SecretTypes = Annotated[list[_Slug], _Sized]
Validity = Annotated[list[Annotated[Literal["active", "inactive", "unknown"], _Lowered]], _Sized]
PubliclyLeaked = Annotated[bool, Field(strict=True)]
Days = Annotated[int, Field(strict=True), AfterValidator(check_days)]
