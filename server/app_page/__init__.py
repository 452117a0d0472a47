"""The page that draws a progress report: an MCP App, and the same page as a file of its own."""
