"""What GitHub does not remember: which alerts a published campaign holds."""
