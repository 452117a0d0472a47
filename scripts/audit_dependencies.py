"""Looks up the locked packages in the advisories of PyPI, with pip-audit.

    python scripts/audit_dependencies.py

The exit status is 1 when there is an advisory about a package, or when some packages could not be looked up. It is 0
when there is none, and also when the advisories cannot be had from here at all: then nothing was audited, and that is
said. pip-audit alone would say "No known vulnerabilities found" in that case.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCKS = ("runtime", "service", "build", "dev")
"""What is installed to run, to build or to test. That of the benchmark holds the peers' packages, not ours."""
UNREACHED = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "SSLError", "Could not connect", "ProxyError")
NOT_AUDITED = "The advisory data cannot be reached from here, so nothing was audited: {why}."


def verdict(status: int, out: str, err: str) -> tuple[int, str]:
    """Return the exit status and what to print for what pip-audit left: its status, its JSON and its stderr."""
    try:
        packages: list[dict[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (err.strip().splitlines() or ["it said nothing"])[-1]
        if status and any(word in last for word in UNREACHED):
            return 0, NOT_AUDITED.format(why=last[:200])
        return 1, f"pip-audit failed with status {status}, so nothing was audited: {last}"
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if packages and len(skipped) == len(packages):
        return 0, NOT_AUDITED.format(why=f"it knows none of the {len(packages)} packages")
    lines = [_advisory(package, each) for package in packages for each in package.get("vulns", ())]
    if skipped:
        lines.append(f"Not audited, because the advisory data does not know them: {', '.join(skipped)}.")
    if lines:
        return 1, "\n".join(lines)
    if status or not packages:
        return 1, f"pip-audit ended with status {status} and looked up {len(packages)} packages; see its output."
    return 0, f"No advisory is known about the {len(packages)} locked packages."


def _advisory(package: dict[str, Any], each: dict[str, Any]) -> str:
    mended = " or ".join(each["fix_versions"])
    then = f"take {mended} (make lock)" if mended else "no version without it is known"
    return f"{package['name']} {package['version']}: {each['id']}; {then}."


def main() -> int:
    """Run pip-audit on the lock files and tell what came of it."""
    folder = Path(__file__).parent.parent / "requirements"
    files = [word for lock in LOCKS for word in ("-r", str(folder / f"{lock}.txt"))]
    asked = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    run = subprocess.run(  # noqa: S603 - nothing of it comes from elsewhere
        [sys.executable, "-m", "pip_audit", *asked, *files], capture_output=True, text=True, check=False
    )
    status, text = verdict(run.returncode, run.stdout, run.stderr)
    sys.stdout.write(f"{text}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
