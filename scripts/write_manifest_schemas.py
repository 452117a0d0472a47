"""Writes tests/fixtures/manifest_schemas.json: what the published schemas of `server.json` and of an MCPB manifest ask.

Input is an unpacked wheel of skillsaw, which holds the MCP registry's schemas as they were released, and the folder of
the npm package @anthropic-ai/mcpb. Only what a validator needs is kept, and the licence; no prose and no examples.

    python scripts/write_manifest_schemas.py skillsaw-wheel node_modules/@anthropic-ai/mcpb [--check]

With `--check` nothing is written; the exit status is 1 when the committed fixture differs from what would be.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parent.parent / "tests" / "fixtures" / "manifest_schemas.json"
REGISTRY = "skillsaw/schemas/mcp_registry/v2025_12_11"
MCPB = "schemas/mcpb-manifest-v0.4.schema.json"
PROSE = {"$comment", "description", "example", "examples", "title"}


def facts(schema: Any, *, names: bool = False) -> Any:
    """Return a schema without its prose. With `names`, its keys are names of properties, of which all are kept."""
    if isinstance(schema, list):
        return [facts(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: facts(value, names=not names and key in ("properties", "definitions"))
        for key, value in sorted(schema.items())
        if names or key not in PROSE
    }


def described(package: str, version: str, folder: Path, file: str, licence: str) -> dict[str, Any]:
    """Return a schema's facts with where they are from."""
    return {
        "source": {"package": package, "version": version, "file": file},
        "licence": (folder / licence).read_text(encoding="utf-8").strip(),
        "schema": facts(json.loads((folder / file).read_text(encoding="utf-8"))),
    }


def main() -> int:
    """Write or check the fixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("skillsaw", type=Path)
    parser.add_argument("mcpb", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    [metadata] = given.skillsaw.glob("skillsaw-*.dist-info/METADATA")
    skillsaw = metadata.parent.name.removeprefix("skillsaw-").removesuffix(".dist-info")
    mcpb = json.loads((given.mcpb / "package.json").read_text(encoding="utf-8"))["version"]
    made = {
        "server.json": described(
            "skillsaw", skillsaw, given.skillsaw, f"{REGISTRY}/server.schema.json", f"{REGISTRY}/LICENSE"
        ),
        "mcpb/manifest.json": described("@anthropic-ai/mcpb", mcpb, given.mcpb, MCPB, "LICENSE"),
    }
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    if given.check:
        return int(FIXTURE.read_text(encoding="utf-8") != text)
    FIXTURE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
