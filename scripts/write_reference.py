"""Writes docs/reference.md out of the code: tools, prompts, resources, settings, commands and permissions.

    python scripts/write_reference.py docs/reference.md

What GitHub permits whom is the table of the README. The same code makes the same bytes.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
from mcp_types import Prompt, Resource, ResourceTemplate, Tool

from scripts.reference_schemas import arguments_table, results_table, row
from server.app import build_server
from server.cli import parser
from server.http.options import SERVE_OPTIONS
from server.http.state_keys import VARIABLE
from server.options import OPTIONS, Option
from server.settings import Settings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_DEFAULT = re.compile(r"\s*\(default: ([^)]*)\)")
_HEAD = """\
# Reference

Everything that can be called, asked for and set, written out of the code by `make reference`: change the code, not this
page. The README's table of [tokens and permissions](../README.md#tokens-and-permissions) is repeated here by tool.

[Tools](#tools) · [Prompts](#prompts) · [Resources](#resources) · [Settings](#settings) ·
[Settings of `serve`](#settings-of-serve) · [Commands](#commands) · [Permissions](#permissions)

"""
_TOOLS = """\
## Tools

A tool answers with a text and with a structure; the tables tell the structure's fields. Fields without a value are left
out. An argument that is not in a table is refused. With `--read-only` the tools that write are not there.
"""
_PROMPTS = """\
## Prompts

A person picks one in the client; what it answers is a message for the assistant. All arguments are text.
"""
_RESOURCES = """\
## Resources

| address | title | type | holds |
|---|---|---|---|
"""
_SETTINGS = """\
## Settings

For every command that talks to GitHub, and for the server itself. What is typed wins over the variable. A switch takes
`1` or `0` as a variable and nothing on the command line; where an option is repeatable, the variable takes a list with
commas.
"""
_SERVE = """\
## Settings of `serve`

Beside the settings above. [Running the service](operations.md) tells how they work together.
"""
_ONLY_VARIABLES = f"""\
Only as variables: `GITHUB_TOKEN`, or else `GH_TOKEN`, holds the token when neither `--token-file` nor a GitHub App is
given; `{VARIABLE}` holds the keys of `--state-keys` themselves; those of OpenTelemetry are in
[Running the service](operations.md#what-to-watch).
"""
_COMMANDS = """\
## Commands

`security-campaigns-mcp` without a command serves MCP over stdio. It ends with 0 when all went well, with 1 when
something did not work, and with 2 when usage or configuration is wrong; stderr says what.
"""
_PERMISSIONS = """\
## Permissions

"""


def reference() -> str:
    """Return the whole page."""
    return anyio.run(_reference)


async def _reference() -> str:
    server = build_server(Settings(no_store=True))
    tools = await server.list_tools()
    granted = permissions()
    parts = [_HEAD, _TOOLS, *_tools(tools, granted)]
    parts += [_PROMPTS, *map(_prompt, await server.list_prompts())]
    parts += [_RESOURCES + _resources(await server.list_resources(), await server.list_resource_templates())]
    parts += [_SETTINGS, _settings(OPTIONS), _ONLY_VARIABLES, _SERVE, _settings(SERVE_OPTIONS), _COMMANDS, _commands()]
    parts += [_PERMISSIONS + "\n".join(granted)]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def permissions() -> list[str]:
    """Return the lines of the README's table of permissions, head and rule first."""
    section = README.read_text(encoding="utf-8").split("## Tokens and permissions\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")]


def _tools(tools: Sequence[Tool], granted: Sequence[str]) -> Iterator[str]:
    known: dict[str, Mapping[str, Any]] = {}
    for tool in tools:
        output = tool.output_schema or {"properties": {}}
        yield "\n".join(
            [
                f"### {tool.name}",
                "",
                f"**{tool.title}.** {tool.description}",
                "",
                f"{_manners(tool)} On GitHub it needs",
                "",
                *_needs(tool.name, granted),
                "",
                *arguments_table(tool.input_schema),
                "",
                *results_table(output, known),
            ]
        )
        known[tool.name] = output


def _needs(tool: str, granted: Sequence[str]) -> list[str]:
    """Return what a tool needs with each kind of credential, as the table's first line that names it says."""
    head, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in granted)
    needs = next(cells for cells in lines if f"`{tool}`" in cells[0])
    return [f"- with a {kind}: {need}" for kind, need in zip(head[1:], needs[1:], strict=True)]


def _manners(tool: Tool) -> str:
    """Say what the annotations say."""
    told = tool.annotations
    if told is None:
        raise ValueError(f"{tool.name} has no annotations")
    if told.read_only_hint:
        return "Only reads."
    lasting = "may change or lose what is there" if told.destructive_hint else "adds, and changes nothing that is there"
    again = "called twice does no more than once" if told.idempotent_hint else "called twice does it twice"
    return f"Writes: {lasting}; {again}."


def _prompt(prompt: Prompt) -> str:
    lines = [f"### {prompt.name}", "", f"**{prompt.title}.** {prompt.description}", ""]
    lines += ["| argument | required | meaning |", "|---|---|---|"]
    for argument in prompt.arguments or []:
        lines.append(row(f"`{argument.name}`", "yes" if argument.required else "", argument.description or ""))
    return "\n".join(lines)


def _resources(resources: Sequence[Resource], templates: Sequence[ResourceTemplate]) -> str:
    lines = [
        row(f"`{each.uri}`", each.title or each.name, f"`{each.mime_type}`", each.description or "")
        for each in resources
    ]
    lines += [
        row(f"`{each.uri_template}`", each.title or each.name, f"`{each.mime_type}`", each.description or "")
        for each in templates
    ]
    return "\n".join(lines)


def _settings(options: Sequence[Option]) -> str:
    lines = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for option in options:
        meaning = _DEFAULT.sub("", option.help)
        if option.choices:
            meaning += ": " + ", ".join(f"`{choice}`" for choice in option.choices)
        lines.append(row(f"`{option.flag}`", f"`{option.env}`", default_of(option), meaning))
    return "\n".join(lines)


def default_of(option: Option) -> str:
    """Return an option's default as its help tells it; a switch is off, and nothing where nothing is meant."""
    found = _DEFAULT.search(option.help)
    if found:
        return found[1]
    return "off" if option.switch else ""


def _commands() -> str:
    lines = ["| command | does |", "|---|---|"]
    details = []
    for words, about, command in _each_command(parser()):
        lines.append(row(f"`{words}`", about))
        own = [action for action in command._actions if _is_own(action)]
        if own:
            details += ["", f"### `{words}`", "", "| argument | default | meaning |", "|---|---|---|"]
            details += [row(_typed(action), _default_typed(action), _meaning(action)) for action in own]
    return "\n".join(lines + details)


def _each_command(
    whole: argparse.ArgumentParser, before: str = ""
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Yield each command with the words to type, what its help says, and its parser."""
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                inner = list(_each_command(command, f"{before}{name} "))
                yield from inner or [(before + name, about[name], command)]


def _is_own(action: argparse.Action) -> bool:
    """Tell whether an argument belongs to one command, and is neither a setting nor asks for help."""
    settings = {f"{option.help} [{option.env}]" for option in (*OPTIONS, *SERVE_OPTIONS)}
    return action.help not in settings and action.dest != "help"


def _typed(action: argparse.Action) -> str:
    return ", ".join(f"`{word}`" for word in action.option_strings or [str(action.metavar or action.dest).upper()])


def _default_typed(action: argparse.Action) -> str:
    if action.required:
        return "**required**"
    found = _DEFAULT.search(action.help or "")
    if found:
        return found[1]
    return action.default if isinstance(action.default, str) and action.default != argparse.SUPPRESS else ""


def _meaning(action: argparse.Action) -> str:
    meaning = _DEFAULT.sub("", action.help or "").replace("%%", "%")
    choices = ", ".join(f"`{choice}`" for choice in action.choices or ())
    if not choices:
        return meaning
    return choices if meaning.startswith("default: ") else f"{meaning}: {choices}"


def main() -> int:
    """Write the file named on the command line."""
    if len(sys.argv) != 2:
        sys.stderr.write("Say where to write it: python scripts/write_reference.py docs/reference.md\n")
        return 2
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
