"""What stands between a tool call and a write: operator policy, preview and a person's confirmation."""
