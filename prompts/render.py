"""Puts messages together: wording from the Markdown files beside this module, facts in a block of their own.

A wording file holds the text and, after it, sections headed `## ` of which the text takes in one or the other.
Placeholders are those of `string.Template`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

from mcp.server.mcpserver.prompts.base import UserMessage

from server.domain.models import ALERTS_LIMIT, DESCRIPTION_LIMIT, NAME_LIMIT, OPEN_CAMPAIGNS_LIMIT

_FOLDER = Path(__file__).parent / "wording"
_HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
_LIMITS = {
    "alerts_limit": ALERTS_LIMIT,
    "description_limit": DESCRIPTION_LIMIT,
    "name_limit": NAME_LIMIT,
    "open_campaigns_limit": OPEN_CAMPAIGNS_LIMIT,
}
# Inside JSON these only occur in strings, where an escape means the same. So no text can end the block.
_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})


@cache
def read_wording(name: str) -> Mapping[str, str]:
    """Read a wording file.

    Returns:
        The text under the empty string and each section under its heading.
    """
    text, *sections = _HEADING.split((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    return {"": text.strip()} | {
        heading: body.strip() for heading, body in zip(sections[::2], sections[1::2], strict=True)
    }


def message(name: str, sections: Mapping[str, str] | None = None, **values: object) -> UserMessage:
    """Word one message.

    Args:
        name: the wording file, without its ending.
        sections: for each placeholder that stands for a section, the section's heading.
        values: the other placeholders' values. What a person or GitHub wrote comes checked or quoted.
    """
    parts = read_wording(name)
    known = _LIMITS | values
    chosen = {key: Template(parts[heading]).substitute(known) for key, heading in (sections or {}).items()}
    return UserMessage(Template(parts[""]).substitute(known, **chosen))


def facts_message(facts: Mapping[str, object]) -> UserMessage:
    """Put facts from GitHub, as JSON, into a message that says that they are data.

    Args:
        facts: what can be written as JSON; texts in it cleaned of invisible characters.
    """
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return message("github_facts", facts=text.translate(_ESCAPES))
