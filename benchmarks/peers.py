"""The figures of github-mcp-server's tools, in peers.json: only their names and sizes, where from, and of what commit.

    python -m benchmarks.peers CHECKOUT VERSION COMMIT

measures them anew in a checkout of https://github.com/github/github-mcp-server, which keeps a snapshot of every tool as
its tests see it go over the wire.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.token_counts import Counting, Size, compact, definition, sizes

_FIGURES = Path(__file__).with_name("peers.json")
_SNAPSHOTS = "pkg/github/__toolsnaps__"
ALIKE = {
    ("list_campaigns",): ("list_org_repository_security_advisories",),
    ("get_campaign",): ("get_code_scanning_alert",),
    ("create_campaign", "update_campaign"): ("issue_write",),
    ("delete_campaign",): ("delete_repository",),
    ("find_alerts",): ("list_code_scanning_alerts", "list_secret_scanning_alerts"),
}
"""This project's tools, and those of github-mcp-server that do most nearly the same; tokens.md says why."""


class Peers(NamedTuple):
    """A server's figures: its version and commit, and of each tool what a model is given."""

    version: str
    commit: str
    tools: dict[str, Size]


def read_peers() -> Peers:
    """Return the figures as they are kept."""
    kept = json.loads(_FIGURES.read_text())
    return Peers(kept["version"], kept["commit"], {name: Size(*size) for name, size in kept["tools"].items()})


def measured(checkout: Path, counting: Counting = sizes) -> dict[str, Size]:
    """Return the sizes of those tools that are compared, out of a checkout.

    Raises:
        OSError: a snapshot is not there.
        RuntimeError: the tokenizer is missing.
    """
    names = sorted({name for alike in ALIKE.values() for name in alike})
    snapshots = {name: json.loads((checkout / _SNAPSHOTS / f"{name}.snap").read_text()) for name in names}
    return counting({name: definition(snapshot) for name, snapshot in snapshots.items()})


def main() -> None:
    """Write the figures of the checkout that the command line names."""
    checkout, version, commit = sys.argv[1:]
    lines = ",\n".join(f'    "{name}": {compact(size)}' for name, size in measured(Path(checkout)).items())
    source = f"https://github.com/github/github-mcp-server/tree/{commit}/{_SNAPSHOTS}"
    about = "characters and o200k_base tokens of name, description and inputSchema as compact JSON"
    head = {"source": source, "version": version, "commit": commit, "figures": about}
    _FIGURES.write_text(f'{json.dumps(head, indent=2)[:-2]},\n  "tools": {{\n{lines}\n  }}\n}}\n')


if __name__ == "__main__":
    main()
