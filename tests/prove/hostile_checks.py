"""What must hold on each surface, whatever anybody wrote. A check returns a sentence for each thing that does not.

Every check also gets what was said in the same place about a world in which nobody meant harm: what is outside of
quotations must read the same there, which nothing that breaks out of one can achieve.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from tests.prove.hostile_payloads import MARK
from tests.prove.hostile_unseen import like_quotes, unseen

Check = Callable[[str, str], list[str]]

LONGEST = 2_100
"""Characters of any one text that somebody else chose, with an ellipsis and what quoting adds to it."""
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PLURAL = re.compile(r"\b(0 (?:page|alert|issue|repositor)\w*)")
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_TAG = re.compile(r"<[/!]?[a-zA-Z-]+")
_CUT = "\u200b"  # the space without width that keeps Markdown from making a link


def skeleton(text: str) -> str:
    """Return a text without what is in quotations and without its numbers, which depend on the order of names."""
    return _PLURAL.sub("0", _NUMBER.sub("0", _STRING.sub('""', text)))


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a structure, the keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def in_structure(structure: Any) -> list[str]:
    """Check what a program gets: data, each text of which can be shown as it is."""
    faults = []
    for text in strings(structure):
        faults += [f"a value holds {', '.join(hidden[:4])}"] if (hidden := unseen(text, "\n")) else []
        faults += [f"a value has {len(text)} characters"] if len(text) > LONGEST else []
    return faults


def words(text: str, control: str, allowed: str = "\n") -> list[str]:
    """Check sentences: nothing is hidden in them, and what others wrote is in quotations which it cannot end."""
    faults = [f"it holds {', '.join(hidden[:4])}"] if (hidden := unseen(text, allowed)) else []
    if any(MARK in part for part in _STRING.split(text)):
        faults.append(f"what others wrote stands outside of quotations: {_around(_STRING.sub('<>', text))}")
    elif skeleton(text) != skeleton(control):
        faults.append(f"what is outside of quotations is not what it was: {_difference(text, control)}")
    return faults


def question(text: str, control: str) -> list[str]:
    """Check what a person is asked: one line of words, in which no quotation looks ended before it is."""
    return [*words(text, control, allowed=""), *like_quotes(text)]


def prompt(text: str, control: str) -> list[str]:
    """Check a rendered prompt: words, in which nothing looks like the tag that ends the data."""
    faults = words(text, control)
    if _TAG.findall(text) != _TAG.findall(control):
        faults.append(f"its tags are {_TAG.findall(text)}")
    return faults


def resource(text: str, control: str) -> list[str]:
    """Check a resource: JSON."""
    return [*words(text, control), *in_structure(json.loads(text))]


def value(text: str, control: str) -> list[str]:
    """Check a completion: one short line."""
    return [f"it holds {', '.join(hidden)}" for hidden in [unseen(text)] if hidden] + (
        [f"it has {len(text)} characters"] if len(text) > 101 else []
    )


def log(text: str, control: str) -> list[str]:
    """Check a log: every line is one event's, and printable."""
    faults, lines = [], text.split("\n")
    if lines.pop() != "":
        faults.append("the last line has no end")
    if len(lines) < 30:
        faults.append(f"it has only {len(lines)} lines, so that it shows nothing")
    as_json_lines = text.startswith("{")
    for line in lines:
        if unseen(line) or not line.isprintable():
            faults.append(f"a line holds {', '.join(unseen(line))}")
        if as_json_lines and (not line.isascii() or "level" not in json.loads(line)):
            faults.append("a line is not an event's")
        if not as_json_lines and not _LOG_LINE.match(line):
            faults.append(f"a line begins {line[:40]!r}")
    return faults


def json_lines(text: str, control: str) -> list[str]:
    """Check lines of JSON: as many records as lines, all in ASCII."""
    lines = text.split("\n")
    faults = [] if lines.pop() == "" and len(lines) > 5 else ["it has no records, or the last line no end"]
    if not all(line.isascii() and isinstance(json.loads(line), dict) for line in lines):
        faults.append("a line is not a record in ASCII")
    if len(text.splitlines()) != len(lines):
        faults.append("some readers would see more lines than records")
    return faults


def terminal(text: str, control: str) -> list[str]:
    """Check what is printed for a person: lines, and nothing that a terminal acts on."""
    faults = [f"it holds {', '.join(hidden[:4])}"] if (hidden := unseen(text, "\n")) else []
    if text.count("\n") != control.count("\n"):
        faults.append(f"it has {text.count(chr(10))} lines instead of {control.count(chr(10))}")
    return faults


