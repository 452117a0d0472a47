"""Named filters for what people most often run a campaign about.

A template for one weakness has MITRE's number of it and of the weaknesses below it (ChildOf in view CWE-1000), because
tools tag alerts with either. Left out, so that other alerts stay out: NoSQL injection (943, which stands above SQL's),
expression languages (917) and regular expressions (624), which MITRE counts as commands, control of a file's name (73,
on shell commands too), and XML bombs and DTDs (776, 827; CodeQL's alerts about external entities all have 611).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Literal

from server.domain import weakness_lists as lists

TemplateName = Literal[
    "cross-site-scripting",
    "sql-injection",
    "command-injection",
    "path-traversal",
    "log-injection",
    "hard-coded-credentials",
    "ssrf",
    "unsafe-deserialization",
    "xxe",
    "cwe-top-25",
    "kev-top-10",
    "owasp-top-10",
    "all-critical",
]
"""The names in TEMPLATES, for schemas."""


@dataclass(frozen=True)
class AlertTemplate:
    """A filter with a name. An alert passes when it meets every criterion that is given, by any one of its values.

    Attributes:
        name: as given to the tool; without an edition, so that it outlives one.
        title: for people, with the edition where the list has one.
        purpose: one sentence on what it is for.
        cwes: numbers of weaknesses.
        severities: as in `alerts.SEVERITIES`.
        also_called: further words by which people know what it is about.
        source: publisher, list and edition; empty when the choice is this project's own.
    """

    name: str
    title: str
    purpose: str
    cwes: tuple[int, ...] = ()
    severities: tuple[str, ...] = ()
    source: str = ""
    also_called: str = ""


_ALL = (
    AlertTemplate(
        name="cross-site-scripting",
        title="Cross-site scripting",
        purpose="Stop what users enter from running as script in other people's browsers.",
        also_called="XSS",
        cwes=(79, 80, 81, 82, 83, 84, 85, 86, 87),
    ),
    AlertTemplate(
        name="sql-injection",
        title="SQL injection",
        purpose="Keep input from changing the SQL statements that it becomes part of.",
        also_called="SQLi",
        cwes=(89, 564),
    ),
    AlertTemplate(
        name="command-injection",
        title="Command injection",
        purpose="Keep input from adding commands, or arguments, to what a program runs.",
        also_called="shell injection",
        cwes=(77, 78, 88),
    ),
    AlertTemplate(
        name="path-traversal",
        title="Path traversal",
        purpose="Keep input from reaching files outside the folder that was meant, unpacked archives included.",
        also_called="directory traversal, zip slip",
        cwes=tuple(range(22, 41)),  # 23 relative, with 24 to 35; 36 absolute, with 37 to 40
    ),
    AlertTemplate(
        name="log-injection",
        title="Log injection",
        purpose="Keep input from forging or breaking log entries.",
        also_called="log forging",
        cwes=(117,),
    ),
    AlertTemplate(
        name="hard-coded-credentials",
        title="Hard-coded credentials",
        purpose="Get passwords, keys and other credentials out of the source code.",
        also_called="hardcoded passwords, keys, secrets",
        cwes=(798, 259, 321),
    ),
    AlertTemplate(
        name="ssrf",
        title="Server-side request forgery",
        purpose="Keep input from choosing where a server sends its own requests.",
        cwes=(918,),
    ),
    AlertTemplate(
        name="unsafe-deserialization",
        title="Unsafe deserialization",
        purpose="Stop building objects from data that an attacker can write.",
        also_called="insecure deserialization",
        cwes=(502,),
    ),
    AlertTemplate(
        name="xxe",
        title="XML external entities",
        purpose="Stop XML parsers from fetching the files and addresses that a document names.",
        cwes=(611,),
    ),
    AlertTemplate(
        name="cwe-top-25",
        title=f"{lists.CWE_TOP_25_EDITION} CWE Top 25",
        purpose="Start with the weaknesses that led to the most frequent and severe published vulnerabilities.",
        cwes=lists.CWE_TOP_25,
        source=f"MITRE, CWE Top 25 Most Dangerous Software Weaknesses, {lists.CWE_TOP_25_EDITION}",
    ),
    AlertTemplate(
        name="kev-top-10",
        title=f"{lists.KEV_TOP_10_EDITION} CWE Top 10 KEV weaknesses",
        purpose="Start with the weaknesses behind vulnerabilities that are known to have been exploited.",
        also_called="known exploited",
        cwes=lists.KEV_TOP_10,
        source=f"MITRE, CWE Top 10 KEV Weaknesses, {lists.KEV_TOP_10_EDITION}",
    ),
    AlertTemplate(
        name="owasp-top-10",
        title=f"OWASP Top 10:{lists.OWASP_TOP_10_EDITION}",
        purpose="Cover the ten categories of risk to web applications that OWASP ranks highest.",
        cwes=tuple(chain.from_iterable(lists.OWASP_TOP_10.values())),
        source=f"OWASP, Top 10, {lists.OWASP_TOP_10_EDITION}",
    ),
    AlertTemplate(
        name="all-critical",
        title="All critical alerts",
        purpose="Clear every alert of critical security severity, whatever its weakness.",
        severities=("critical",),
    ),
)

TEMPLATES: dict[str, AlertTemplate] = {template.name: template for template in _ALL}
"""By name, in the order in which people are shown them."""

_BY_WORD = {
    word.strip().casefold(): name
    for name, template in TEMPLATES.items()
    for word in (name, name.replace("-", " "), template.title, *template.also_called.split(","))
    if word
}


def named_template(given: object) -> object:
    """Return the name of the template that a person means by its title or another word; anything else as it is."""
    return _BY_WORD.get(given.strip().casefold(), given) if isinstance(given, str) else given
