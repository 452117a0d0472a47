"""Changes JSON where it differs from what is wanted, and leaves every other character as it is, comments too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from server.setup.json_text import Node, holds_comment, read_json
from server.setup.problems import NotMergeable

_Edit = tuple[int, int, str]


def json_with(text: str, wanted: dict[str, Any], *, comments: bool) -> str:
    """Return a text that reads as `wanted` and is otherwise as it was.

    Args:
        text: the file's; it holds an object.
        wanted: what it shall hold.
        comments: as for `read_json`.

    Raises:
        Broken: the text cannot be read.
        NotMergeable: a comment would be lost.
    """
    while edit := next(_removals(text, read_json(text, comments=comments), wanted), None):
        text = _edited(text, [edit])
    text = _edited(text, _puts(text, read_json(text, comments=comments), wanted))
    if read_json(text, comments=comments).value != wanted:
        raise NotMergeable("it cannot be changed in place")
    return text


def as_json(value: object, indent: str = "  ") -> str:
    """Write a value as a person would lay it out, without an end of line."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def _edited(text: str, edits: list[_Edit]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _removals(text: str, node: Node, wanted: dict[str, Any]) -> Iterator[_Edit]:
    for index, (name, part) in enumerate(zip(node.keys, node.parts, strict=True)):
        if name not in wanted:
            yield _removal(text, node, index)
        elif isinstance(part.value, dict) and isinstance(wanted[name], dict):
            yield from _removals(text, part, wanted[name])


def _removal(text: str, node: Node, index: int) -> _Edit:
    """Take a part out together with the comma before it or, if it is the first, the one after it."""
    if index:
        start, end = node.parts[index - 1].end, node.parts[index].end
    else:
        start, end = node.names[0], node.names[1] if len(node.parts) > 1 else node.parts[0].end
        if len(node.parts) == 1 and node.comma is not None:
            end = node.comma + 1
    if holds_comment(text[start:end]):
        raise NotMergeable("a comment beside what is taken out would be lost")
    return start, end, ""


def _puts(text: str, node: Node, wanted: dict[str, Any]) -> list[_Edit]:
    edits: list[_Edit] = []
    for name, value in wanted.items():
        part = node.part(name)
        if part is None or part.value == value:
            continue
        if isinstance(part.value, dict) and isinstance(value, dict):
            edits += _puts(text, part, value)
        elif isinstance(part.value, list) and isinstance(value, list) and value[: len(part.value)] == part.value:
            edits += _added(text, part, [("", item) for item in value[len(part.value) :]])
        else:
            if holds_comment(text[part.start : part.end]):
                raise NotMergeable("a comment in what is replaced would be lost")
            edits.append((part.start, part.end, _laid_out(text, value, _margin(text, part.start))))
    new = [
        (f"{json.dumps(name, ensure_ascii=False)}: ", value) for name, value in wanted.items() if name not in node.keys
    ]
    return edits + _added(text, node, new)


def _added(text: str, node: Node, new: list[tuple[str, Any]]) -> list[_Edit]:
    """Put parts behind the last one, and behind the comments that belong to it."""
    if not new:
        return []
    closing = node.end - 1
    last = node.parts[-1].end if node.parts else node.start + 1
    place = len(text[:closing].rstrip())
    comma: list[_Edit] = [(last, last, ",")] if node.parts and node.comma is None else []
    if node.parts and "\n" not in text[node.start : closing]:  # all on one line: it stays so
        after = ", ".join(name + json.dumps(value, ensure_ascii=False) for name, value in new)
        return (
            [*comma, (place, place, f" {after}")] if place != last else [(place, place, f"{',' * len(comma)} {after}")]
        )
    line = _line_break(text)
    outer = _margin(text, node.start)
    inner = _margin(text, node.names[0]) if node.parts else outer + _unit(text)
    after = ",".join(f"{line}{inner}{name}{_laid_out(text, value, inner)}" for name, value in new)
    end = closing if "\n" not in text[place:closing] else place  # otherwise its line break and margin can stay
    tail = f"{line}{outer}" if end == closing else ""
    if place == last:
        return [(place, end, f"{',' * len(comma)}{after}{tail}")]
    return [*comma, (place, end, after + tail)]


def _laid_out(text: str, value: object, margin: str) -> str:
    return as_json(value, _unit(text)).replace("\n", _line_break(text) + margin)


def _line_break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _margin(text: str, at: int) -> str:
    """Return the blanks with which the line of that place begins."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """Return by how much the file indents: as its first indented line does."""
    for line in text.splitlines():
        if margin := line[: len(line) - len(line.lstrip(" \t"))]:
            return margin if line.strip() and not line.lstrip().startswith("*") else "  "
    return "  "
