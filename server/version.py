"""Which version this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

NAME = "security-campaigns-mcp"


@cache
def server_version() -> str:
    """Return the installed version, or `0` when running from a checkout that was never installed."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "0"
