"""Unpacks a bundle, starts what its manifest says as a host would, and lists the tools.

    python -m tests.manifests.start_bundle dist/security-campaigns-mcp.mcpb

It installs the locked packages with uv, which must be on the PATH.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client


def parameters(top: Path) -> StdioServerParameters:
    """Return how the unpacked bundle is started when a person has only chosen the try-out."""
    made = json.loads((top / "manifest.json").read_text(encoding="utf-8"))
    filled = {key: str(each["default"]).lower() for key, each in made["user_config"].items()} | {"sandbox": "true"}
    launch = made["server"]["mcp_config"]
    env = dict(launch["env"])
    for key, text in filled.items():
        env = {name: told.replace(f"${{user_config.{key}}}", text) for name, told in env.items()}
    return StdioServerParameters(
        command=launch["command"],
        args=[word.replace("${__dirname}", str(top)) for word in launch["args"]],
        env={**os.environ, **env},  # with what uv is told there, such as certificates
        cwd=top.parent,
    )


async def listed(top: Path) -> list[str]:
    """Start the unpacked bundle and return the names of its tools."""
    with anyio.fail_after(300):
        async with Client(stdio_client(parameters(top))) as client:
            return [tool.name for tool in (await client.list_tools()).tools]


def main(bundle: str) -> int:
    """Tell whether the tools are those that the manifest lists; the exit status is 1 when they are not."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(bundle) as packed:
        top = Path(folder) / "bundle"
        packed.extractall(top)
        found = anyio.run(listed, top)
        wanted = [each["name"] for each in json.loads((top / "manifest.json").read_text(encoding="utf-8"))["tools"]]
    sys.stdout.write(f"The bundle starts with {len(found)} tools.\n")
    return int(found != wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
