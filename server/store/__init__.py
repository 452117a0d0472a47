"""What GitHub does not remember: which alerts a published campaign holds, and how campaigns stood before."""
