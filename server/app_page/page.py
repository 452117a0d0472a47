"""Puts the page together from its sources. One HTML text that needs nothing else and may load nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from server.domain.reports import ProgressReport

PAGE_URI = "ui://security-campaigns/progress.html"

_SOURCES = Path(__file__).parent
_SCRIPTS = ("elements.js", "words.js", "burndown.js", "board.js", "host.js", "theme.js", "page.js")


def progress_page(report: ProgressReport | None = None) -> str:
    """Return the page as HTML.

    Without a report it is the MCP App, which is sent reports by its host. With one it shows that, talks to no one,
    and can be kept or mailed.
    """
    given = "null" if report is None else report.model_dump_json(exclude_none=True)
    summary = "" if report is None else f"<noscript><p>{escape(report.summary)}</p></noscript>"
    return _filled(given=given.replace("<", "\\u003c"), without_script=summary, **_sources())


@cache
def _sources() -> dict[str, str]:
    """Return the style, the script and the policy that allows these two and nothing else."""
    style = _flat(_read("style.css"))
    script = '"use strict";(() => {\n' + "".join(_flat(_read(name)) for name in _SCRIPTS) + "})();"
    allowed = f"script-src {_hash(script)}; style-src {_hash(style)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return {"style": style, "script": script, "policy": policy}


def _filled(**parts: str) -> str:
    """Return the page with each part in its place, in one pass, since a part may hold what looks like a place."""
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("page.html"))


def _read(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")


def _flat(source: str) -> str:
    """Return a source without its indentation, a tenth of the page. No text in the sources spans lines."""
    return re.sub(r"^ +", "", source, flags=re.MULTILINE)


def _hash(text: str) -> str:
    """Return what a content security policy calls a text by."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
