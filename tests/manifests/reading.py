"""The manifests, and what they are held to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from server.options import OPTIONS

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TOKEN = "GITHUB_TOKEN"
HELP = {option.env: f"{option.help[0].upper()}{option.help[1:]}." for option in OPTIONS}


def manifest(name: str) -> dict[str, Any]:
    """Return a manifest by its path from the top."""
    read: dict[str, Any] = json.loads((ROOT / name).read_text(encoding="utf-8"))
    return read


SERVER, BUNDLE, EXTENSION = manifest("server.json"), manifest("mcpb/manifest.json"), manifest("gemini-extension.json")
