"""The command line with faults of this program built in: a tool crashes for one campaign, and `report` altogether."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import server.commands
import server.context
from security_campaigns_mcp import main

CRASHES = 5
"""The number of the campaign that is too much for it."""

_describe = server.context.AppContext.describe


def _crash(app: server.context.AppContext, org: str, campaign: Any) -> Any:
    if campaign.number == CRASHES:
        token = app.github.client.credentials  # in a frame of the traceback, as in a real crash
        raise RuntimeError(f"crashed on purpose, with {token!r} and {app.settings!r} at hand")
    return _describe(app, org, campaign)


async def _crash_whole(*_: Any, **__: Any) -> Any:
    raise RuntimeError("crashed on purpose")


if __name__ == "__main__":
    patch.object(server.context.AppContext, "describe", _crash).start()
    patch.object(server.commands, "report", _crash_whole).start()
    main()
