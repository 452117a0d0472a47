"""The MCP server and everything below its tools. Imports nothing, so that every room stays cheap to reach."""
