"""What a process holds while it works: memory, descriptors and threads, as the system tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

_ALL_USED = 500
"""Calls after which a process has used everything once. Before, its memory still grows by what it loads."""
_WARMING = 0.25
_COMING_AND_GOING = 4
"""Waiting threads that happen to be there or not. What is left of each call is more."""
_SEEN = 8 / 9
"""From the middle of the second tenth to that of the last there are eight of the nine tenths that may not grow."""
POOLED = 64
"""Connections to GitHub that a process keeps open at most, in all its pools together."""
_FIELDS = re.compile(r"^(VmRSS|Threads):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """What a process holds at a moment.

    Attributes:
        resident: memory in MiB.
        descriptors: but for those of the next line, and for the store's files, which are open only while it is used.
        connections: to GitHub.
        threads: all of them.
    """

    resident: float
    descriptors: int
    threads: int
    connections: int = 0


def sample(pid: int, github: int = 0) -> Sample:
    """Look at a process.

    Args:
        pid: its id.
        github: the port of GitHub on this machine.
    """
    told = dict(_FIELDS.findall(Path(f"/proc/{pid}/status").read_text(encoding="ascii")))
    opened = Counter(_opened(pid))
    there = _connections(pid, github)
    connections = sum(count for name, count in opened.items() if name in there)
    of_store = sum(count for name, count in opened.items() if ".sqlite3" in name)
    others = opened.total() - connections - of_store
    return Sample(int(told["VmRSS"]) / 1024, others, int(told["Threads"]), connections)


def _opened(pid: int) -> Iterator[str]:
    """Yield what each descriptor is open for; one may be closed meanwhile."""
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(each.readlink())


def _connections(pid: int, port: int) -> set[str]:
    """Return the sockets connected to a port (man 5 proc: the third field is the other end, the tenth the inode)."""
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {f"socket:[{fields[9]}]" for fields in lines if fields[2].endswith(f":{port:04X}")}


@dataclass
class Watch:
    """The samples of a process, taken at even distances of its work.

    Attributes:
        name: of the process.
        pid: its id.
        calls: how many calls it is going to get.
        github: the port of GitHub on this machine.
    """

    name: str
    pid: int
    calls: int
    github: int = 0
    done: int = 0
    samples: list[Sample] = field(default_factory=list)

    def count(self) -> None:
        """Note that one more call was answered."""
        self.done += 1
        if self.done % max(1, self.calls // 200) == 0:
            self.samples.append(sample(self.pid, self.github))

    @property
    def windows(self) -> list[Sample]:
        """The medians of each tenth of the work."""
        edges = [round(len(self.samples) * tenth / 10) for tenth in range(11)]
        parts = [self.samples[begin:end] for begin, end in pairwise(edges)]
        return [_median(part) for part in parts if part]

    @property
    def growth(self) -> float:
        """By how much of itself the memory grew after the first tenth."""
        windows = self.windows
        return (windows[-1].resident / windows[1].resident - 1) / _SEEN

    @property
    def bound(self) -> float:
        """By how much of itself the memory may grow after the first tenth."""
        return 0.05 if self.calls >= _ALL_USED else _WARMING

    @property
    def row(self) -> tuple[str, str]:
        """A line of the table."""
        windows = self.windows
        first, last = windows[1], windows[-1]
        memory = " ".join(f"{window.resident:.0f}" for window in windows)
        return (
            self.name,
            f"{self.done:,} calls; MiB by tenths {memory} ({self.growth:+.1%}{self._caution}); descriptors "
            f"{first.descriptors} to {last.descriptors}; threads {first.threads} to {last.threads}; connections to "
            f"GitHub at most {self.connected}",
        )

    @property
    def _caution(self) -> str:
        return "" if self.calls >= _ALL_USED else f", of which so few calls tell little: the bound is {self.bound:.0%}"

    @property
    def connected(self) -> int:
        """The most connections to GitHub that were seen at once."""
        return max(each.connections for each in self.samples)

    def faults(self) -> list[str]:
        """Return what grew."""
        first, last = self.windows[1], self.windows[-1]
        faults = []
        if self.growth >= self.bound:
            faults.append(f"{self.name}: memory grew by {self.growth:.1%}, from {first.resident:.1f} MiB")
        if self.connected > POOLED:
            faults.append(f"{self.name}: {self.connected} connections to GitHub, more than the pools keep")
        for what, before, after, more in (
            ("descriptors", first.descriptors, last.descriptors, 1),
            ("threads", first.threads, last.threads, _COMING_AND_GOING),
        ):
            if after > before + more:
                faults.append(f"{self.name}: {what} grew from {before} to {after}")
        return faults


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        median(each.resident for each in samples),
        round(median(each.descriptors for each in samples)),
        round(median(each.threads for each in samples)),
        round(median(each.connections for each in samples)),
    )
