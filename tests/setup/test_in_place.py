"""Changing a text in place: it reads as was wanted then, and nothing else is touched, however it is written."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.setup.json_edit import json_with
from server.setup.json_text import read_json
from server.setup.problems import NotMergeable
from server.setup.toml_edit import read_toml, toml_with

NAMES = st.sampled_from(["a", "b", 'c"', "//d", "é"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "//", "/* */", '"\\\n', "}", ","]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
WHOLES = st.dictionaries(NAMES, VALUES, max_size=4)
COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|(//[^\n]*|/\*.*?\*/)', re.DOTALL)


def laid_out(value: Any, chance: Random, *, comments: bool) -> str:
    """Write JSON as nobody would, with blanks, comments and commas wherever they may be."""

    def gap() -> str:
        remark = chance.choice(['// "c\n', "/* }, */", ""]) if comments else ""
        return chance.choice(["", " ", "\n", "\n\t"]) + (remark if chance.random() < 0.3 else "")

    if not isinstance(value, (dict, list)):
        return json.dumps(value)
    parts = (
        [(f"{json.dumps(name)}{gap()}:{gap()}", value[name]) for name in value]
        if isinstance(value, dict)
        else [("", item) for item in value]
    )
    text = ",".join(gap() + name + laid_out(part, chance, comments=comments) + gap() for name, part in parts)
    comma = "," if parts and comments and chance.random() < 0.3 else ""
    return f"{'{['[isinstance(value, list)]}{text}{comma}{gap()}{'}]'[isinstance(value, list)]}"


def remarks(text: str) -> list[str]:
    """Return the comments of a text; `COMMENT` also meets texts, which may hold what looks like one."""
    return sorted(filter(None, COMMENT.findall(text)))


def mixed(old: dict[str, Any], new: dict[str, Any], chance: Random) -> dict[str, Any]:
    """Return something that is like the one in places and like the other in others."""
    made = copy.deepcopy({name: value for name, value in old.items() if chance.random() < 0.7})
    for name, value in new.items():
        theirs = made.get(name)
        made[name] = mixed(theirs, value, chance) if isinstance(theirs, dict) and isinstance(value, dict) else value
    return made


@settings(max_examples=150, deadline=None)
@given(WHOLES, WHOLES, st.randoms(use_true_random=False), st.booleans())
def test_json_reads_as_wanted_and_no_comment_is_lost(old: Any, new: Any, chance: Random, comments: bool) -> None:
    text = laid_out(old, chance, comments=comments)
    wanted = mixed(old, new, chance)
    assert read_json(text, comments=comments).value == old
    try:
        changed = json_with(text, wanted, comments=comments)
    except NotMergeable as refused:
        assert "comment" in str(refused)  # noqa: PT017 - a refusal is one of two good endings
        return
    assert read_json(changed, comments=comments).value == wanted
    assert remarks(changed) == remarks(text)
    if not comments:
        assert json.loads(changed) == wanted


TABLE = ("mcp_servers", "security-campaigns")
NEW = {"command": "new", "args": ["[", "#", '"'], "n": 3}


@pytest.mark.parametrize(
    "old",
    [
        '[mcp_servers.security-campaigns]\ncommand = "old"\nargs = []\n',
        "[mcp_servers.\"security-campaigns\"]\ncommand = 'old'",
        '[ mcp_servers . security-campaigns ] # here\n\n\n  command="old"#x\n\targs=[\n]\n',
        '[mcp_servers.security-campaigns]\r\ncommand = "old"\r\n\r\n[other]\r\na = 1\r\n',
        'a = """\n[mcp_servers.security-campaigns]\n"""\n[mcp_servers.security-campaigns]\nargs = ["a",\n"b" ]\n',
        '[mcp_servers.security-campaigns]\ngone = 1\ncommand = """old"""\n[[x]]\ncommand = "x"\n',
        '[mcp_servers.security-campaigns]\ncommand = """a\\\\"""\nn = 1\nx = """\\""""""\n',
        "[mcp_servers.security-campaigns]\n",
        "[other]\na = 1979-05-27T07:32:00Z # when\n",
        "",
    ],
)
def test_a_table_is_found_however_it_is_written(old: str) -> None:
    wanted = tomllib.loads(old)
    wanted.setdefault("mcp_servers", {})["security-campaigns"] = NEW
    new = toml_with(old, wanted, TABLE)
    assert tomllib.loads(new) == wanted
    for kept in ("# here", "#x", "[other]", "# when", "[[x]]"):
        assert new.count(kept) == old.count(kept)
    assert new.count("\r\n") == (new.count("\n") if "\r\n" in old else 0)


@pytest.mark.parametrize(
    ("old", "told"),
    [
        ("[mcp_servers.security-campaigns.env]\nA = 1\n", "no header of its own"),
        ('mcp_servers.security-campaigns.command = "x"\n', "no header of its own"),
        ('[mcp_servers]\nsecurity-campaigns = "x"\n', "no table"),
        ('[mcp_servers]\nsecurity-campaigns = { command = "x" }\n', "no header of its own"),
        ('[mcp_servers.security-campaigns]\nargs = [\n"a", # why\n]\n', "a comment in what is replaced"),
        ("[mcp_servers.security-campaigns]\ngone = 1 # why\n", "a comment beside what is taken out"),
    ],
)
def test_toml_that_cannot_be_changed_in_place_is_refused(old: str, told: str) -> None:
    wanted = {**read_toml(old), "mcp_servers": {"security-campaigns": NEW}}
    with pytest.raises(NotMergeable, match=told):
        toml_with(old, wanted, TABLE)
