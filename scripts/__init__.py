"""Tools for those who work on this project; none is part of the wheel."""
