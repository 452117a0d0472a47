"""What a command says: its answer on stdout, sentences on stderr. Either may be closed, full or read by no one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from server.errors import CampaignsError


class NotPrinted(CampaignsError):
    """The answer could not be written to stdout, or not all of it."""


def print_whole(text: str) -> None:
    """Write to stdout as UTF-8 with its line breaks as they are, whatever the terminal or the system prefers.

    Raises:
        NotPrinted: saying why. On return all of it was taken.
    """
    stream = sys.stdout
    if stream is None:
        raise NotPrinted("stdout is closed, so nothing can be written there.")
    try:
        stream.buffer.write(text.encode())
        stream.flush()
    except OSError as error:
        _let_go_of(stream)
        raise NotPrinted(f"stdout cannot be written: {error.strerror}.") from None


def say(sentence: str) -> None:
    """Tell the person at the terminal something on stderr. What cannot be told there stops nothing."""
    if sys.stderr is None:  # `print` would take stdout in its place
        return
    try:
        print(f"security-campaigns-mcp: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - this is the place
    except OSError:
        _let_go_of(sys.stderr)


def _let_go_of(stream: TextIO) -> None:
    """Have what is still to be written go nowhere, or the interpreter would try again at its end and complain."""
    with suppress(OSError):  # a stream in a test has no file behind it
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
