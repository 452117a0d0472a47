"""What the doctor found, and how it is shown to a person or a script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

Status = Literal["ok", "failed", "unknown", "skipped"]

_MARKS: dict[Status, str] = {"ok": "ok", "failed": "FAILED", "unknown": "unknown", "skipped": "skipped"}
_COLORS: dict[Status, str] = {"ok": "32", "failed": "1;31", "unknown": "33", "skipped": "2"}
_MARK_WIDTH = max(map(len, _MARKS.values()))


@dataclass(frozen=True)
class Finding:
    """What one check showed.

    Attributes:
        check: the check's key, the same in every version.
        status: "unknown" when it cannot be told, "skipped" when it was not looked at.
        says: what was found, in words for a person.
        mend: what to do about it; empty when there is nothing to do here.
    """

    check: str
    status: Status
    says: str
    mend: str = ""


class Verdict(NamedTuple):
    """A finding before it has the name of its check."""

    status: Status
    says: str
    mend: str = ""


def ok(says: str) -> Verdict:
    """It works."""
    return Verdict("ok", says)


def failed(says: str, mend: str) -> Verdict:
    """It does not work."""
    return Verdict("failed", says, mend)


def unknown(says: str, mend: str = "") -> Verdict:
    """It cannot be told."""
    return Verdict("unknown", says, mend)


def skipped(says: str, mend: str = "") -> Verdict:
    """It was not looked at."""
    return Verdict("skipped", says, mend)


def spoken_name(check: str) -> str:
    """Return a check's key in words."""
    return check.replace("_", " ")


def render(findings: Sequence[Finding], *, color: bool) -> str:
    """Return the findings for a terminal: a line each, what to do below it (once), and a line that counts them."""
    width = max((len(finding.check) for finding in findings), default=0)
    lines: list[str] = []
    advised: set[str] = set()
    for finding in findings:
        mark = f"{_MARKS[finding.status]:<{_MARK_WIDTH}}"
        shown = f"\x1b[{_COLORS[finding.status]}m{mark}\x1b[0m" if color else mark
        lines.append(f"{shown}  {spoken_name(finding.check):<{width}}  {finding.says}")
        if finding.mend and finding.mend not in advised:
            advised.add(finding.mend)
            lines.append(f"{'':<{_MARK_WIDTH}}  {'':<{width}}  -> {finding.mend}")
    return "\n".join([*lines, "", _summary(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON: `exit_status`, and `findings` with check, status, says and mend each."""
    found = {"exit_status": exit_status(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(found, indent=2)


def exit_status(findings: Sequence[Finding]) -> int:
    """Return 0 when no check failed, else 1. What is unknown or skipped fails nothing."""
    return int(any(finding.status == "failed" for finding in findings))


def _summary(findings: Sequence[Finding]) -> str:
    counts = {status: sum(finding.status == status for finding in findings) for status in _MARKS}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count) + "."
