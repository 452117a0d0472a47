"""What a fault is, the ways in which it befalls a call, and what can come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from tests.prove.faults_wire import Act

Way = Literal["once", "lasting", "first", "midway"]
WAYS: Mapping[Way, str] = {
    "once": "It happens once: to the first request of a read, or to the request that writes",
    "lasting": "It begins there and does not end",
    "first": "It befalls every request of a call that would write, so none that writes is reached",
    "midway": "Two answers of a read that takes many have come; then it does not end",
}
Outcome = Literal["result", "found", "error", "unknown", "partial"]
OUTCOMES: Mapping[Outcome, str] = {
    "result": "the right result, as if nothing had happened",
    "found": "the right result: the campaign was published, the answer lost, and the campaign found by looking",
    "error": "the error that the last table names. A write was certainly not made, and the error ends by saying so",
    "unknown": "the same error, and that it is not known whether the write was made: the answer was lost, and looking "
    "did not tell, or could not",
    "partial": "what could be read, and what is missing and why",
}
READS = ("list_campaigns", "get_campaign", "find_alerts", "report_progress")
WRITES = ("create_campaign", "update_campaign", "delete_campaign")
TOOLS = (*READS, *WRITES)
LARGE = ("find_alerts", "report_progress")
"""The tools that read in many requests."""


@dataclass(frozen=True)
class Outcomes:
    """What comes of a fault, by kind of tool; `but` names tools for which it is another."""

    read: Outcome
    create: Outcome
    change: Outcome
    but: Mapping[str, Outcome] = field(default_factory=dict)

    def of(self, tool: str) -> Outcome:
        kind = self.read if tool in READS else self.create if tool == "create_campaign" else self.change
        return self.but.get(tool, kind)


ERROR = Outcomes("error", "error", "error")
PARTIAL = Outcomes("partial", "partial", "partial")
LIMITED = "rate limit is reached. Requests are accepted again at"


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: for the table.
        does: what happens, for the document.
        says: a part of the error's sentence.
        act: what befalls a request; None where it is a matter of `refuses` or `ahead`.
        applied: whether GitHub carries the request out nevertheless; None where that is no question.
        once, lasting, first, midway: what comes of it; None where there is no such way.
        refuses: nothing listens.
        ahead: how far this machine's clock is ahead.
        app: the server acts as a GitHub App.
        slow: requests run into the time limit.
        etags: whether GitHub's answers have one.
        more: how many requests it takes beyond what a fault usually takes.
    """

    name: str
    does: str
    says: str
    act: Act | None
    applied: bool | None
    once: Outcomes | None
    lasting: Outcomes | None
    first: Outcomes | None = ERROR
    midway: Outcomes | None = PARTIAL
    refuses: bool = False
    ahead: timedelta = timedelta()
    app: bool = False
    slow: bool = False
    etags: bool = True
    more: int = 0

    def __str__(self) -> str:
        return self.name

    @property
    def limits(self) -> bool:
        """Whether it is a rate limit, which lasts for a while after it was told."""
        return self.says == LIMITED

    def expected(self, way: Way, tool: str) -> Outcome | None:
        """Return what must come of it; None where that is not tried."""
        tried = {"once": TOOLS, "lasting": TOOLS, "first": WRITES, "midway": LARGE}[way]
        outcomes: Outcomes | None = getattr(self, way)
        return outcomes.of(tool) if outcomes is not None and tool in tried else None
