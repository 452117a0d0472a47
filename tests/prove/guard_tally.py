"""What came of every attempt, and which of it must not be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.harness import Sent
from tests.prove.guard_wires import Reply

_USED = "That answer was used already"
REFUSED, ASKED, ERROR, DONE = "refused", "asked anew", "protocol error", "done"
NOTHING = "dropped without an answer"
_OFTEN = 20  # answers, after which one must have got through
_FAILED = ("this server failed", "Internal server error", "Traceback")


def outcome(reply: Reply) -> str:
    """Name what a call was answered with."""
    message = reply.message or {}
    if "error" in message:
        error = message["error"]
        if not isinstance(error, dict):
            return f"turned away (HTTP {reply.status})"
        reason = error.get("data", {}).get("reason") if isinstance(error.get("data"), dict) else None
        return "state refused" if reason == "invalid_request_state" else ERROR
    result = message.get("result")
    if not isinstance(result, dict):
        return NOTHING if reply.status in (None, 202) else f"turned away (HTTP {reply.status})"
    if result.get("resultType") == "input_required":
        return ASKED
    return _sentence(text_in(reply)) if result.get("isError") else DONE


def _sentence(text: str) -> str:
    if text.startswith(_USED):
        return "used already"
    return "not confirmed" if text.startswith("Not confirmed") else REFUSED


def text_in(reply: Reply) -> str:
    """Return the text of a result; empty when there is none."""
    result = (reply.message or {}).get("result", {})
    blocks = result.get("content", []) if isinstance(result, dict) else []
    return "\n".join(block.get("text", "") for block in blocks)


@dataclass
class Tally:
    """Counts, and the faults found.

    Attributes:
        attempts: by kind and outcome.
        accepted: by kind: how many calls with an accepted answer were made, and how many writes they made.
        questions: how many were asked honestly.
    """

    attempts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    accepted: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    questions: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return sum(sum(outcomes.values()) for outcomes in self.attempts.values())

    def attempt(
        self, kind: str, reply: Reply, writes: Sequence[Sent], where: str, *, may_be_done: bool = False
    ) -> None:
        """Note an attempt: it must not have written, nor say that it did.

        Args:
            kind: what was tried.
            reply: what it was answered with.
            writes: the guarded writes that GitHub saw meanwhile.
            where: at which server, with which call; for a fault.
            may_be_done: whether a result that is no error is right: of a preview, or of a tool that only reads.
        """
        came = outcome(reply)
        self.attempts[kind][came] += 1
        if writes:
            self.fault(kind, f"wrote: {', '.join(f'{sent.method} {sent.path}' for sent in writes)}", where)
        elif came == DONE and not may_be_done:
            self.fault(kind, f"was told that it is done: {text_in(reply)[:200]!r}", where)
        if any(words in str(reply.message) for words in _FAILED):
            self.fault(kind, f"was answered with {str(reply.message)[:300]}", where)

    def fault(self, kind: str, what: str, where: str) -> None:
        """Note what must not be."""
        self.faults.append(f"{kind}, {where}: {what}")

    def require_controls(self) -> None:
        """Note what was accepted often and never got through: refusals alone could come from a dead server."""
        for kind, counts in self.accepted.items():
            if counts["answers"] >= _OFTEN and not counts["done"]:
                self.fault(kind, f"{counts['answers']} right answers, and none got through", "everywhere")

    def rows(self) -> list[tuple[str, object]]:
        """Return the table: what was tried, and how it was answered."""
        tried = [(kind, _counted(outcomes)) for kind, outcomes in sorted(self.attempts.items())]
        let_through = [(f"control: {kind}", _listed(counts)) for kind, counts in sorted(self.accepted.items())]
        return [*tried, *let_through, ("questions asked", f"{self.questions:,}")]


def _counted(counts: Counter[str]) -> str:
    return f"{sum(counts.values()):,}: {_listed(counts)}"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
