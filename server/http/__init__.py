"""The service for a team: MCP over Streamable HTTP. Only `serve` imports this."""
