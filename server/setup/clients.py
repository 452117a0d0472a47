"""The clients that can be set up: where each keeps its servers, and what it calls things, as its documentation has it.

A place is written with `/` and begins with the variable that may move it; `places` tells what stands in for one that is
not set. Each row names the document its facts are from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from server.setup.entries import as_codex, as_gemini, as_opencode, as_stdio, with_type

TokenSource = Literal["env", "ask", "gh"]
NAME = "security-campaigns"
VARIABLE = "GITHUB_TOKEN"
_ASKED = f"{NAME}-token"


@dataclass(frozen=True)
class Client:
    """A client.

    Attributes:
        name: as it is typed.
        title: as people know it.
        document: where its configuration is documented.
        table: the names under which its servers stand, outermost first.
        shape: makes its entry for a server out of command, arguments and environment.
        then: what a person does next, a sentence.
        format: of its file; `jsonc` is JSON in which comments are allowed.
        user: the user's file by `sys.platform`, with `*` for every other; None when the text is only to be pasted.
        project: the project's file; None when it has none.
        programs, folders: what shows that it is on a machine: a command, or a folder that is there (without a name of
            its own among them, the one of the user's file).
        variable: how its configuration refers to the variable GITHUB_TOKEN; None when it cannot.
        source: where a server gets its token from unless somebody says; None when that must be said.
        asked, asks: how its configuration refers to a token that it asks a person for, and what makes it ask; None and
            empty when it cannot.
        paste: where the text is to be pasted, when it is not written.
    """

    name: str
    title: str
    document: str
    table: tuple[str, ...]
    shape: Callable[[str, list[str], dict[str, str]], dict[str, Any]]
    then: str
    format: Literal["json", "jsonc", "toml"] = "json"
    user: Mapping[str, str] | None = None
    project: str | None = None
    programs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    variable: str | None = None
    source: TokenSource | None = "env"
    asked: str | None = None
    asks: Mapping[str, Any] = field(default_factory=dict)
    paste: str = ""

    @property
    def unset_is_empty(self) -> bool:
        """Whether a variable that is not set is nothing to the server too, which then looks elsewhere for a token.

        Cursor and Windsurf do not document what they make of it.
        """
        return self.variable is not None and not self.variable.startswith("${env:")


CLIENTS = (
    Client(
        name="vscode",
        title="VS Code",
        # The user's file by system: https://code.visualstudio.com/docs/configure/profiles and "Default settings" there.
        document="https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
        table=("servers",),
        shape=with_type,
        then="`MCP: List Servers` in its command palette starts it and shows what it says.",
        format="jsonc",
        user={
            "darwin": "HOME/Library/Application Support/Code/User/mcp.json",
            "win32": "APPDATA/Code/User/mcp.json",
            "*": "XDG_CONFIG_HOME/Code/User/mcp.json",
        },
        project=".vscode/mcp.json",
        programs=("code",),
        variable=f"${{env:{VARIABLE}}}",
        source="ask",
        asked=f"${{input:{_ASKED}}}",
        asks={
            "inputs": [
                {
                    "type": "promptString",
                    "id": _ASKED,
                    "description": "GitHub token for security campaigns",
                    "password": True,
                }
            ]
        },
    ),
    Client(
        name="cursor",
        title="Cursor",
        document="https://cursor.com/docs/mcp",
        table=("mcpServers",),
        shape=with_type,
        then="Cursor shows the server in its settings under MCP.",
        format="jsonc",
        user={"*": "HOME/.cursor/mcp.json"},
        project=".cursor/mcp.json",
        programs=("cursor", "cursor-agent"),
        variable=f"${{env:{VARIABLE}}}",
    ),
    Client(
        name="claude-desktop",
        title="Claude Desktop",
        # It hands on only a few variables and fills none in: https://modelcontextprotocol.io/docs/tools/debugging
        document="https://modelcontextprotocol.io/docs/develop/connect-local-servers",
        table=("mcpServers",),
        shape=as_stdio,
        then="Quit Claude Desktop wholly and start it again.",
        user={
            "darwin": "HOME/Library/Application Support/Claude/claude_desktop_config.json",
            "win32": "APPDATA/Claude/claude_desktop_config.json",
            "*": "XDG_CONFIG_HOME/Claude/claude_desktop_config.json",
        },
        source=None,
    ),
    Client(
        name="claude-code",
        title="Claude Code",
        document="https://code.claude.com/docs/en/mcp",
        table=("mcpServers",),
        shape=with_type,
        then="`claude mcp list` shows it.",
        user={"*": "CLAUDE_CONFIG_DIR/.claude.json"},
        project=".mcp.json",
        programs=("claude",),
        folders=("HOME/.claude",),
        # With its default, a variable that is not set is empty, and the server goes on to look elsewhere.
        variable=f"${{{VARIABLE}:-}}",
    ),
    Client(
        name="codex",
        title="Codex",
        document="https://developers.openai.com/codex/mcp",
        table=("mcp_servers",),
        shape=as_codex,
        then="`codex mcp list` shows it.",
        format="toml",
        user={"*": "CODEX_HOME/config.toml"},
        project=".codex/config.toml",
        programs=("codex",),
        variable=VARIABLE,  # named in env_vars
    ),
    Client(
        name="gemini",
        title="Gemini CLI",
        document="https://geminicli.com/docs/tools/mcp-server/",
        table=("mcpServers",),
        shape=as_gemini,
        then="`gemini mcp list` shows it, in a folder that Gemini CLI trusts.",
        format="jsonc",
        user={"*": "GEMINI_CLI_HOME/.gemini/settings.json"},
        project=".gemini/settings.json",
        programs=("gemini",),
        # It hands on no variable with TOKEN in its name unless the entry refers to it.
        variable=f"${{{VARIABLE}:-}}",
    ),
    Client(
        name="opencode",
        title="opencode",
        document="https://opencode.ai/docs/mcp-servers/",
        table=("mcp",),
        shape=as_opencode,
        then="",
        programs=("opencode",),
        folders=("XDG_CONFIG_HOME/opencode",),
        variable=f"{{env:{VARIABLE}}}",
        paste="~/.config/opencode/opencode.json, or opencode.json in a project",
    ),
    Client(
        name="windsurf",
        title="Windsurf",
        document="https://docs.windsurf.com/windsurf/cascade/mcp",
        table=("mcpServers",),
        shape=as_stdio,
        then="",
        programs=("windsurf",),
        folders=("HOME/.codeium/windsurf",),
        variable=f"${{env:{VARIABLE}}}",
        paste="~/.codeium/windsurf/mcp_config.json",
    ),
    Client(
        name="zed",
        title="Zed",
        document="https://zed.dev/docs/ai/mcp",
        table=("context_servers",),
        shape=as_stdio,
        then="",
        programs=("zed", "zeditor"),
        folders=("XDG_CONFIG_HOME/zed",),
        source=None,
        paste="Zed's settings file (`zed: open settings file`)",
    ),
    Client(
        name="jetbrains",
        title="JetBrains AI Assistant",
        document="https://www.jetbrains.com/help/ai-assistant/mcp.html",
        table=("mcpServers",),
        shape=as_stdio,
        then="",
        folders=("XDG_CONFIG_HOME/JetBrains", "HOME/Library/Application Support/JetBrains", "APPDATA/JetBrains"),
        source=None,
        paste="Settings, Tools, AI Assistant, Model Context Protocol (MCP), Add, As JSON",
    ),
)

# What people type for them.
ALIASES = {
    "vs-code": "vscode",
    "code": "vscode",
    "claudecode": "claude-code",
    "claudedesktop": "claude-desktop",
    "codex-cli": "codex",
    "gemini-cli": "gemini",
    "intellij": "jetbrains",
}
