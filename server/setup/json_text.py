"""JSON, with comments or without, read together with where everything stands, so that it can be changed in place.

With comments means as Visual Studio Code and its like read it: `//` and `/* */`, and a comma after the last item.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from server.setup.problems import Broken

_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\[^\n])*"')
_NUMBER_OR_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_BLANK = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING_OR_COMMENT = re.compile(f"{_STRING.pattern}|{_COMMENT.pattern}", re.DOTALL)
_DEEPEST = 200  # far above what configurations need, and below what Python's stack takes


@dataclass
class Node:
    """A value and its place.

    Attributes:
        value: as `json` reads it.
        start, end: its text is `text[start:end]`.
        parts: what it consists of, in order, when it is an object or an array.
        keys, names: the names of an object, and where each part starts, its name included; in the order of the parts.
        comma: where a comma stands after the last part; None when there is none.
    """

    value: Any
    start: int
    end: int
    parts: list[Node] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    comma: int | None = None

    def part(self, name: str) -> Node | None:
        """Return an object's part of that name."""
        return self.parts[self.keys.index(name)] if name in self.keys else None


class _Reader:
    def __init__(self, text: str, *, comments: bool) -> None:
        self.text = text
        self.at = 0
        self.comments = comments

    def broken(self, problem: str, at: int | None = None) -> Broken:
        at = self.at if at is None else at
        return Broken(problem, self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at))

    def skip(self) -> None:
        """Go on to the next that is neither blank nor comment."""
        while True:
            self.at = _BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches the empty text
            if self.text[self.at : self.at + 1] != "/":
                return
            comment = _COMMENT.match(self.text, self.at)
            if comment is None or not self.comments:
                raise self.broken("a comment, which this file may not have" if comment else "a stray /")
            self.at = comment.end()

    def take(self, mark: str) -> bool:
        self.skip()
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def string(self) -> str:
        self.skip()
        found = _STRING.match(self.text, self.at)
        if found is None:
            begun = self.text.startswith('"', self.at)
            raise self.broken("a text without its end" if begun else "a name in double quotes is missing")
        try:
            value: str = json.loads(found[0])
        except ValueError:
            raise self.broken("a \\ before something that it cannot stand before") from None
        self.at = found.end()
        return value

    def node(self, depth: int) -> Node:
        self.skip()
        start = self.at
        if depth > _DEEPEST:
            raise self.broken(f"more than {_DEEPEST} objects or arrays within each other")
        match self.text[start : start + 1]:
            case "{":
                return self.container("}", depth, named=True)
            case "[":
                return self.container("]", depth, named=False)
            case '"':
                return Node(self.string(), start, self.at)
        found = _NUMBER_OR_WORD.match(self.text, start)
        if found is None:
            raise self.broken("a value is missing" if start == len(self.text) else "something that is no value")
        self.at = found.end()
        return Node(json.loads(found[0]), start, self.at)

    def container(self, closing: str, depth: int, *, named: bool) -> Node:
        made = Node({} if named else [], self.at, self.at)
        self.at += 1
        while not self.take(closing):
            if made.parts and made.comma is None:
                raise self.broken(f"a comma or {closing} is missing")
            made.names.append(self.at)
            if named:
                name = self.string()
                if name in made.keys:  # JSON's readers take one of them, and would lose the other
                    raise self.broken("a name that stands there already", made.names[-1])
                made.keys.append(name)
                if not self.take(":"):
                    raise self.broken("a colon is missing")
            made.parts.append(self.node(depth + 1))
            made.comma = self.at - 1 if self.take(",") else None
        if made.comma is not None and not self.comments:
            raise self.broken(f"a comma before {closing}", made.comma)
        made.end = self.at
        values = [part.value for part in made.parts]
        made.value = dict(zip(made.keys, values, strict=True)) if named else values
        return made


def read_json(text: str, *, comments: bool) -> Node:
    """Read a whole text.

    Args:
        text: the file's.
        comments: whether comments, and a comma after the last item, are allowed.

    Raises:
        Broken: saying what, and in which line and column.
    """
    reader = _Reader(text, comments=comments)
    node = reader.node(0)
    reader.skip()
    if reader.at != len(text):
        raise reader.broken("something after the end")
    return node


def holds_comment(text: str) -> bool:
    """Tell whether there is a comment in a piece of well-formed JSON."""
    return any(found[0].startswith("/") for found in _STRING_OR_COMMENT.finditer(text))
