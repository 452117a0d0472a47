"""Pydantic's findings about arguments, in sentences that name the parameter and what would be right.

The offending value is never repeated: it may be a secret in the wrong place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

_SENTENCES: Mapping[str, str] = {
    "missing": "is required",
    "int_type": "must be a whole number without quotes or fraction, such as 3",
    "int_from_float": "must be a whole number without quotes or fraction, such as 3",
    "int_parsing": "must be a whole number without quotes or fraction, such as 3",
    "int_parsing_size": "must be a smaller whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "contains half of a character (a lone surrogate); send whole ones",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "extra_forbidden": "is not a known field here",
}

_MOST_PROBLEMS = 5
_LONGEST_NAME = 30  # tokens are longer


def explain(error: ValidationError) -> str:
    """Return a sentence for what is wrong: the first five things, and how many more there are."""
    findings = error.errors(include_url=False, include_input=True, include_context=True)
    return listed([_sentence(dict(finding)) for finding in findings])


def listed(problems: Sequence[str]) -> str:
    """Join problems into a sentence: the first five, and how many more there are."""
    more = [f"and {len(problems) - _MOST_PROBLEMS} more"] if len(problems) > _MOST_PROBLEMS else []
    return f"{'; '.join([*problems[:_MOST_PROBLEMS], *more])}."


def _sentence(finding: Mapping[str, Any]) -> str:
    context = finding.get("ctx", {})
    kind = finding["type"]
    if kind != "missing" and finding["input"] is None:
        problem = "cannot be null; leave it out instead"
    elif kind == "value_error":
        problem = str(context["error"])
    elif kind == "literal_error":
        problem = f"must be one of {context['expected']}"
    else:
        problem = _SENTENCES.get(kind, str(finding["msg"]).lower())
    return f"{_name(finding['loc'])}: {problem}"


def _name(location: tuple[int | str, ...]) -> str:
    """Write a location as `alerts[0].repository_id`."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in location)
    return f"`{name.removeprefix('.')}`"


def _shown(name: str) -> str:
    """Return a name that the caller chose. One that no name here could be mistaken for may be a secret or worse."""
    return name if name.isidentifier() and len(name) <= _LONGEST_NAME else "(unprintable)"


def unknown_argument(name: str, known: Collection[str]) -> str:
    """Say that an argument does not exist, with the closest one that does."""
    from difflib import get_close_matches  # noqa: PLC0415 - a plain start must not pay for it

    # Comparing takes memory for every character, and nothing here is called anything that long.
    close = get_close_matches(name, known, n=1, cutoff=0.7) if len(name) <= 2 * _LONGEST_NAME else []
    hint = f"use `{close[0]}`" if close else f"known are {', '.join(sorted(known))}"
    return f"`{_shown(name)}`: there is no such argument; {hint}"
