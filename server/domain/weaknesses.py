"""Weaknesses by their CWE numbers: as people write them, and as the tags of rules name them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_LARGEST_CWE = 9999  # MITRE's list has four digits at most
_GIVEN = re.compile(r"(?:cwe[ _:-]?)?([0-9]{1,20})", re.IGNORECASE)
# CodeQL writes `external/cwe/cwe-079`, Semgrep `CWE-79: Improper Neutralization of ...`.
_TAG = re.compile(r"(?:external/cwe/)?cwe[-_: ]?0*([1-9][0-9]{0,3})(?![0-9A-Za-z])", re.IGNORECASE)


def parse_cwe(value: object) -> int:
    """Read a CWE's number, given as such or as `79`, `CWE-79` or `cwe-079`.

    Raises:
        ValueError: it is none, or no CWE can have this number.
    """
    if isinstance(value, str):
        found = _GIVEN.fullmatch(value.strip())
        value = int(found[1]) if found and found[1].isascii() else None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is not a CWE; give a number such as 79 or CWE-79")
    if not 1 <= value <= _LARGEST_CWE:
        raise ValueError(f"is not a number that a CWE can have; they go from 1 to {_LARGEST_CWE}")
    return value


def cwes_of(tags: Iterable[object] | None) -> tuple[int, ...]:
    """Return the CWEs that a rule's tags name, ascending, each once. What names none is passed over."""
    return _cwes_of(tuple(tag for tag in tags or () if isinstance(tag, str)))


@lru_cache(maxsize=4096)  # there are far fewer rules than alerts
def _cwes_of(tags: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(sorted({int(found[1]) for tag in tags if (found := _TAG.match(tag.lstrip()))}))
