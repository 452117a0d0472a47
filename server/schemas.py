"""Schemas as they go over the wire: every word of a tool's definition is paid for on every request."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mcp_types import Tool


def slim_tool(tool: Tool) -> Tool:
    """Return the tool with schemas that say the same in fewer tokens."""
    input_schema = _slim_schema(tool.input_schema)
    input_schema["additionalProperties"] = False  # unknown arguments are refused, so the schema says so
    output_schema = _slim_schema(tool.output_schema) if tool.output_schema else None
    return tool.model_copy(update={"input_schema": input_schema, "output_schema": output_schema})


def _slim_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    definitions = schema.get("$defs", {})
    return {**_slim(schema, definitions)}


def _slim(node: Any, definitions: Mapping[str, Any], *, names: bool = False) -> Any:
    """Drop generated titles and defaults of null, inline references, and write `X or null` as a type list.

    Args:
        node: a schema, or a part of one.
        definitions: what references point to. None of this project's models refers to itself.
        names: the node maps property names to schemas, so its keys are not keywords.
    """
    if isinstance(node, list):
        return [_slim(item, definitions) for item in node]
    if not isinstance(node, Mapping):
        return deepcopy(node)
    if "$ref" in node and not names:
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return _slim(definitions[node["$ref"].removeprefix("#/$defs/")] | siblings, definitions)
    if names:
        return {key: _slim(value, definitions) for key, value in node.items()}
    kept = {
        key: _slim(value, definitions, names=key == "properties")
        for key, value in node.items()
        if key not in ("title", "$defs") and not (key == "default" and value is None)
    }
    return _without_null_union(kept)


def _without_null_union(schema: dict[str, Any]) -> dict[str, Any]:
    options = schema.get("anyOf", [])
    others = [option for option in options if option != {"type": "null"}]
    if len(options) == 2 and len(others) == 1 and isinstance(others[0].get("type"), str) and "enum" not in others[0]:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**others[0], "type": [others[0]["type"], "null"], **rest}
    return schema
