"""What no client may ever be told, and what a process may grow by."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NEVER = re.compile(
    r"Traceback|Internal [Ss]erver [Ee]rror|this server failed|site-packages|object at 0x|pydantic|input_value"
    r"|validation errors? for|\.py\b.{0,9}line \d|<class |NoneType|sandbox-token|codec can't"
    r"|\b[A-Z][A-Za-z]*(?:Error|Exception|Warning|Interrupt)\b"
)
"""Signs of a program's inside. None of them is in what the fuzzing sends."""

_OWN_MISTAKES = {-32603: "an internal error", 0: "an error without a code"}


def faults_in(answer: Any, text: str) -> list[str]:
    """Return what is wrong with an answer: a message of JSON-RPC, and the text in which it came."""
    faults = []
    if found := _NEVER.search(text):
        around = text[max(0, found.start() - 60) : found.end() + 60]
        faults.append(f"the client is told {found[0]!r}: ...{around!r}")
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and (what := _OWN_MISTAKES.get(error.get("code", 0))):
        faults.append(f"{what}: {error.get('message')!r}")
    return faults


def refused(answer: Any) -> bool:
    """Tell whether an answer is an error, of the protocol or of a tool."""
    return "error" in answer or bool(answer.get("result", {}).get("isError"))


def wrong_id(frame: bytes, answer: Any) -> bool:
    """Tell whether an answer's id is not the message's, which any reader of JSON can make out."""
    try:
        sent = json.loads(frame.decode())
    except (ValueError, RecursionError):
        return False
    id_ = sent.get("id") if isinstance(sent, dict) and "method" in sent else None
    if isinstance(id_, bool) or not isinstance(id_, (str, int)) or re.search("[\ud800-\udfff]", str(id_)):
        return False  # half of a character cannot be written back
    return bool(answer.get("id") != id_)


@dataclass(frozen=True)
class Memory:
    """What a process holds, and the most that it ever held, in MiB."""

    held: float
    peak: float


def memory(pid: int) -> Memory | None:
    """Return how much memory a process holds; None where the system does not say, as all but Linux."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE))
    return Memory(int(found["VmRSS"]) / 1024, int(found["VmHWM"]) / 1024) if len(found) == 2 else None
