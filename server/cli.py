"""The command line. Without a subcommand it serves MCP over stdio."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from server.errors import ConfigurationError
from server.logs import announce, configure_logging
from server.options import add_options, read_options, settings_from
from server.settings import Settings
from server.starting import nothing_collected
from server.streams import NotPrinted, print_whole, say

if TYPE_CHECKING:
    import httpx

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_EPILOG = "Most options have an environment variable, named in brackets; what is typed wins."


def parser(typed: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Return the parser for the whole command line.

    Args:
        typed: what is to be parsed: only a command that it names gets its options, since all of them together take a
            plain start longer than everything else here. By default each gets them.
    """
    whole = argparse.ArgumentParser(
        prog="security-campaigns-mcp",
        description="An MCP server that runs GitHub security campaigns. Without a command it serves over stdio.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="store_true", help="print the version")
    add_options(whole)
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(name: str, about: str, options: Callable[[argparse.ArgumentParser], None] | None, **more: Any) -> None:
        command = commands.add_parser(name, help=about, **{"allow_abbrev": False, **more})
        if options is not None and (typed is None or name in typed):
            options(command)

    add("doctor", "check credentials, permissions and GitHub", _add_doctor)
    add("snapshot", "keep a reading of every open campaign", add_options, **_about(_SNAPSHOT))
    add("report", "report how campaigns are going", _add_report, **_about(_REPORT, _LAST_REPORT + _EPILOG))
    add("audit", "show the record of attempted writes", _add_audit)
    add("serve", "serve MCP over HTTP, for a team", _add_serve)
    add("token", "make static tokens for `serve --tokens`", _add_token)
    add("setup", "make a client start this server", _add_setup, **_about(_SETUP, ""))
    add("demo", "play a guided session in the sandbox", None)
    add("version", "print the version", None)
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
_SETUP = """%(prog)s CLIENT [--org ORG] [--scope project] [OPTION ...]

Write this server into the configuration of a client: the change is shown first,
a yes is asked for, and what was there before is kept beside it. No token is
ever written.

  %(prog)s --list
  %(prog)s claude-code --sandbox
  %(prog)s vscode --org octo-org --scope project

The options of the server are written down as they are typed here; their
environment variables do not count.

Ends with 1 when the configuration is not as wanted, and with 2 for wrong usage.
"""


def _about(text: str, epilog: str = _EPILOG) -> dict[str, Any]:
    """Return what makes the help of a command begin with a text, whose first line is the usage, and how it ends."""
    usage, _, description = text.partition("\n")
    return {
        "usage": usage,
        "description": description.strip(),
        "epilog": epilog,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def _add_doctor(doctor: argparse.ArgumentParser) -> None:
    add_options(doctor)
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")


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


def _add_audit(audit: argparse.ArgumentParser) -> None:
    add_options(audit)
    audit.add_argument("--since", metavar="DATE", help="only what was attempted then or later")
    audit.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="default: jsonl")
    audit.add_argument("-o", "--output", metavar="FILE", help="write a file that only you can read")


def _add_serve(serve: argparse.ArgumentParser) -> None:
    from server.http.options import SERVE_OPTIONS  # noqa: PLC0415 - only for a command line that names a command

    add_options(serve, SERVE_OPTIONS)
    add_options(serve)


def _add_token(token: argparse.ArgumentParser) -> None:
    new = token.add_subparsers(dest="token_command", metavar="COMMAND", required=True).add_parser(
        "new", help="make a token, print it once and keep its hash", allow_abbrev=False
    )
    new.add_argument("--name", required=True, help="who will use it")
    new.add_argument("--scope", required=True, action="append", help="campaigns:read or campaigns:write; repeatable")
    new.add_argument("--org", action="append", help="an organization that may be named with it; repeatable")
    new.add_argument("--days", default="90", help="how many days it is good for, 1 to 366 (default: 90)")
    new.add_argument("--file", required=True, help="the file of tokens, which is made if need be")


def _add_setup(setup: argparse.ArgumentParser) -> None:
    from server.setup.options import add_setup_options  # noqa: PLC0415 - only for a command line that names a command

    add_setup_options(setup)
    add_options(setup)


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run the command line.

    Returns:
        The exit status: 0 for success, 1 when something did not work, 2 for wrong usage or configuration.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    given = vars(parser(typed).parse_args(typed))
    command = "version" if given.pop("version") else given.pop("command")
    try:
        return _run(command, given, environ)
    except NotPrinted as error:
        say(str(error))
        return 1
    except ConfigurationError as error:
        announce(f"security-campaigns-mcp: {error}", logging.ERROR)
        return 2
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `demo | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _version() -> int:
    from server.version import server_version  # noqa: PLC0415 - a plain start must not pay for it

    print_whole(f"security-campaigns-mcp {server_version()}\n")
    return 0


def _run(command: str | None, given: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    match command:
        case "version":
            return _version()
        case "demo":
            from server.demo import run_demo  # noqa: PLC0415 - a plain start must not pay for it

            return run_demo()
        case "token":
            from server.signin.issuing import run_token_new  # noqa: PLC0415 - likewise

            return run_token_new(given)
        case "setup":
            from server.setup.command import run_setup  # noqa: PLC0415 - likewise

            return run_setup(given, environ)
        case _:
            values = read_options(given, environ)
            configure_logging(
                values.pop("log_level", "warning"), values.pop("log_file", None), values.pop("log_format", "text")
            )
            return _run_with(settings_from(values), command, given, environ)


def _run_with(settings: Settings, command: str | None, given: Mapping[str, Any], environ: Mapping[str, str]) -> int:
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
        case "audit":
            from server.audit_command import audit_wanted, run_audit  # noqa: PLC0415 - likewise

            return run_audit(settings, audit_wanted(given))
        case "serve":
            from server.http.options import serve_settings  # noqa: PLC0415 - a plain start must not pay for the service
            from server.http.serving import run_service  # noqa: PLC0415 - likewise
            from server.telemetry import traced  # noqa: PLC0415 - likewise

            with traced(environ):
                return run_service(settings, serve_settings(given, environ), transport=_sandbox_transport(settings))
        case _:
            return _serve(settings, environ)


def _serve(settings: Settings, environ: Mapping[str, str]) -> int:
    if sys.stdin is not None and sys.stdin.isatty():
        print(  # noqa: T201 - for the person at the terminal; stdout belongs to the protocol
            "Serving MCP over stdio, for a client to start; `security-campaigns-mcp demo` shows what it does. "
            "Stop with Ctrl-C.",
            file=sys.stderr,
        )
    with nothing_collected():
        import anyio  # noqa: PLC0415 - `--help` and `version` must not pay for it

        from server.app import build_server  # noqa: PLC0415 - likewise
        from server.stdio import serve_stdio  # noqa: PLC0415 - likewise
        from server.telemetry import traced  # noqa: PLC0415 - likewise

        server = build_server(settings, transport=_sandbox_transport(settings))
    # Hosts hand on variables that are meant for themselves, so that without the extra nobody is warned.
    with traced(environ, missing=logging.INFO):
        anyio.run(serve_stdio, server)
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