def terminal_words(text: str, control: str) -> list[str]:
    """Check what is printed for a person in sentences."""
    return [*terminal(text, control), *words(text, control), *like_quotes(text)]


def markdown(text: str, control: str) -> list[str]:
    """Check a report in Markdown: the same blocks, cells and links, and nothing else that Markdown acts on."""
    faults = [f"it holds {', '.join(hidden[:4])}"] if (hidden := unseen(text, "\n" + _CUT)) else []
    bare, wanted = (re.sub(r"\\[!-/:-@\[-`{-~]", "e", each) for each in (text, control))
    faults += [
        f"{bare.count(sign)} active {sign} instead of {wanted.count(sign)}"
        for sign in "|[]`*~$\\"
        if bare.count(sign) != wanted.count(sign)
    ]
    if [_block(line) for line in bare.split("\n")] != [_block(line) for line in wanted.split("\n")]:
        faults.append("its blocks are not what they were")
    if "<" in bare or re.search(r"&(?!amp;|lt;|gt;)", bare):
        faults.append("it holds HTML")
    if links := set(re.findall(r"(?:https?:/|www\.|mailto:)[\w./@-]*", bare)) - set(
        re.findall(r"https:/[\w./-]*", wanted)
    ):
        faults.append(f"it links to {sorted(links)}")
    if mentions := re.findall(r"(?<!\w)[@#](?=\w)", bare):
        faults.append(f"it has {len(mentions)} mentions or references")
    return faults


def _block(line: str) -> str:
    """Return what kind of a line it is: of a table, a list, a heading, a quotation, or words."""
    found = re.match(r" {0,3}([|>#]|[-+=] ?|\d{1,9}[.)])", line)
    return found[1][0] if found and not found[1][0].isdigit() else "item" if found else "words" if line else ""


def csv_file(text: str, control: str) -> list[str]:
    """Check CSV: the same rows and cells, and none that a spreadsheet runs, whatever it takes for the separator."""
    faults = [f"it holds {', '.join(hidden[:4])}"] if (hidden := unseen(text, "\r\n")) else []
    rows, wanted = (list(csv.reader(io.StringIO(each, newline=""))) for each in (text, control))
    if [len(row) for row in rows] != [len(row) for row in wanted]:
        faults.append("its rows are not what they were")
    for cell in (cell for row in rows for cell in row):
        if re.fullmatch(r"-?\d+(\.\d+)?", cell):
            continue
        parts = [part.lstrip(' "') for part in (cell, *cell.split(";"))]
        faults += [f"a spreadsheet would run {part[:30]!r}" for part in parts if part.startswith(_FORMULA)]
    return faults


def json_file(text: str, control: str) -> list[str]:
    """Check a report in JSON."""
    return in_structure(json.loads(text))


def html(text: str, control: str) -> list[str]:
    """Check a page as text: the same elements, and data that cannot leave its place."""
    faults = [f"it holds {', '.join(hidden[:4])}"] if (hidden := unseen(text, "\n")) else []
    if _TAG.findall(text) != _TAG.findall(control):
        faults.append("its elements are not what they were")
    return faults


CHECKS: dict[str, Check] = {
    "tool": words,
    "error": question,
    "question": question,
    "prompt": prompt,
    "resource": resource,
    "completion": value,
    "log": log,
    "json lines": json_lines,
    "terminal": terminal,
    "terminal words": terminal_words,
    "markdown": markdown,
    "csv": csv_file,
    "json": json_file,
    "html": html,
}
"""Surfaces to what must hold there."""


def _around(text: str) -> str:
    at = text.find(MARK)
    return ascii(text[max(0, at - 90) : at + 30])


def _difference(text: str, control: str) -> str:
    one, other = skeleton(text), skeleton(control)
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, at - 60) : at + 40]!a} instead of {other[max(0, at - 60) : at + 40]!a}"


def faults_of(said: Sequence[Any], control: Sequence[Any]) -> list[str]:
    """Check everything that was said in a conversation against the control, place by place."""
    faults: list[str] = []
    for each, as_it_was in zip_longest(said, control):
        courses = [one and (one.surface, one.about) for one in (each, as_it_was)]
        if courses[0] != courses[1]:
            faults.append(f"another course than the control's: {courses}: {(each or as_it_was).text[:200]!a}")
            break
        found = CHECKS[each.surface](each.text, as_it_was.text)
        if each.structure is not None:
            found += in_structure(each.structure)
        faults += [f"{each.surface}, {each.about}: {fault}" for fault in dict.fromkeys(found)]
    return faults
