"""The command line. Without a subcommand it serves MCP over stdio."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from server.errors import ConfigurationError
from server.logs import configure_logging
from server.options import add_options, read_options, settings_from
from server.settings import Settings
from server.streams import NotPrinted, print_whole, say

if TYPE_CHECKING:
    import httpx

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_EPILOG = "Most options have an environment variable, named in brackets; what is typed wins."


def parser() -> argparse.ArgumentParser:
    """Return the parser for the whole command line."""
    whole = argparse.ArgumentParser(
        prog="security-campaigns-mcp",
        description="An MCP server that runs GitHub security campaigns. Without a command it serves over stdio.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="store_true", help="print the version")
    add_options(whole)
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    doctor = commands.add_parser("doctor", help="check credentials, permissions and GitHub", allow_abbrev=False)
    add_options(doctor)
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_options(commands.add_parser("snapshot", help="keep a reading of every open campaign", **_about(_SNAPSHOT)))
    about = _about(_REPORT, _LAST_REPORT + _EPILOG)
    _add_report(commands.add_parser("report", help="report how campaigns are going", **about))
    commands.add_parser("demo", help="play a guided session in the sandbox", allow_abbrev=False)
    commands.add_parser("version", help="print the version", allow_abbrev=False)
    return whole


_SNAPSHOT = """%(prog)s [OPTION ...]

Read every open campaign once and keep its counts, from which reports tell pace
and forecast; once a day is enough.

Which organizations: the one of --org, otherwise each --allow-org.

Ends with 1 when something could not be read or kept, and with 2 for wrong
usage, or when no organization can be read as this is configured.
"""
_REPORT = """%(prog)s [--campaign NUMBER] [--since WHEN] [--format FORMAT] [-o FILE] [OPTION ...]

Report how campaigns are going: status, pace, forecast, burndown. Their counts
are kept, as by snapshot.

Which organizations: the one of --org, otherwise each --allow-org.

  %(prog)s --org octo-org --since last_report
  %(prog)s --org octo-org --campaign 3 --format html -o xss.html

Ends with 1 when nothing could be read or the report not be written, and with 2
for wrong usage or configuration.
"""
_LAST_REPORT = """\
Every report on all campaigns of an organization counts as its last one, an
assistant's too, once it is written. So of two right after each other, in two
formats say, the second tells no change. A date asks for the same week however
often: --since 2027-01-08.

"""


def _about(text: str, epilog: str = _EPILOG) -> dict[str, Any]:
    """Return what makes the help of a command begin with a text, whose first line is the usage, and how it ends."""
    usage, _, description = text.partition("\n")
    return {
        "usage": usage,
        "description": description.strip(),
        "epilog": epilog,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument("--campaign", metavar="NUMBER", help="only this one, open or closed (default: every open one)")
    report.add_argument(
        "--since",
        metavar="WHEN",
        help="also tell what was closed since then: 2027-01-08, a time such as 2027-01-08T17:00:00Z, or last_report "
        "for the report on all campaigns before this one",
    )
    report.add_argument(
        "--format",
        choices=("html", "markdown", "csv", "json"),
        default="markdown",
        help="html is a page with burndowns that needs no network, markdown is for an issue or a chat "
        "(default: markdown)",
    )
    report.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write this file, which only you can read, instead of to stdout (-)",
    )
    add_options(report)


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run the command line.

    Returns:
        The exit status: 0 for success, 1 when something did not work, 2 for wrong usage or configuration.
    """
    given = vars(parser().parse_args(arguments))
    command = "version" if given.pop("version") else given.pop("command")
    try:
        match command:
            case "version":
                return _version()
            case "demo":
                from server.demo import run_demo  # noqa: PLC0415 - a plain start must not pay for it

                return run_demo()
            case _:
                values = read_options(given, environ)
                configure_logging(values.pop("log_level", "warning"), values.pop("log_file", None))
                settings = settings_from(values)
                return _run(command, settings, given, environ)
    except (ConfigurationError, NotPrinted) as error:
        say(str(error))
        return 1 if isinstance(error, NotPrinted) else 2
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `demo | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _version() -> int:
    from server.version import server_version  # noqa: PLC0415 - a plain start must not pay for it

    print_whole(f"security-campaigns-mcp {server_version()}\n")
    return 0


def _run(command: str | None, settings: Settings, given: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Run what needs settings."""
    match command:
        case "doctor":
            return _doctor(settings, environ, as_json=given["json"])
        case "snapshot" | "report":
            from server import commands  # noqa: PLC0415 - a plain start must not pay for them

            transport = _sandbox_transport(settings)
            if command == "snapshot":
                return commands.run_snapshot(settings, transport=transport)
            return commands.run_report(settings, commands.report_wanted(given), transport=transport)
        case _:
            return _serve(settings)


def _serve(settings: Settings) -> int:
    from server.app import build_server  # noqa: PLC0415 - `--help` and `version` must not pay for it

    if sys.stdin is not None and sys.stdin.isatty():
        print(  # noqa: T201 - for the person at the terminal; stdout belongs to the protocol
            "Serving MCP over stdio, for a client to start; `security-campaigns-mcp demo` shows what it does. "
            "Stop with Ctrl-C.",
            file=sys.stderr,
        )
    build_server(settings, transport=_sandbox_transport(settings)).run("stdio")
    return 0


def _doctor(settings: Settings, environ: Mapping[str, str], *, as_json: bool) -> int:
    import anyio  # noqa: PLC0415 - a plain start must not pay for the doctor

    from server import doctor  # noqa: PLC0415 - likewise

    async def examine() -> list[doctor.Finding]:
        return await doctor.run_doctor(settings, environ=environ, transport=_sandbox_transport(settings))

    findings = anyio.run(examine)
    colored = sys.stdout is not None and sys.stdout.isatty()
    print_whole(f"{doctor.as_json(findings) if as_json else doctor.render(findings, color=colored)}\n")
    return doctor.exit_status(findings)


def _sandbox_transport(settings: Settings) -> httpx.AsyncBaseTransport | None:
    """Return what carries requests to the sandbox instead of the network, if that is what is wanted."""
    if not settings.sandbox:
        return None
    import httpx  # noqa: PLC0415 - only the sandbox needs these here

    from server.sandbox.app import create_sandbox  # noqa: PLC0415 - likewise
    from server.sandbox.options import SandboxOptions  # noqa: PLC0415 - likewise

    options = SandboxOptions(alerts=settings.sandbox_alerts)
    return httpx.ASGITransport(app=create_sandbox(options))
