"""Text that other people wrote: made safe to show, or refused when it is about to be written."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Unassigned code points are not hidden as such: to this Python a new emoji is one.
# Letters and marks that show nothing, used to hide or smuggle text: joiners, fillers, variation selectors, blanks.
# U+FE0E and U+FE0F stay where they choose between the two looks of an emoji.
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
    (0x1D159, 0x1D159),
    (0xE0000, 0xE0FFF),
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]+(\[bot\])?…?")
_BREAKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_SELECTORS = frozenset("\ufe0e\ufe0f")
_RUN = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]{2,}")  # of blanks
_LIKE_A_QUOTE = str.maketrans(
    dict.fromkeys("\u02ba\u201c\u201d\u201e\u201f\u2033\u2036\u275d\u275e\u301d\u301e\u301f\uff02", '"')
)


@lru_cache(maxsize=4096)
def _is_hidden(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in _HIDDEN_CATEGORIES
        or code & 0xFFFE == 0xFFFE  # the last two of every plane are no characters
        or any(low <= code <= high for low, high in _HIDDEN_RANGES)
    )


def _has_two_looks(character: str) -> bool:
    """Whether it may be an emoji, or an unassigned character, which may become one. Letters and marks are none."""
    if character.isascii():
        return character in "#*0123456789"
    return (
        character == "\u2139" or unicodedata.category(character)[0] in "SPN" or unicodedata.category(character) == "Cn"
    )


def _stray_selectors(text: str) -> list[int]:
    """Return where variation selectors stand that choose nothing, with which something could be spelled unseen."""
    if _SELECTORS.isdisjoint(text):
        return []
    return [at for at, each in enumerate(text) if each in _SELECTORS and not (at and _has_two_looks(text[at - 1]))]


def _hidden_in(text: str, allowed: str) -> list[str]:
    """Return what is hidden in a text wherever it stands, each character once, in order of appearance."""
    if text.isascii() and text.isprintable():  # most texts, and this costs nothing
        return []
    return [character for character in dict.fromkeys(text) if character not in allowed and _is_hidden(character)]


def hidden_characters(text: str, *, allowed: str = "") -> list[str]:
    """Name the control, zero-width, bidirectional and other invisible characters in `text`, each once.

    Returns:
        Code points such as `U+202E RIGHT-TO-LEFT OVERRIDE`, in order of appearance; at the end the variation selectors
        that choose nothing.
    """
    found = _hidden_in(text, allowed)
    found += dict.fromkeys(text[at] for at in _stray_selectors(text))
    return [f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip() for character in found]


def clean(text: str, limit: int, *, allowed: str = "") -> str:
    """Return `text` without invisible characters and cut to `limit` characters, an ellipsis being the last of them.

    A line break that is not `allowed` becomes a space, so that words do not run together. Several blanks together of
    which one is not the ordinary one become a space: with their widths, too, something could be spelled.
    """
    if not text.isascii() or not text.isprintable():
        instead = {ord(character): " " if character in _BREAKS else None for character in _hidden_in(text, allowed)}
        text = text.translate(instead)
        if stray := frozenset(_stray_selectors(text)):
            text = "".join(each for at, each in enumerate(text) if at not in stray)
        text = _RUN.sub(_narrowed, text)
    shown = text.strip()
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _narrowed(run: re.Match[str]) -> str:
    return " " if run[0].strip(" ") else run[0]


def quote(text: str, limit: int = 100) -> str:
    """Return cleaned `text` in double quotes, escaped so that it cannot end the quote.

    What looks like a quotation mark becomes one, or who reads might take it for the end. Blanks together become one.
    """
    shown = _RUN.sub(" ", clean(text, limit)).translate(_LIKE_A_QUOTE)
    return json.dumps(shown, ensure_ascii=False)


def as_name(name: str, limit: int = 100) -> str:
    """Return a login's or repository's name for a sentence: cleaned, and in quotes unless it is plain.

    Plain is one word of letters, digits, `.`, `_` and `-`, if need be with a bot's ending or cut with an ellipsis: more
    than GitHub takes, but what could be words of its own must not stand among ours.
    """
    shown = clean(name, limit)
    return shown if _PLAIN_NAME.fullmatch(shown) else quote(shown, limit)


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number of things, such as `1 alert` and `3 repositories`; `many` is `one` with an s when left out."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def alert_count(number: int) -> str:
    """Write a number of alerts."""
    return counted(number, "alert")


def repository_count(number: int) -> str:
    """Write a number of repositories."""
    return counted(number, "repository", "repositories")
