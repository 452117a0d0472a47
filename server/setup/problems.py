"""Why a client could not be set up."""

from __future__ import annotations

from server.errors import CampaignsError


class NotSetUp(CampaignsError):
    """The client's configuration is as it was; the text says why, and what to do."""


class Broken(ValueError):
    """A text is not what its format allows.

    Attributes:
        line, column: where, both counted from 1.
    """

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(f"{problem}, in line {line}, column {column}")
        self.line = line
        self.column = column


class NotMergeable(ValueError):
    """A text is well-formed, but cannot be changed without losing something of it; the message says what."""
