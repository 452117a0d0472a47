"""The REST wrapper: everything that knows how GitHub is spoken to."""
