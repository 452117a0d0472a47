"""Launcher of security-campaigns-mcp, and the only importable name that the wheel installs.

The rooms `server`, `tools` and `prompts` have names that other packages use too, so the wheel keeps them below
`_rooms`, where nothing can overwrite them, and this puts that folder first on the path. In a checkout there is no such
folder and the rooms stand beside this package.
"""

import sys
from pathlib import Path


def main() -> None:
    """Run the command line and exit with its status."""
    rooms = Path(__file__).parent / "_rooms"
    if rooms.is_dir():
        sys.path.insert(0, str(rooms))
    from server.starting import nothing_collected  # noqa: PLC0415 - only importable after the path is set

    with nothing_collected():
        from server.cli import main as run  # noqa: PLC0415 - likewise

    sys.exit(run())
