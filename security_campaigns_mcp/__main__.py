"""`python -m security_campaigns_mcp`."""

from security_campaigns_mcp import main

main()
