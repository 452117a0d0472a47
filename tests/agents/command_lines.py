"""The agents' command lines: what each needs to ask a model on loopback, and to run without a person at a terminal.

Each writes its configuration first and then has ours merged into it, as on the machine of somebody who uses the agent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.agents.anthropic_messages import AnthropicMessages
from tests.agents.gemini_content import GeminiContent
from tests.agents.openai_responses import OpenAIResponses
from tests.agents.script import Dialect

KEY = "made-up"


@dataclass(frozen=True)
class Agent:
    """An agent.

    Attributes:
        client: what `setup` calls it.
        program: where it is below node_modules, as a pattern: a program of its platform, or a script.
        arguments: what stands before the words of the person.
        dialect: makes what speaks its model's API.
        file: its configuration, below the home.
        configured: makes what stands there before `setup`, out of the model's address.
        environ: makes what it needs of the environment, out of the model's address.
    """

    client: str
    program: str
    arguments: tuple[str, ...]
    dialect: Callable[[], Dialect]
    file: str
    configured: Callable[[str], str]
    environ: Callable[[str], Mapping[str, str]]


CLAUDE_CODE = Agent(
    "claude-code",
    "@anthropic-ai/claude-code-*/claude",
    ("--allowed-tools", "mcp__security-campaigns", "--print"),
    AnthropicMessages,
    ".claude.json",
    lambda url: json.dumps({"hasCompletedOnboarding": True}),  # noqa: ARG005 - the address is a variable
    lambda url: {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "ENABLE_TOOL_SEARCH": "false",  # otherwise the model would first have to look for the tools
        # Otherwise it asks the model before the server has started.
        "MCP_CONNECTION_NONBLOCKING": "0",
        "MCP_CONNECT_TIMEOUT_MS": "120000",
        "MCP_TIMEOUT": "120000",
    },
)

CODEX = Agent(
    "codex",
    ".bin/codex",
    # Without a person, it calls no tool that writes unless approvals are off.
    (
        "exec",
        "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox",
        # Otherwise it may ask the model before the server has started.
        "--config=mcp_servers.security-campaigns.required=true",
        "--config=mcp_servers.security-campaigns.startup_timeout_sec=120",
    ),
    OpenAIResponses,
    ".codex/config.toml",
    lambda url: (
        f"""model = "scripted"
model_provider = "loopback"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.loopback]
name = "loopback"
base_url = "{url}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
"""
    ),
    lambda url: {"SCRIPTED_KEY": KEY},  # noqa: ARG005 - the address is in the file
)

GEMINI = Agent(
    "gemini",
    ".bin/gemini",
    ("--skip-trust", "--yolo", "--model", "gemini-2.5-pro", "--prompt"),
    GeminiContent,
    ".gemini/settings.json",
    lambda url: json.dumps(  # noqa: ARG005 - the address is a variable
        {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        }
    ),
    lambda url: {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": url},
)

AGENTS = (CLAUDE_CODE, CODEX, GEMINI)
