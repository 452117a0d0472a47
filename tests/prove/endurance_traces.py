"""What processes left behind: the store, the audit log, the files of reports. Nothing of it may be half-written."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Traces:
    """What was found.

    Attributes:
        outcomes: how many records of the audit have which.
        logged: how many lines of the audit log tell which.
        faults: what is not whole.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    logged: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def traces(store: Path, log: Path | None = None) -> Traces:
    """Look at a store, which need not be there, and an audit log.

    A store is whole when SQLite says so and a record has an end exactly when it has an outcome; a log when each line is
    a record of its own, down to the last line break.
    """
    found = Traces()
    if store.exists():
        _look_into(store, found)
    if log is not None and log.exists():
        _read(log, found)
    return found


def _look_into(store: Path, found: Traces) -> None:
    with closing(sqlite3.connect(store)) as opened:
        told = [row[0] for row in opened.execute("PRAGMA integrity_check")]
        told += [str(row) for row in opened.execute("PRAGMA foreign_key_check")]
        if told != ["ok"]:
            found.faults.append(f"the store is broken: {told[:3]}")
        if not opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchall():
            return  # nothing was ever kept in it
        rows = opened.execute("SELECT outcome, ended_at IS NOT NULL, count(*) FROM audit GROUP BY 1, 2").fetchall()
    for outcome, ended, count in rows:
        found.outcomes[outcome] += count
        if (outcome == "intended") == bool(ended):
            found.faults.append(f"{count} records are {outcome} and {'have' if ended else 'lack'} an end")


def _read(log: Path, found: Traces) -> None:
    text = log.read_text(encoding="ascii")
    if text and not text.endswith("\n"):
        found.faults.append(f"the last line of the audit log is cut: {text[-80:]!r}")
    for line in text.splitlines():
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError:
            found.faults.append(f"a line of the audit log is not whole: {line[:80]!r}")
        else:
            found.logged[record["outcome"]] += 1
