"""One text in every place of a world at once, told where a rotation shows few of them, and what refusals come to there.

A rotation gives each place another text, so that a surface which tells of one place only shows one text of it.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
from mcp import Client

from server.app import build_server
from server.commands import ReportWanted, run_report, run_snapshot
from server.doctor import as_json, render, run_doctor
from server.github.credentials import FixedToken
from server.report_formats import Format
from server.sandbox.options import ADMIN_TOKEN
from tests.harness import MODES
from tests.prove.hostile_printed import Said, settings_in, terminal
from tests.prove.hostile_session import Conversation, Willing
from tests.prove.hostile_world import NOON, HostileGitHub

_FORMATS: tuple[Format, ...] = ("markdown", "csv", "json", "html")


async def told_in_short(text: str, era: str) -> list[Said]:
    """Have a world told in which everything is called `text`: completions, resources, doctor, reports, a question."""
    github, said = HostileGitHub(lambda _: text), list[Said]()
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        server = build_server(settings, credentials=FixedToken(ADMIN_TOKEN, "the test"), transport=github)
        async with Client(server, mode=MODES[era], elicitation_callback=Willing(said)) as client:
            await Conversation(client, said).resources()
            said += await _examined(github, Path(folder))
            said += await anyio.to_thread.run_sync(_reported, github, Path(folder))
            await Conversation(client, said).call("delete_campaign", campaign_number=6)
    return [replace(each, text=each.text.replace(folder, "FOLDER")) for each in said]


async def refused_commands(github: httpx.AsyncBaseTransport) -> list[Said]:
    """Run the commands at a GitHub that refuses; return what they print about it."""
    with tempfile.TemporaryDirectory() as folder:
        said = await _examined(github, Path(folder), patience=0.0)
        said += await anyio.to_thread.run_sync(_refused, github, Path(folder))
    return [replace(each, text=each.text.replace(folder, "FOLDER")) for each in said]


async def _examined(github: httpx.AsyncBaseTransport, folder: Path, **more: Any) -> list[Said]:
    token = FixedToken(ADMIN_TOKEN, "the test")
    findings = await run_doctor(settings_in(folder, **more), credentials=token, transport=github, environ={})
    return [
        Said("terminal words", "doctor", render(findings, color=False)),
        Said("json", "doctor", as_json(findings)),
    ]


def _reported(github: httpx.AsyncBaseTransport, folder: Path) -> list[Said]:
    said = []
    for form in _FORMATS:
        with terminal() as told:
            run_report(settings_in(folder), ReportWanted(None, NOON, form, None), **_given(github))
        said += [Said(form, "report to stdout", told()[0]), Said("terminal", f"report as {form}", told()[1])]
    return said


def _refused(github: httpx.AsyncBaseTransport, folder: Path) -> list[Said]:
    settings, said = settings_in(folder, patience=0.0), list[Said]()
    for about, command in (
        ("report", partial(run_report, settings, ReportWanted(None, NOON, "markdown", None))),
        ("report of one", partial(run_report, settings, ReportWanted(6, NOON, "markdown", None))),
        ("snapshot", partial(run_snapshot, settings)),
    ):
        with terminal() as told:
            command(**_given(github))
        said += [Said("markdown", about, told()[0]), Said("terminal words", f"{about}, stderr", told()[1])]
    return said


def _given(github: httpx.AsyncBaseTransport) -> dict[str, Any]:
    return {"credentials": FixedToken(ADMIN_TOKEN, "the test"), "transport": github}
