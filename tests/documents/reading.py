"""What stands in a document: its blocks of code, its headings, and what its shortened lines stand for."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def read(name: str) -> str:
    """Return a document of this project by its path from the top."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    """Return the blocks of code in some languages, in order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [code for language, code in found if language in languages]


def meets(shown: str, real: str) -> bool:
    """Tell whether a text is what a document shows of it, in which `…` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), real, re.DOTALL) is not None


def without_code(text: str) -> str:
    """Return a document's words, without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
