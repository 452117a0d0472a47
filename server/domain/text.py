"""Text that other people wrote: made safe to show, or refused when it is about to be written."""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Unassigned code points are not hidden as such: to this Python a new emoji is one.
# Letters and marks that show nothing, used to hide or smuggle text: joiners, fillers, variation selectors, blanks.
# U+FE0E and U+FE0F stay: they choose between the two looks of an emoji.
_HIDDEN_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0D),
    (0xFDD0, 0xFDEF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
_BREAKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")


@lru_cache(maxsize=4096)
def _is_hidden(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in _HIDDEN_CATEGORIES
        or code & 0xFFFE == 0xFFFE  # the last two of every plane are no characters
        or any(low <= code <= high for low, high in _HIDDEN_RANGES)
    )


def _hidden_in(text: str, allowed: str) -> list[str]:
    """Return what is hidden in a text, each character once, in order of appearance."""
    if text.isascii() and text.isprintable():  # most texts, and this costs nothing
        return []
    return [character for character in dict.fromkeys(text) if character not in allowed and _is_hidden(character)]


def hidden_characters(text: str, *, allowed: str = "") -> list[str]:
    """Name the control, zero-width, bidirectional and other invisible characters in `text`, each once.

    Returns:
        Code points such as `U+202E RIGHT-TO-LEFT OVERRIDE`, in order of appearance.
    """
    found = _hidden_in(text, allowed)
    return [f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip() for character in found]


def clean(text: str, limit: int, *, allowed: str = "") -> str:
    """Return `text` without invisible characters and cut to `limit` characters, an ellipsis being the last of them.

    A line break that is not `allowed` becomes a space, so that words do not run together.
    """
    instead = {ord(character): " " if character in _BREAKS else None for character in _hidden_in(text, allowed)}
    shown = text.translate(instead).strip() if instead else text.strip()
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def quote(text: str, limit: int = 100) -> str:
    """Return cleaned `text` in double quotes, escaped so that it cannot end the quote."""
    return json.dumps(clean(text, limit), ensure_ascii=False)


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number of things, such as `1 alert` and `3 repositories`; `many` is `one` with an s when left out."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def alert_count(number: int) -> str:
    """Write a number of alerts."""
    return counted(number, "alert")


def repository_count(number: int) -> str:
    """Write a number of repositories."""
    return counted(number, "repository", "repositories")
