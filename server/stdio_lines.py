"""Stdin and stdout as the one client's lines: who waits there can be told to end, and nobody else reads or writes them.

A line ends at a line feed, which a carriage return may precede, and nowhere else. One that is longer than a message may
be is read over and not kept.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING

from mcp_types import JSONRPCMessage

from server.messages import LARGEST_MESSAGE, NoMessage, message_in, refusal_of_length

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LONGEST_LINE = LARGEST_MESSAGE + len(b"\r\n")
_PAUSE = 1000
"""Milliseconds in which a client must take something after the end, before it loses patience itself and kills."""


class Stdin:
    """What comes in, until it ends or `end` is called.

    Args:
        descriptor: where it is read.
    """

    def __init__(self, descriptor: int) -> None:
        ended, self._end = os.pipe()
        self._lines = io.BufferedReader(_Endable(descriptor, ended))

    def end(self) -> None:
        """Let whoever reads find the end."""
        os.write(self._end, b".")

    def next_message(self) -> JSONRPCMessage | None:
        """Wait for a line that is not blank and return its message; None at the end.

        Raises:
            NoMessage: it is none, or is too long.
            OSError: nothing can be read.
        """
        while line := self._lines.readline(_LONGEST_LINE):
            if self._read_over(line) or len(line.rstrip(b"\r\n")) > LARGEST_MESSAGE:
                raise NoMessage(refusal_of_length())
            if line.strip():
                return message_in(line.decode(errors="replace"))
        return None

    def _read_over(self, line: bytes) -> bool:
        """Read what is left of a line that was cut off; tell whether it was."""
        rest = line
        while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = self._lines.readline(_LONGEST_LINE)
        return rest is not line


class _Endable(io.RawIOBase):
    def __init__(self, descriptor: int, ended: int) -> None:
        self._descriptor, self._ended = descriptor, ended

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer) -> int:
        ready = select.poll()
        ready.register(self._descriptor, select.POLLIN)
        ready.register(self._ended, select.POLLIN)
        if self._ended in dict(ready.poll()):
            return 0
        return os.readv(self._descriptor, [into])


class Stdout:
    """What goes out.

    Args:
        descriptor: where it is written.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ended, self._end = os.pipe()

    def end(self) -> None:
        """Let whoever writes wait no longer for a client that takes nothing."""
        os.write(self._end, b".")

    def write(self, text: bytes) -> None:
        """Write all of it, and wait as long as that takes.

        Raises:
            OSError: it cannot be written; BrokenPipeError when nobody reads, or, after the end, takes anything.
        """
        rest = memoryview(text)
        while rest:
            self._wait()
            rest = rest[os.write(self._descriptor, rest[: select.PIPE_BUF]) :]  # what goes without another wait

    def _wait(self) -> None:
        ready = select.poll()
        ready.register(self._descriptor, select.POLLOUT)
        ready.register(self._ended, select.POLLIN)
        if self._ended not in dict(ready.poll()):
            return
        ready.unregister(self._ended)
        if not ready.poll(_PAUSE):
            raise BrokenPipeError(errno.EPIPE, "Nobody takes what is written")


def taken() -> tuple[Stdin, Stdout] | None:
    """Take stdin and stdout from everybody else in this process; None where it cannot be done.

    Others then read nothing, and what they print goes to stderr.
    """
    if sys.platform == "win32":
        return None  # which cannot wait for two things
    try:
        if (sys.stdin.fileno(), sys.stdout.fileno()) != (0, 1):
            return None
        own = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 3) for each in (0, 1)]
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing if sys.stderr is None else sys.stderr.fileno(), 1)
        os.close(nothing)
    except (OSError, ValueError):  # a program has put something else in their place
        return None
    return Stdin(own[0]), Stdout(own[1])
