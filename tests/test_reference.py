"""docs/reference.md is what the code says."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

import prompts
from scripts.write_reference import default_of, permissions, reference
from server.app import build_server
from server.cli import parser
from server.http.options import SERVE_OPTIONS
from server.http.settings import ServeSettings
from server.options import OPTIONS
from server.settings import Settings

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference.md"
TEXT = PAGE.read_text(encoding="utf-8")


def section(heading: str, level: str = "##") -> str:
    return re.split(rf"\n#{{1,{len(level)}}} ", TEXT.split(f"\n{level} {heading}\n")[1])[0]


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def test_the_reference_is_what_the_code_says() -> None:
    assert reference() == TEXT, "docs/reference.md is not what the code says: run `make reference`"


def test_make_writes_it_with_this_script(tmp_path: Path) -> None:
    written = tmp_path / "reference.md"
    recipe = (ROOT / "Makefile").read_text().split("\nreference:")[1].splitlines()[1]
    assert recipe == "\t$(BIN)/python scripts/write_reference.py docs/reference.md"
    subprocess.run([sys.executable, ROOT / "scripts" / "write_reference.py", written], check=True, cwd=tmp_path)  # noqa: S603 - this project's own
    assert written.read_text(encoding="utf-8") == TEXT


@pytest.mark.anyio
async def test_every_tool_is_there_with_each_argument_and_each_field_of_its_answer() -> None:
    for tool in await build_server(Settings(no_store=True)).list_tools():
        arguments, fields = section(tool.name, "###").split("\n| field |")
        assert f"**{tool.title}.** {tool.description}\n" in arguments
        assert {name for name in first_cells(arguments) if not re.search(r"[.[]", name)} == set(
            tool.input_schema["properties"]
        )
        assert tool.output_schema is not None
        assert {name for name in first_cells(fields) if not re.search(r"[.[]", name)} == set(
            tool.output_schema["properties"]
        )
        must = set(re.findall(r"^\| `(\w+)` .*\*\*required\*\*", arguments, re.MULTILINE))
        assert must == set(tool.input_schema.get("required", []))


@pytest.mark.anyio
async def test_every_prompt_is_there_with_each_argument_and_every_resource() -> None:
    server = build_server(Settings(no_store=True))
    offered = await server.list_prompts()
    assert len(offered) == len(prompts.TITLES)
    for prompt in offered:
        assert first_cells(section(prompt.name, "###")) == [argument.name for argument in prompt.arguments or []]
    addresses = [resource.uri for resource in await server.list_resources()]
    addresses += [template.uri_template for template in await server.list_resource_templates()]
    assert first_cells(section("Resources")) == addresses


def test_every_setting_is_there_with_its_variable() -> None:
    for heading, options in (("Settings", OPTIONS), ("Settings of `serve`", SERVE_OPTIONS)):
        table = re.findall(r"^\| `(--[a-z-]+)` \| `([A-Z_]+)` \|", section(heading), re.MULTILINE)
        assert table == [(option.flag, option.env) for option in options]
        for option in options:
            line = next(line for line in section(heading).splitlines() if line.startswith(f"| `{option.flag}`"))
            assert all(f"`{choice}`" in line for choice in option.choices)


def test_every_default_that_is_told_is_the_one_that_counts() -> None:
    """Help is written by hand; where it names a value, that is the value of the setting."""
    compared = 0
    for options, settings in ((OPTIONS, Settings()), (SERVE_OPTIONS, ServeSettings())):
        for option in options:
            value = getattr(settings, option.dest, None)
            if isinstance(value, bool):
                assert (default_of(option), value) == ("off", False)
            elif value is not None and not isinstance(value, tuple):
                assert default_of(option) == (f"{value:g}" if isinstance(value, float) else str(value))
                compared += 1
    assert compared >= 8
    assert Settings().spacing == 1
    assert Settings(sandbox=True).spacing == 0


def test_every_command_is_there_with_each_argument_of_its_own() -> None:
    table = first_cells(section("Commands"))
    settings = {option.flag for option in (*OPTIONS, *SERVE_OPTIONS)}
    named = set()
    for words, command in every_command(parser()):
        named.add(words)
        own = {flag for action in command._actions for flag in action.option_strings} - settings - {"-h", "--help"}
        own |= {"--org"} if words == "token new" else set()  # the one flag that is not the setting of that name
        if own:
            told = section(f"`{words}`", "###")
            assert set(re.findall(r"`(--?[a-z-]+)`", told)) >= own, words
    assert named <= set(table)


def every_command(whole: argparse.ArgumentParser, before: str = "") -> list[tuple[str, argparse.ArgumentParser]]:
    """Return each command's words and parser; one that only holds others is not one."""
    found = []
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                found += every_command(command, f"{before}{name} ") or [(before + name, command)]
    return found


def test_the_permissions_are_those_of_the_readme_and_each_tool_has_its_own() -> None:
    assert len(permissions()) > 4
    assert section("Permissions").strip() == "\n".join(permissions())
    assert "Campaigns: write, and Code scanning alerts: read" in section("create_campaign", "###")
    assert "Campaigns: read" in section("list_campaigns", "###")
    assert "Code scanning alerts: read" in section("find_alerts", "###")
