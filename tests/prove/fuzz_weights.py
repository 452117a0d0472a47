"""What one message makes the service hold while it is read, and the messages that weigh most for their length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from server.http.bounds import LARGEST_BODY
from tests.prove.fuzz_frames import MIB, Frame, call
from tests.prove.fuzz_json import Raw, nested
from tests.prove.fuzz_verdict import Memory, memory
from tests.prove.fuzz_wire import request

TAKEN = 256.0
"""MiB that a message within the limit may take while it is read: most is taken by 350,000 empty objects in 1 MiB."""
TAKEN_BY_TOO_LONG = 12.0
"""MiB that a longer one may take, whatever its length: it is thrown away as it comes."""
HEAVIEST = "as many {}, as params"
TOO_LONG = "1 bytes over the limit"
_ROOM = 1000  # bytes of a message besides what is heavy in it


def heavy(era: str) -> Iterator[Frame]:
    """Yield messages as long as may be, or a byte or much more longer, with as much in them as goes in."""
    for over in (0, 1):
        exact = call(era, "w", org="x" * (LARGEST_BODY + over - len(call(era, "w", org=""))))
        assert len(exact) == LARGEST_BODY + over
        yield Frame(f"{over} bytes over the limit", exact, "answer", "w")
    for one in ("1,", "{},", "[],", '"",', "1.5,"):
        many = Raw(f"[{(one * ((LARGEST_BODY - _ROOM) // len(one)))[:-1]}]")
        yield Frame(f"as many {one} as go in", call(era, "w", org=many), "answer", "w")
        yield Frame(f"as many {one} as params", request("tools/call", many, "w"), "answer", "w")
    for count in (LARGEST_BODY // 12, 1_000_000):
        members = Raw("{" + ",".join(f'"{number:x}":1' for number in range(count)) + "}")
        yield Frame(f"{count:,} members", call(era, "w", org=members), "answer", "w")
    yield Frame("500,000 brackets", nested(500_000).encode(), "answer")
    yield Frame("a body of 16 MiB", call(era, "w", org="x" * 16 * MIB), "answer", "w")


class Scale:
    """Weighs what a process takes for each message, above what it held before.

    Args:
        pid: the process.
        name: for the table.

    Attributes:
        peak: the most that it ever held, in MiB.
        most: the most that a message took, within the limit and beyond it, and which one that was.
    """

    def __init__(self, pid: int, name: str = "HTTP") -> None:
        self._pid, self._name = pid, name
        self._before: Memory | None = None
        self.peak = 0.0
        self.most: dict[bool, tuple[float, str]] = {}

    def set_down(self) -> None:
        """Begin with a message: the most that was held counts from now on, where the system can do that."""
        try:
            Path(f"/proc/{self._pid}/clear_refs").write_text("5", encoding="ascii")  # man 5 proc: resets VmHWM
        except OSError:
            self._before = None
        else:
            self._before = memory(self._pid)

    def lift(self, what: str, length: int) -> str | None:
        """End with it; return what is wrong when it took too much."""
        after = memory(self._pid)
        if self._before is None or after is None:
            return None
        too_long = length > LARGEST_BODY
        took, bound = after.peak - self._before.held, TAKEN_BY_TOO_LONG if too_long else TAKEN
        self.peak = max(self.peak, after.peak)
        self.most[too_long] = max(self.most.get(too_long, (0.0, "")), (took, what))
        return f"took {took:.0f} MiB, more than {bound:.0f} MiB" if took > bound else None

    def rows(self) -> list[tuple[str, object]]:
        """Return the figures for the table."""
        told = {False: f"message within the limit took, at most {TAKEN:.0f}"}
        told[True] = f"longer message took, at most {TAKEN_BY_TOO_LONG:.0f}"
        return [
            (f"{self._name}: MiB that a {told[too_long]}", f"{took:.1f}, {what}")
            for too_long, (took, what) in sorted(self.most.items())
        ]
