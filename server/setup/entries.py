"""What a client's configuration says of a server, in that client's form."""

from __future__ import annotations

from typing import Any

# Codex hands on a few variables only. Without these, the server could not leave a company's network.
_NETWORK = ("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")
# Codex waits 10 s for a start and 60 s for a call, in which a person may have to read a question and type its answer.
_CODEX_START, _CODEX_CALL = 30, 300
# What Gemini CLI does anyway. But unless it is written down, `gemini mcp list` gives up after 5 s, which a start on a
# busy machine can take.
_GEMINI_CALL = 600_000


def as_stdio(command: str, args: list[str], env: dict[str, str]) -> dict[str, Any]:
    """Command, arguments, environment."""
    return {"command": command, "args": args, **({"env": env} if env else {})}


def with_type(command: str, args: list[str], env: dict[str, str]) -> dict[str, Any]:
    """As `as_stdio`, and says that it is stdio."""
    return {"type": "stdio", **as_stdio(command, args, env)}


def as_codex(command: str, args: list[str], env: dict[str, str]) -> dict[str, Any]:
    """Codex takes the names of variables that it hands on, and how many seconds it waits."""
    return {
        "command": command,
        "args": args,
        "env_vars": [*env, *_NETWORK],
        "startup_timeout_sec": _CODEX_START,
        "tool_timeout_sec": _CODEX_CALL,
    }


def as_gemini(command: str, args: list[str], env: dict[str, str]) -> dict[str, Any]:
    """As `as_stdio`, and how many milliseconds Gemini CLI waits."""
    return {**as_stdio(command, args, env), "timeout": _GEMINI_CALL}


def as_opencode(command: str, args: list[str], env: dict[str, str]) -> dict[str, Any]:
    """Command and arguments are one list for opencode."""
    entry: dict[str, Any] = {"type": "local", "command": [command, *args], "enabled": True}
    return {**entry, "environment": env} if env else entry
