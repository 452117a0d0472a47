"""A line for the person at a terminal, while something takes long."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_AFTER = 1.0  # seconds: what is quicker needs no line


@contextmanager
def told_to_wait(line: str) -> Iterator[None]:
    """Show a line on stderr while the block runs longer than a second, if a person sees it; clear it in the end."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield
        return
    shown = threading.Event()

    def show() -> None:
        shown.set()
        stream.write(line)
        stream.flush()

    timer = threading.Timer(_AFTER, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown.is_set():
            stream.write("\r" + " " * len(line) + "\r")
            stream.flush()
