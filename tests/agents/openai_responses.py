"""OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses-streaming"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.agents.script import Asked, Tool, stream, texts


class OpenAIResponses:
    """Speaks it. An agent's tools stand in namespaces, which are tools of their own type."""

    def asked(self, path: str, body: dict[str, Any]) -> Asked | None:
        if path != "/v1/responses":
            return None
        results = tuple(texts(item["output"]) for item in body["input"] if item["type"] == "function_call_output")
        return Asked(tuple(_tools(body.get("tools", ()))), results)

    def called(self, tool: Tool, arguments: dict[str, Any], number: int) -> str:
        item = {"type": "function_call", "call_id": f"call_{number}", "arguments": json.dumps(arguments)}
        return _response(item | {"name": tool.name} | ({"namespace": tool.namespace} if tool.namespace else {}))

    def said(self, text: str) -> str:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        return _response({"type": "message", "role": "assistant", "content": content})


def _tools(offered: Any, namespace: str | None = None) -> Iterator[Tool]:
    for tool in offered:
        if tool["type"] == "namespace":
            yield from _tools(tool["tools"], tool["name"])
        elif tool["type"] == "function":
            yield Tool(tool["name"], namespace)


def _response(item: dict[str, Any]) -> str:
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    return stream(
        {"type": "response.created", "response": {"id": "resp_1"}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {"id": "item_1", "status": "completed"} | item,
        },
        {"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "usage": usage}},
        named=True,
    )
