"""The MCP Apps extension, through which hosts get the page."""

from __future__ import annotations

from mcp.server.apps import APP_MIME_TYPE, Apps
from mcp.server.mcpserver.resources import FunctionResource

from server.app_page.page import PAGE_URI, progress_page


def progress_app() -> Apps:
    """Return the extension. The page is put together when a host reads it, so that starting does not wait for it."""
    apps = Apps()
    apps.add_resource(
        FunctionResource(
            uri=PAGE_URI,
            name="progress",
            title="Campaign progress",
            description="Draws a progress report",
            mime_type=APP_MIME_TYPE,
            meta={"ui": {"prefersBorder": True}},
            fn=progress_page,
        )
    )
    return apps
