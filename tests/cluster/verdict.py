"""What GitHub saw held against what the audit says and what clients were told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.github import WriteSeen
from tests.cluster.load import Intention

Record = Mapping[str, Any]
Key = tuple[str, str, str]  # tool, organization, what
_LOOKED = "Looked at later"  # after which it stays unknown: of several attempts without an answer one did it


@dataclass
class Verdict:
    """What came out.

    Attributes:
        rows: figures for a person to read.
        faults: what must not be, a sentence for each.
    """

    rows: list[tuple[str, object]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def table(self) -> str:
        """The figures and the faults as Markdown."""
        lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in self.rows)]
        lines += [f"| **FAULT** | {fault} |" for fault in self.faults[:40]]
        return "\n".join([*lines, f"| faults | {len(self.faults)} |"])


def judge(
    intentions: Sequence[Intention], seen: Sequence[WriteSeen], records: Sequence[Record], exist: Iterable[Key]
) -> Verdict:
    """Hold all accounts against each other.

    Args:
        intentions: what clients wanted, each once.
        seen: GitHub's own log of writes.
        records: the audit, in the form of `audit --format jsonl`.
        exist: creations whose campaign GitHub has now, and deletions whose campaign it has no more.
    """
    verdict = Verdict()
    writes: dict[Key, list[WriteSeen]] = defaultdict(list)
    for write in seen:
        writes[write.tool, write.org, write.what].append(write)
    of: dict[Key, list[Record]] = defaultdict(list)
    for record in records:
        of[_key(record)].append(record)
    wanted = {(each.tool, each.org, each.what): each for each in intentions}
    now = Counter(exist)
    for key in {*wanted, *writes, *of}:
        verdict.faults += _faults_of(key, wanted.get(key), writes[key], of[key], now[key])
    verdict.rows += _figures(intentions, seen, records)
    return verdict


def _key(record: Record) -> Key:
    creates = record["tool"] == "create_campaign"
    what = record["change"].get("name") if creates else record["campaign_number"]
    return record["tool"], record["org"], str(what)


def _faults_of(
    key: Key, wanted: Intention | None, writes: Sequence[WriteSeen], records: Sequence[Record], exist: int
) -> list[str]:
    named = " ".join(key)
    faults = []
    made = [write for write in writes if write.made]
    done = [record for record in records if record["outcome"] == "done"]
    attempts = [record for record in records if record["confirmation"] is not None]
    if wanted is None:
        faults.append(f"{named}: nobody wanted that")
    if len(made) > 1:
        faults.append(f"{named}: executed {len(made)} times")
    if exist != len(made):
        faults.append(f"{named}: executed {len(made)} times, and GitHub shows {exist}")
    if len(done) > len(made):
        faults.append(f"{named}: {len(done)} records say done, executed {len(made)} times: {_told(records)}")
    final = [record for record in attempts if record["outcome"] == "unknown" and _LOOKED in (record["why"] or "")]
    if len(done) < len(made) and not final:
        faults.append(f"{named}: executed {len(made)} times, {len(done)} records say done: {_told(records)}")
    if unrecorded := [write for write in writes if write.record is None]:
        faults.append(f"{named}: {len(unrecorded)} writes reached GitHub before their records")
    unsettled = [record for record in attempts if record["outcome"] in ("intended", "unknown") and record not in final]
    if unsettled:
        faults.append(f"{named}: {len(unsettled)} records unsettled: {_told(records)}")
    if wanted is not None and wanted.told and not made:
        faults.append(f"{named}: the client was told '{wanted.told}', and it was not executed")
    if wanted is not None and not wanted.told:
        faults.append(f"{named}: the client gave up after {wanted.tries} calls")
    faults += _unmatched(named, writes, attempts)
    return faults


def _unmatched(named: str, writes: Sequence[WriteSeen], attempts: Sequence[Record]) -> list[str]:
    """Match each write with its record, and each answered one with a record that holds its request id or saw none."""
    kept = {record["id"] for record in attempts}
    lost = [write for write in writes if write.record is not None and str(write.record) not in kept]
    ids = Counter(record["request_id"] for record in attempts if record["request_id"])
    unseen = sum(record["request_id"] is None for record in attempts)
    answered = [write for write in writes if write.request_id]
    alone = [write for write in answered if not ids[write.request_id]]
    if lost:
        return [f"{named}: {len(lost)} writes had records that are gone"]
    if len(alone) > unseen or len(writes) > 0 == len(attempts):
        return [f"{named}: {len(alone)} answered writes are in no record, {unseen} records without an answer"]
    return []


def _told(records: Sequence[Record]) -> str:
    return "; ".join(f"{each['outcome']} {each['status']} {each['why'] or ''}".strip() for each in records)


def _figures(
    intentions: Sequence[Intention], seen: Sequence[WriteSeen], records: Sequence[Record]
) -> list[tuple[str, object]]:
    told = Counter(f"{each.tool}, {each.era}: {each.told or 'gave up'}" for each in intentions)
    outcomes = Counter(_outcome(record) for record in records)
    return [
        ("intentions", len(intentions)),
        *((f"told {name}", count) for name, count in sorted(told.items())),
        ("calls", sum(each.tries for each in intentions)),
        ("writes that GitHub saw", len(seen)),
        ("of them made", sum(write.made for write in seen)),
        ("of them answered with 502", sum(write.status == 502 for write in seen)),
        ("records", len(records)),
        *((f"records: {name}", count) for name, count in sorted(outcomes.items())),
    ]


def _outcome(record: Record) -> str:
    late = " when looked at later" if (record["why"] or "").startswith(("As found later", "Looked at later")) else ""
    return f"{record['tool']} {record['outcome']}{late}"
