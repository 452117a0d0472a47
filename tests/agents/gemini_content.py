"""Gemini's streamGenerateContent: https://ai.google.dev/api/generate-content"""

from __future__ import annotations

from typing import Any

from tests.agents.script import Asked, Tool, stream


class GeminiContent:
    """Speaks it."""

    def asked(self, path: str, body: dict[str, Any]) -> Asked | None:
        if not path.endswith(":streamGenerateContent"):
            return None
        parts = [part for content in body["contents"] for part in content["parts"]]
        # An agent gives a tool's result as {"output": text}, or {"error": text}.
        answers = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
        offered = tuple(
            Tool(function["name"])
            for tool in body.get("tools", ())
            for function in tool.get("functionDeclarations", ())
        )
        return Asked(offered, tuple("\n".join(map(str, answer.values())) for answer in answers))

    def called(self, tool: Tool, arguments: dict[str, Any], number: int) -> str:
        return _candidate({"functionCall": {"id": f"call_{number}", "name": tool.name, "args": arguments}})

    def said(self, text: str) -> str:
        return _candidate({"text": text})


def _candidate(part: dict[str, Any]) -> str:
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return stream({"candidates": [candidate], "usageMetadata": usage})
