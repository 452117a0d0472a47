"""The same with FastMCP, as its documentation begins. It is run by the environment that has FastMCP."""

from __future__ import annotations

from fastmcp import FastMCP  # type: ignore[import-not-found]  # it is in an environment of its own

mcp = FastMCP("hello")


@mcp.tool  # type: ignore[untyped-decorator]  # as above
def hello(name: str) -> str:
    """Say hello."""
    return f"Hello, {name}!"


if __name__ == "__main__":
    mcp.run()
