"""Writes a software bill of materials (SBOM) as CycloneDX JSON: every package that a release may install.

    python scripts/write_sbom.py dist/sbom.json

They are those of requirements/service.txt, what the wheel needs with all its extras; what only an extra needs is
optional. Each has the hashes that installing it is held to. The same locks make the same bytes.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).parent.parent
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)(?:\[[^]]*\])?==(?P<version>\S+)(?: ; (?P<marker>[^\\\n]+?))? \\$", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """A package of a lock file.

    Attributes:
        marker: the environments it is for, as in PEP 508; empty for all.
        hashes: the SHA-256 of each file that may be installed.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        """What names it everywhere, a package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> Iterator[Locked]:
    """Yield the packages of a lock file's text, in its order.

    Raises:
        ValueError: a line that is no package and no hash, or a package without a hash.
    """
    for entry in re.split(r"\n(?=\S)", text.strip()):
        found, hashes = _ENTRY.match(entry), tuple(_HASH.findall(entry))
        if found is None or not hashes:
            message = (
                f"This is no package pinned by hash: {entry.splitlines()[0]!r}. Write the lock anew with make lock."
            )
            raise ValueError(message)
        yield Locked(found["name"], found["version"], found["marker"] or "", hashes)


def bill(service: str, runtime: str, project: dict[str, Any]) -> dict[str, Any]:
    """Return the bill of these lock files' texts and of pyproject.toml's table `project`."""
    always = {package.name for package in locked(runtime)}
    packages = list(locked(service))
    asked_for = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    direct = {re.split(r"[^a-z0-9-]", line)[0] for line in asked_for}
    root = f"pkg:pypi/{project['name']}@{project['version']}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid5(NAMESPACE_URL, f"{root}\n{service}\n{runtime}\n{json.dumps(project)}").urn,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": root,
            }
        },
        "components": [_component(package, required=package.name in always) for package in packages],
        # Only what is certain: what is missing from this list has dependencies that are not told, as the format says.
        "dependencies": [{"ref": root, "dependsOn": sorted({one.purl for one in packages if one.name in direct})}],
    }


def _component(package: Locked, *, required: bool) -> dict[str, Any]:
    files = {
        "type": "distribution",
        "url": f"https://pypi.org/project/{package.name}/{package.version}/",
        "hashes": [{"alg": "SHA-256", "content": content} for content in package.hashes],
    }
    marker = [{"name": "environment marker", "value": package.marker}] if package.marker else []
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "scope": "required" if required else "optional",
        "purl": package.purl,
        "externalReferences": [files],
        **({"properties": marker} if marker else {}),
    }


def main() -> int:
    """Write the file named on the command line."""
    if len(sys.argv) != 2:
        sys.stderr.write("Say where to write it: python scripts/write_sbom.py dist/sbom.json\n")
        return 2
    target = Path(sys.argv[1])
    service, runtime = ((ROOT / "requirements" / f"{name}.txt").read_text() for name in ("service", "runtime"))
    written = bill(service, runtime, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(written, indent=2) + "\n")
    sys.stdout.write(f"{target}: {len(written['components'])} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
