"""A bar for the person at a terminal, while something takes long."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_AFTER = 1.0  # seconds: what is quicker needs no bar
_CELLS = 10
_USUAL_WIDTH = 80  # of a terminal that does not tell its own

Progress = Callable[[int, int | None], None]


@contextmanager
def told_to_wait(what: str) -> Iterator[Progress]:
    """Show on stderr how far something is, while the block runs longer than a second; clear it in the end.

    Only a person at a terminal sees it. There are no colours, and a bar that cannot be written stops nothing.

    Args:
        what: is done, such as `Reading campaigns`.

    Yields:
        What to call, from any thread, with how many are done, and of how many when that is known.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield lambda _done, _in_all: None
        return
    shown = _Bar(stream, what)
    timer = threading.Timer(_AFTER, shown.appear)
    timer.daemon = True
    timer.start()
    try:
        yield shown.move
    finally:
        timer.cancel()
        timer.join()
        shown.clear()


def line_about(what: str, done: int, in_all: int | None, width: int) -> str:
    """Return the line in ASCII, for a terminal so many columns wide; the last of them stays free, lest it break.

    What does not fit is left out as a whole, the bar first, since half a number would be another one.
    """
    if in_all is None:
        said = [f"{what} ... {done}", f"{done}"] if done else [f"{what} ..."]
    else:
        filled = min(_CELLS, _CELLS * done // in_all) if in_all else 0
        cells = "#" * filled + "." * (_CELLS - filled)
        said = [f"{what} [{cells}] {done} of {in_all}", f"{what} {done} of {in_all}", f"{done} of {in_all}"]
    return next((line for line in said if len(line) < width), "")


class _Bar:
    """The line on the terminal. Hidden until it is time; the cursor stays at its beginning, where a log line may go."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._done = 0
        self._in_all: int | None = None
        self._visible = False
        self._drawn = 0  # characters on the terminal
        self._drawing = threading.Lock()

    def appear(self) -> None:
        with self._drawing:
            self._visible = True
            self._draw()

    def move(self, done: int, in_all: int | None) -> None:
        with self._drawing:
            self._done, self._in_all = done, in_all
            if self._visible:
                self._draw()

    def clear(self) -> None:
        with self._drawing:
            if self._visible:
                self._write("")

    def _draw(self) -> None:
        self._write(line_about(self._what, self._done, self._in_all, self._width()))

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line.ljust(min(self._drawn, self._width() - 1)) + "\r")
            self._stream.flush()
        except (OSError, ValueError):  # the terminal has gone
            self._visible = False
        self._drawn = len(line)

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_WIDTH
        except (OSError, ValueError):
            return _USUAL_WIDTH
