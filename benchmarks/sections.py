"""The document of all benchmarks: an opening, and a section for each benchmark, which only that one writes.

A section begins with its heading, `## ...`, and goes on until the next one; what is below it has `###`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_OPENING = Path(__file__).with_name("opening.md")
ORDER = ("Start-up", "A tool call", "Reading all open alerts", "A service for a team", "Tokens")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def filled(template: Path, facts: Mapping[str, str]) -> str:
    """Return a template with its facts, which stand in it as `[[name]]`.

    Raises:
        ValueError: the template names one that is not given.
    """
    text = template.read_text()
    for name, fact in facts.items():
        text = text.replace(f"[[{name}]]", fact)
    if missing := re.search(r"\[\[(\w+)\]\]", text):
        raise ValueError(f"{template.name} names `{missing[1]}`, and nobody gave it; add it to the facts")
    return text


def put_section(document: str, section: str) -> str:
    """Return the document with this section in its place, and not with the one that had the same heading.

    The others stay as they are. The opening is written anew, with a table of contents.
    """
    sections = {_heading(each): each for each in re.split(r"^(?=## )", document, flags=re.MULTILINE)[1:]}
    sections[_heading(section)] = section
    sections = {heading: sections[heading] for heading in ORDER if heading in sections}
    contents = "\n".join(f"- [{heading}](#{_anchor(heading)})" for heading in sections)
    parts = [filled(_OPENING, {"contents": contents}), *sections.values()]
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


def _heading(section: str) -> str:
    found = _HEADING.match(section)
    if found is None:
        raise ValueError(f"a section has to begin with its heading, and this one does not: {section[:60]!r}")
    if found[1] not in ORDER:
        raise ValueError(f"{found[1]} is no section of the page; its place belongs into ORDER")
    return found[1]


def _anchor(heading: str) -> str:
    """Return where a heading is linked to, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
