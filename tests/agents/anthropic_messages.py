"""Anthropic's Messages: https://platform.claude.com/docs/en/build-with-claude/streaming"""

from __future__ import annotations

import json
from typing import Any

from tests.agents.script import Asked, Tool, stream, texts


class AnthropicMessages:
    """Speaks it."""

    def asked(self, path: str, body: dict[str, Any]) -> Asked | None:
        if path != "/v1/messages":
            return None
        blocks = [
            block
            for message in body["messages"]
            if message["role"] == "user" and not isinstance(message["content"], str)
            for block in message["content"]
        ]
        results = tuple(texts(block["content"]) for block in blocks if block["type"] == "tool_result")
        return Asked(tuple(Tool(tool["name"]) for tool in body.get("tools", ())), results)

    def called(self, tool: Tool, arguments: dict[str, Any], number: int) -> str:
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": tool.name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        return _message(block, delta, "tool_use")

    def said(self, text: str) -> str:
        return _message({"type": "text", "text": ""}, {"type": "text_delta", "text": text}, "end_turn")


def _message(block: dict[str, Any], delta: dict[str, Any], reason: str) -> str:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": []}
    usage = {"input_tokens": 1, "output_tokens": 1}
    return stream(
        {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
        named=True,
    )
