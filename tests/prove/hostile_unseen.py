"""What a person does not see in a text, by Unicode's own lists and not by this project's."""

from __future__ import annotations

import re
import unicodedata

# Source: Unicode 15.1, DerivedCoreProperties.txt, the property Default_Ignorable_Code_Point.
_IGNORABLE = (
    range(0x00AD, 0x00AE),
    range(0x034F, 0x0350),
    range(0x061C, 0x061D),
    range(0x115F, 0x1161),
    range(0x17B4, 0x17B6),
    range(0x180B, 0x1810),
    range(0x200B, 0x2010),
    range(0x202A, 0x202F),
    range(0x2060, 0x2070),
    range(0x3164, 0x3165),
    range(0xFE00, 0xFE10),
    range(0xFEFF, 0xFF00),
    range(0xFFA0, 0xFFA1),
    range(0xFFF0, 0xFFF9),
    range(0x1BCA0, 0x1BCA4),
    range(0x1D173, 0x1D17B),
    range(0xE0000, 0xE1000),
)
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})  # on a terminal, on the order of letters, on lines
_WITHOUT_INK = frozenset("\u2800\U0001d159")  # symbols by category
_CHOOSING = frozenset("\ufe0e\ufe0f")  # seen in what they choose, where they choose something
_CHOOSING_NOTHING = re.compile(r"(?:^|(?:[^\W\d_]|[\s\ufe0e\ufe0f]))[\ufe0e\ufe0f]")
_BLANKS = re.compile(r"[^\S\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]{2,}")
_LIKE_QUOTES = re.compile("[\u02ba\u201c-\u201f\u2033\u2036\u275d\u275e\u301d-\u301f\uff02]")

WIDTHS = "blanks of several widths together"


def unseen(text: str, allowed: str = "") -> list[str]:
    """Name what a person does not see in a text, or a terminal acts on, or something could be spelled with unseen."""
    found = {f"U+{ord(each):04X}" for each in set(text) if each not in allowed and _is_unseen(each)}
    if not _CHOOSING.isdisjoint(text) and _CHOOSING_NOTHING.search(text):
        found.add("a variation selector that chooses nothing")
    if any(run.strip(" ") for run in _BLANKS.findall(text)):
        found.add(WIDTHS)
    return sorted(found)


def _is_unseen(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in _ACTING
        or character in _WITHOUT_INK
        or (character not in _CHOOSING and any(code in each for each in _IGNORABLE))
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
    )


def like_quotes(text: str) -> list[str]:
    """Say whether a quotation looks ended where it is not."""
    return ["it holds what looks like a quotation mark and is none"] if _LIKE_QUOTES.search(text) else []
