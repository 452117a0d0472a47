"""What this server says to an operator: commands to a terminal and into files, and the log."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from server.audit_command import AuditFormat, AuditWanted, run_audit
from server.commands import ReportWanted, run_report, run_snapshot
from server.github.credentials import FixedToken
from server.logs import configure_logging
from server.report_formats import Format
from server.sandbox.options import ADMIN_TOKEN
from server.settings import Settings
from tests.harness import UNHURRIED
from tests.prove.hostile_world import NOON


@dataclass(frozen=True)
class Said:
    """One thing that was said.

    Attributes:
        surface: where: one of the keys of `hostile_checks.CHECKS`.
        about: in which place of it, the same in each conversation.
        text: what it reads.
        structure: the same as data, where there is such.
    """

    surface: str
    about: str
    text: str
    structure: Any = None


def settings_in(folder: Path, **more: Any) -> Settings:
    """Return the settings of a server that writes everything it can write into a folder."""
    return Settings(
        **{
            **UNHURRIED,
            "confirm": "writes",
            "store": folder / "store.sqlite3",
            "audit_log": folder / "audit.log",
            "patience": 1.0,
            **more,
        }
    )


def commands(github: httpx.AsyncBaseTransport, folder: Path) -> list[Said]:
    """Run the commands, to files and to what stands in for a terminal."""
    said: list[Said] = []
    given: dict[str, Any] = {"credentials": FixedToken(ADMIN_TOKEN, "the test"), "transport": github}
    formats: tuple[Format, ...] = ("markdown", "csv", "json", "html")
    for form in formats:
        file = folder / f"report.{form}"
        with terminal() as told:
            run_report(settings_in(folder), ReportWanted(None, NOON, form, file), **given)
            run_report(settings_in(folder), ReportWanted(None, None, form, None), **given)
        said.append(Said(form, "report to a file", text_in(file)))
        said.append(Said(form, "report to stdout", told()[0]))
        said.append(Said("terminal", f"report as {form}, stderr", told()[1]))
    for form in formats:
        with terminal() as told:
            run_report(settings_in(folder), ReportWanted(6, None, form, None), **given)
        said += [Said(form, "one campaign", told()[0]), Said("terminal words", f"one as {form}, stderr", told()[1])]
    with terminal() as told:
        run_report(settings_in(folder), ReportWanted(999, None, "csv", None), **given)
    said.append(Said("terminal words", "no campaign", "".join(told())))
    with terminal() as told:
        run_snapshot(settings_in(folder), **given)
    said.append(Said("terminal words", "snapshot", "".join(told())))
    kinds: tuple[AuditFormat, ...] = ("jsonl", "csv")
    for kind in kinds:
        with terminal() as told:
            run_audit(settings_in(folder), AuditWanted(None, kind, None))
        said.append(Said("json lines" if kind == "jsonl" else "csv", "audit", told()[0]))
    return said


@contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Write the log in both of its forms, every word of it, while the block runs."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging("debug", folder / "log.txt", "text")
        [plain] = root.handlers
        configure_logging("debug", folder / "log.json", "json")
        root.addHandler(plain)
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
        sys.excepthook = hook


class _Terminal(io.TextIOWrapper):
    """Takes what is written; nothing is drawn on it."""


@contextmanager
def terminal() -> Iterator[Any]:
    """Take what is written to stdout and stderr while the block runs; yields what returns both."""
    taken = [_Terminal(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
    before = sys.stdout, sys.stderr

    def told() -> tuple[str, str]:
        for stream in taken:
            stream.flush()
        out, err = (cast("io.BytesIO", stream.buffer).getvalue().decode("utf-8") for stream in taken)
        return out, err

    sys.stdout, sys.stderr = taken
    try:
        yield told
    finally:
        sys.stdout, sys.stderr = before


def text_in(file: Path) -> str:
    return file.read_bytes().decode() if file.exists() else ""
