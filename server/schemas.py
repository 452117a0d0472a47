"""Schemas as they go over the wire: every word of a tool's definition is paid for on every request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_types import Tool


def slim_tool(tool: Tool) -> Tool:
    """Return the tool with schemas that say the same in fewer tokens."""
    input_schema = _slim_schema(tool.input_schema)
    input_schema["additionalProperties"] = False  # unknown arguments are refused, so the schema says so
    # Nulls are left out of every answer, so the output schema need not speak of them.
    output_schema = _slim_schema(tool.output_schema, keep_null=False) if tool.output_schema else None
    return tool.model_copy(update={"input_schema": input_schema, "output_schema": output_schema})


def _slim_schema(schema: Mapping[str, Any], *, keep_null: bool = True) -> dict[str, Any]:
    """Drop generated titles, model docstrings and defaults of null, inline references, and resolve `X or null`.

    Args:
        schema: an object schema as pydantic makes it. None of this project's models refers to itself.
        keep_null: write `X or null` as a type list; otherwise only X stays.
    """
    definitions = schema.get("$defs", {})

    def slim(node: Any) -> Any:
        if isinstance(node, list):
            return [slim(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            definition = definitions[node["$ref"].removeprefix("#/$defs/")]
            siblings = {key: value for key, value in node.items() if key != "$ref"}
            return slim({key: value for key, value in definition.items() if key != "description"} | siblings)
        kept = {key: value for key, value in node.items() if key not in ("title", "$defs")}
        if kept.get("default", ...) is None:
            del kept["default"]
        properties = kept.pop("properties", None)
        slimmed = {key: slim(value) for key, value in kept.items()}
        if properties is not None:  # its keys are names of fields, which may well be `title` or `description`
            slimmed["properties"] = {name: slim(value) for name, value in properties.items()}
        return _resolve_null(slimmed, keep_null=keep_null)

    slimmed: dict[str, Any] = slim({key: value for key, value in schema.items() if key != "description"})
    return slimmed


def _resolve_null(schema: dict[str, Any], *, keep_null: bool) -> dict[str, Any]:
    options = schema.get("anyOf", [])
    others = [option for option in options if option != {"type": "null"}]
    if len(options) != 2 or len(others) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    kind = [others[0]["type"], "null"] if keep_null else others[0]["type"]
    return {**others[0], "type": kind, **rest}
