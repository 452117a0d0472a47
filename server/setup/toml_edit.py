"""Changes one table of a TOML file, and leaves every other character as it is, comments too.

Tables are found by a small reader of statements (TOML 1.0, https://toml.io/en/v1.0.0); what it makes is read again by
`tomllib`, and whatever is not then exactly what was wanted is refused. So an unusual way to write is at worst not
served.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from server.setup.problems import Broken, NotMergeable

_QUOTED = re.compile(r"\"\"\"(?:[^\\]|\\.)*?\"\"\"+|'''.*?'''+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'", re.DOTALL)
_UNUSUAL = "is written in a way that cannot be changed in place"
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)

_Edit = tuple[int, int, str]
_Path = tuple[str, ...]


@dataclass(frozen=True)
class _Statement:
    """A header (`[table]`) or a key with its value.

    Attributes:
        path: the whole path of the table or key; empty for a header of an array of tables.
        header: it is a header.
        start, end: where it is, without the comment behind it.
        value: where its value starts.
    """

    path: _Path
    header: bool
    start: int
    end: int
    value: int


def read_toml(text: str) -> dict[str, Any]:
    """Read a whole text.

    Raises:
        Broken: saying what, and in which line and column.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = _PLACE.match(str(error))
        if told is None or told["line"] is None:
            lines = text.split("\n")
            raise Broken(told["what"] if told else "not TOML", len(lines), len(lines[-1]) + 1) from None
        raise Broken(told["what"], int(told["line"]), int(told["column"])) from None
    except RecursionError:
        raise Broken("too many values within each other", 1, 1) from None


def toml_with(text: str, wanted: dict[str, Any], table: _Path) -> str:
    """Return a text that reads as `wanted`, which differs only in `table`, and is otherwise as it was.

    Raises:
        Broken: the text cannot be read.
        NotMergeable: the table is written in a way that cannot be changed in place.
    """
    old, new = _within(read_toml(text), table), _within(wanted, table)
    if old is None:
        text = _appended(text, table, new)
    else:
        try:
            edits = sorted(_edits(text, old, new, table), reverse=True)
        except (IndexError, tomllib.TOMLDecodeError):  # the small reader took something for what it is not
            raise NotMergeable(f"its {'.'.join(table)} {_UNUSUAL}") from None
        for start, end, put in edits:
            text = text[:start] + put + text[end:]
    try:
        same = read_toml(text) == wanted
    except Broken:
        same = False
    if not same:
        raise NotMergeable(f"its {'.'.join(table)} {_UNUSUAL}")
    return text


def as_toml(table: _Path, values: dict[str, Any]) -> str:
    """Write a table with its header, each line with its end."""
    return f"[{'.'.join(map(_name, table))}]\n" + "".join(
        f"{_name(name)} = {_value(value)}\n" for name, value in values.items()
    )


def _within(whole: dict[str, Any], table: _Path) -> Any:
    inner: Any = whole
    for name in table:
        inner = inner.get(name) if isinstance(inner, dict) else None
    return inner


def _appended(text: str, table: _Path, values: dict[str, Any]) -> str:
    line = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.strip() else line if text.endswith("\n") else line * 2
    return text + gap + as_toml(table, values).replace("\n", line)


def _edits(text: str, old: Any, new: Any, table: _Path) -> Iterator[_Edit]:
    statements = list(_statements(text))
    if not isinstance(old, dict):
        raise NotMergeable(f"its {'.'.join(table)} is no table")
    added = {name: value for name, value in new.items() if name not in old}
    if added:
        yield _insertion(text, statements, table, added)
    for name, value in old.items():
        path = (*table, name)
        if name in new and value == new[name]:
            continue
        found = next((item for item in statements if item.path == path and not item.header), None)
        if found is None and name in new and isinstance(value, dict) and isinstance(new[name], dict):
            yield from _edits(text, value, new[name], path)
        elif found is None:
            raise NotMergeable(f"its {'.'.join(path)} {_UNUSUAL}")
        elif "#" in _QUOTED.sub("", text[found.value : found.end]):
            raise NotMergeable("a comment in what is replaced would be lost")
        elif name in new:
            yield found.value, found.end, _value(new[name])
        else:
            yield _whole_line(text, found)


def _insertion(text: str, statements: list[_Statement], table: _Path, added: dict[str, Any]) -> _Edit:
    """Put keys behind the last one of the table, or behind its header."""
    at = next((index for index, item in enumerate(statements) if item.header and item.path == table), None)
    if at is None:
        raise NotMergeable(f"its {'.'.join(table)} has no header of its own")
    last = at
    while last + 1 < len(statements) and not statements[last + 1].header:
        last += 1
    line = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", statements[last].end)  # behind the comment on that line
    put = "".join(f"{_name(name)} = {_value(value)}{line}" for name, value in added.items())
    return (end + 1, end + 1, put) if end >= 0 else (len(text), len(text), line + put)


def _whole_line(text: str, statement: _Statement) -> _Edit:
    end = text.find("\n", statement.end)
    end = len(text) if end < 0 else end + 1
    if text[statement.end : end].strip():
        raise NotMergeable("a comment beside what is taken out would be lost")
    return text.rfind("\n", 0, statement.start) + 1, end, ""


def _statements(text: str) -> Iterator[_Statement]:
    """Split a text that `tomllib` has read into its statements."""
    at = 0
    table: _Path = ()
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
        elif text[at] == "#":
            at = _line_end(text, at)
        elif text[at] == "[":
            end = _end(text, at)
            table = () if text.startswith("[[", at) else _path(text[at:end])
            yield _Statement(table, True, at, end, end)
            at = end
        else:
            equals = at
            while text[equals] != "=":
                quoted = _QUOTED.match(text, equals)
                equals = quoted.end() if quoted else equals + 1
            value = equals + 1
            value += len(text[value:]) - len(text[value:].lstrip(" \t"))
            end = _end(text, value)
            yield _Statement((*table, *_path(f"{text[at:equals]}= 0")), False, at, end, value)
            at = end


def _end(text: str, at: int) -> int:
    """Return where a value or header that starts there ends: before a comment or the line's end outside brackets."""
    depth = 0
    end = at
    while at < len(text):
        if quoted := _QUOTED.match(text, at):
            at = end = quoted.end()
            continue
        if text[at] == "\n" and not depth:
            break
        if text[at] == "#":
            if not depth:
                break
            at = _line_end(text, at)
            continue
        depth += (text[at] in "[{") - (text[at] in "]}")
        at += 1
        end = end if text[at - 1] in " \t\r\n" else at
    return end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _path(statement: str) -> _Path:
    names: list[str] = []
    inner: Any = tomllib.loads(statement)
    while isinstance(inner, dict) and inner:
        name, inner = next(iter(inner.items()))
        names.append(name)
    return tuple(names)


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_name(name)} = {_value(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if not isinstance(value, (str, int, float)):
        raise NotMergeable("a date or time in what is replaced would be lost")
    # JSON's way to write texts, numbers and switches is TOML's too, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
