"""Says JSON schemas of tools in tables, for docs/reference.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def row(*cells: str) -> str:
    """Return a line of a Markdown table; what is a bar in a cell stays one."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def arguments_table(schema: Schema) -> list[str]:
    """Return the lines of a table of arguments, those that must be given marked; a sentence when there are none."""
    if not schema.get("properties"):
        return ["No arguments."]
    lines = ["| argument | type | default | meaning |", "|---|---|---|---|"]
    for name, field, required in _fields(schema):
        default = "**required**" if required else _default(field)
        lines.append(row(f"`{name}`", type_of(field), default, field.get("description", "")))
    return lines


def results_table(schema: Schema, known: Mapping[str, Schema]) -> list[str]:
    """Return the lines of a table of what a tool answers.

    Args:
        schema: the tool's output schema.
        known: for a tool's name, what that tool answers; an object of that kind is named and not told again.
    """
    lines = ["| field | type | always there | meaning |", "|---|---|---|---|"]
    for name, field, required in _fields(schema, known=known):
        lines.append(row(f"`{name}`", type_of(field, known), "yes" if required else "", field.get("description", "")))
    return lines


def type_of(field: Schema, known: Mapping[str, Schema] | None = None) -> str:
    """Return a type in words, such as "list of text"."""
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    if like := _like(field, known or {}):
        return f"object as [`{like}`](#{like}) answers"
    kind = field.get("type")
    if isinstance(kind, list):
        return " or ".join(type_of({**field, "type": each}) for each in kind)
    if kind == "array":
        return _list(field, known)
    if kind == "object":
        return _object(field)
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    formats = {"date": "date", "date-time": "time"}
    return formats.get(field.get("format", ""), words.get(str(kind), "null" if kind == "null" else "anything"))


def _list(field: Schema, known: Mapping[str, Schema] | None) -> str:
    if "prefixItems" in field:
        return f"list of lists of {len(field['prefixItems'])}"
    items = field["items"]
    if "prefixItems" in items:
        return f"list of [{', '.join(type_of(each) for each in items['prefixItems'])}]"
    if "enum" in items:
        return f"list of {type_of(items)}"
    return f"list of {_several(items, known)}"


def _several(item: Schema, known: Mapping[str, Schema] | None = None) -> str:
    """Return the type of the things in a list or an object, in the plural."""
    return re.sub(r"^(object|.*number|date|time)\b", r"\1s", type_of(item, known))


def _object(field: Schema) -> str:
    properties = field.get("properties", {})
    values = field.get("additionalProperties")
    if properties and not _told_apart(field):
        return "object of " + ", ".join(f"`{name}`" for name in properties)
    if isinstance(values, Mapping) and not properties:
        return f"object of {_several(values)}"
    return "object"


def _fields(
    schema: Schema, before: str = "", known: Mapping[str, Schema] | None = None
) -> Iterator[tuple[str, Schema, bool]]:
    """Yield each field with its name and whether it is always there; those of objects after the object."""
    for name, field in schema["properties"].items():
        yield before + name, field, name in schema.get("required", ())
        inner, mark = (field["items"], "[]") if "items" in field else (field, "")
        if _told_apart(inner) and not _like(inner, known or {}):
            yield from _fields(inner, f"{before}{name}{mark}.", known)


def _told_apart(schema: Schema) -> bool:
    """Tell whether the fields of an object need lines of their own: when something is said of one of them."""
    fields = schema.get("properties", {}).values()
    return any("description" in field or "properties" in field.get("items", field) for field in fields)


def _like(schema: Schema, known: Mapping[str, Schema]) -> str | None:
    properties = schema.get("properties")
    if not properties:
        return None
    return next((name for name, other in known.items() if other.get("properties") == properties), None)


def _default(field: Schema) -> str:
    if "default" not in field:
        return ""
    value = field["default"]
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
