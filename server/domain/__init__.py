"""Pure campaign logic: no I/O, no MCP, no HTTP."""
