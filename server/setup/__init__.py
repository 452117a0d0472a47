"""`setup`: what makes a client start this server, written into its configuration or printed."""
