"""JSON as no library writes it: keys twice, numbers beyond all bounds, halves of characters, brackets without end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Raw(str):
    """Text that goes into the JSON as it is."""

    __slots__ = ()


class Pairs(tuple[tuple[str, Any], ...]):
    """An object whose keys may be there twice."""

    __slots__ = ()


def dump(value: Any) -> str:
    """Write a value as JSON, in ASCII; halves of characters as their escapes, `Raw` as it is."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return _object(value)
    if isinstance(value, Mapping):
        return _object(list(value.items()))
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return f"[{','.join(map(dump, value))}]"
    return json.dumps(value)  # NaN and Infinity too


def _object(pairs: Sequence[tuple[str, Any]]) -> str:
    return f"{{{','.join(f'{json.dumps(key)}:{dump(value)}' for key, value in pairs)}}}"


def nested(depth: int, opening: str = "[", inner: str = "", closing: str = "]") -> Raw:
    """Return so many brackets, one in the other."""
    return Raw(opening * depth + inner + closing * depth)
