"""Checks of what a caller wants to write. Each returns the value or raises ValueError with a sentence.

No sentence repeats text that was given: a secret pasted into the wrong field must not come back in an error. Numbers
may be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from server.domain.models import ALERTS_LIMIT, DESCRIPTION_LIMIT, MANAGERS_LIMIT, NAME_LIMIT, AlertPairs
from server.domain.text import hidden_characters

_Value = TypeVar("_Value")

_ORG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SLUG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_TOKEN = re.compile(
    r"ghs_[A-Za-z0-9_.-]{19,}[A-Za-z0-9_-]"  # of an installation; the newer ones hold a JWT, with dots
    r"|(?:gh[pour]|github_pat)_[A-Za-z0-9_]{20,}"  # GitHub Docs, "GitHub's token formats"
    r"|scmcp_[A-Za-z0-9_-]{20,}"  # this server's own, see server.signin.static_tokens
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]{10,}){2}"  # a signed JWT: `{"` begins as eyJ in base64
)
_LARGEST_NUMBER = 2**53 - 1  # beyond it JSON numbers stop being exact
_LONGEST_LINK = 2000


def check_org(value: str) -> str:
    """Accept an organization login."""
    if not _ORG.fullmatch(value):
        raise ValueError("give an organization's login: letters, digits and hyphens, without a path or an address")
    return value


def check_number(value: int) -> int:
    """Accept a number that GitHub could have given out."""
    if value > _LARGEST_NUMBER:
        raise ValueError("is larger than any number GitHub gives out")
    if value < 1:
        raise ValueError("must be a positive whole number")
    return value


def read_number(text: object) -> int:
    """Read a campaign's number that came as text, as in a prompt's argument or a resource's address."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,16}", text.strip()):
        raise ValueError("must be a campaign's number, such as 3")
    return check_number(int(text))


def _possible(number: int) -> bool:
    return 1 <= number <= _LARGEST_NUMBER


def check_name(value: str) -> str:
    """Accept a campaign's name: one line, 1 to 50 characters, nothing invisible."""
    return _check_text(value, NAME_LIMIT, allowed="")


def check_description(value: str) -> str:
    """Accept a campaign's description: 1 to 255 characters, line breaks allowed, nothing invisible."""
    return _check_text(value, DESCRIPTION_LIMIT, allowed="\n")


def _check_text(value: str, limit: int, *, allowed: str) -> str:
    if not value.strip():
        raise ValueError(f"is empty; give 1 to {limit} characters")
    if len(value) > limit:
        raise ValueError(f"has {len(value)} characters; GitHub takes at most {limit}")
    if hidden := hidden_characters(value, allowed=allowed):
        raise ValueError(f"contains invisible or control characters ({', '.join(hidden[:3])}); remove them")
    return value


def check_contact_link(value: str) -> str:
    """Accept an http(s) address without credentials."""
    if len(value) > _LONGEST_LINK or any(character.isspace() for character in value) or hidden_characters(value):
        raise ValueError("must be one http(s) address without spaces or invisible characters")
    try:
        url = urlsplit(value)
        host, user = url.hostname, url.username
        _ = url.port  # raises when it is no number
    except ValueError:
        host, user, url = None, None, urlsplit("")
    if url.scheme not in ("http", "https") or not host:
        raise ValueError("must be an http(s) address, such as https://example.com/security")
    if user is not None:
        raise ValueError("must not contain a user name or password")
    return value


def check_managers(values: list[str]) -> list[str]:
    """Accept user logins, at most ten, none twice."""
    return _check_each(values, _LOGIN, "a user's login, without @")


def check_team_managers(values: list[str]) -> list[str]:
    """Accept team slugs, at most ten, none twice."""
    return _check_each(values, _SLUG, "a team's slug, without the organization")


def _check_each(values: list[str], pattern: re.Pattern[str], meant: str) -> list[str]:
    if len(values) > MANAGERS_LIMIT:
        raise ValueError(f"names {len(values)}; GitHub takes at most {MANAGERS_LIMIT}")
    for position, value in enumerate(values):
        if not pattern.fullmatch(value):
            raise ValueError(f"item {position + 1} is not {meant}")
    if _first_repeated(values, str.lower):
        raise ValueError("names the same one twice")
    return values


def check_alerts(pairs: list[AlertPairs]) -> list[AlertPairs]:
    """Accept alerts for one campaign: 1 to 1000 in all, each repository and each alert once."""
    if not pairs:
        raise ValueError("is empty; a campaign needs at least one alert")
    if twice := _first_repeated([pair.repository_id for pair in pairs], int):
        raise ValueError(f"names repository {twice} twice; put its alert_numbers into one list")
    if not all(_possible(number) for pair in pairs for number in (pair.repository_id, *pair.alert_numbers)):
        raise ValueError(
            "has a repository_id or alert number that GitHub cannot have given out; give positive whole numbers"
        )
    for pair in pairs:
        if not pair.alert_numbers:
            raise ValueError(f"has no alert_numbers for repository {pair.repository_id}")
        if twice := _first_repeated(pair.alert_numbers, int):
            raise ValueError(f"names alert {twice} of repository {pair.repository_id} twice")
    total = count_alerts(pairs)
    if total > ALERTS_LIMIT:
        raise ValueError(f"holds {total} alerts; a campaign takes at most {ALERTS_LIMIT}, so split them")
    return pairs


def count_alerts(pairs: Iterable[AlertPairs]) -> int:
    """Return how many alerts the pairs name."""
    return sum(len(pair.alert_numbers) for pair in pairs)


def holds_token(value: object) -> bool:
    """Tell whether a value as JSON has it contains what looks like a token, in any text at any depth.

    Tokens are those of GitHub, of this server, and JWTs, with which callers sign in.
    """
    waiting = [value]
    while waiting:
        current = waiting.pop()
        # What JSON makes, by its types: a megabyte of numbers would keep everybody waiting while each is asked more.
        if isinstance(current, str):
            if _TOKEN.search(current):
                return True
        elif isinstance(current, list):
            waiting += current
        elif isinstance(current, dict):
            waiting += [*current.keys(), *current.values()]
    return False


def without_tokens(value: object) -> Any:
    """Return a value as JSON has it with `[a token]` in place of whatever looks like one, at any depth."""
    if isinstance(value, str):
        return _TOKEN.sub("[a token]", value)
    if isinstance(value, Mapping):
        return {without_tokens(key): without_tokens(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_tokens(item) for item in value]
    return value


def _first_repeated(values: Iterable[_Value], same: Callable[[_Value], object]) -> _Value | None:
    seen = set()
    for value in values:
        if same(value) in seen:
            return value
        seen.add(same(value))
    return None
