"""The prompts' arguments: types, checks, and the descriptions that people read in a form. Values arrive as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, AfterValidator, BeforeValidator, Field

from server.domain import alert_criteria as criteria
from server.domain.checks import check_contact_link, check_org, read_number
from server.domain.dates import parse_end
from server.domain.text import clean, hidden_characters, quote

_LONGEST_LANGUAGE = 40


def _quoted(limit: int) -> Callable[[str], str]:
    """Make a check for free text, which then comes cleaned and in quotes, so that wording can take it in as it is."""

    def check(value: str) -> str:
        if not clean(value, limit):
            raise ValueError("is empty")
        if len(value) > limit:
            raise ValueError(f"has {len(value)} characters; give at most {limit}")
        return quote(value, limit)

    return check


def _check_language(value: str) -> str:
    """Accept a language's name in any script, such as `Português (Brasil)`."""
    in_name = all(unicodedata.category(character)[0] in "LM" or character in " -()" for character in value)
    if not value.strip() or len(value) > _LONGEST_LANGUAGE or not in_name or hidden_characters(value):
        raise ValueError(
            f"give a language's name: letters, spaces, hyphens and parentheses, at most {_LONGEST_LANGUAGE} characters"
        )
    return value.strip()


def _split(value: object) -> object:
    """Split a text at commas and spaces; the items are checked as those of a filter are."""
    return [item for item in re.split(r"[,\s]+", value, flags=re.ASCII) if item] if isinstance(value, str) else value


_Org = Annotated[str, AfterValidator(check_org)]
_EndsOn = Annotated[datetime, BeforeValidator(parse_end)]
_Number = Annotated[int, BeforeValidator(read_number)]
_Repositories = Annotated[criteria.Repositories, BeforeValidator(_split)]

Org = Annotated[_Org | MISSING, Field(description="Organization login, if not the server's default")]
CampaignNumber = Annotated[_Number, Field(description="The campaign's number")]
OneCampaign = Annotated[_Number | MISSING, Field(description="The campaign's number; empty for all open ones")]
EndsOn = Annotated[_EndsOn | MISSING, Field(description="When it should end, such as 2027-01-08")]
Topic = Annotated[
    str, AfterValidator(_quoted(200)), Field(description="A topic or CWE, such as cross-site scripting or CWE-79")
]
Goal = Annotated[
    str, AfterValidator(_quoted(1000)), Field(description="What the campaign should achieve, in your words")
]
Template = Annotated[
    criteria.Template | MISSING,
    Field(description="A named alert filter, such as sql-injection; alert-templates://all lists them"),
]
Repositories = Annotated[
    _Repositories | MISSING, Field(description="Names of repositories, * for any text, such as payments-*, web")
]
LearningLink = Annotated[
    str, AfterValidator(check_contact_link), Field(description="http(s) address where developers learn the fix")
]
Language = Annotated[
    str, AfterValidator(_check_language), Field(description="Language of the text, English if left empty")
]
DraftAudience = Annotated[
    Literal["developers", "security champions", "managers"],
    Field(description="Who reads it: developers (default), security champions or managers"),
]
ReportAudience = Annotated[
    Literal["engineers", "leadership"], Field(description="Who reads it: engineers (default) or leadership")
]
Channel = Annotated[
    Literal["chat", "email", "issue"], Field(description="Where it is posted: chat (default), email or issue")
]
