"""The options that only `setup` takes."""

from __future__ import annotations

import argparse


def add_setup_options(setup: argparse.ArgumentParser) -> None:
    """Let a parser take them. `--command` goes by the name `start_with`, since a subcommand is `command`."""
    setup.add_argument(
        "client",
        nargs="?",
        metavar="CLIENT",
        help="vscode, cursor, claude-desktop, claude-code, codex or gemini; text to paste for opencode, windsurf, zed "
        "and jetbrains",
    )
    way = setup.add_mutually_exclusive_group()
    way.add_argument("--list", action="store_true", help="tell which clients are on this machine and set up")
    way.add_argument("--print", action="store_true", dest="print_only", help="only print the text to paste")
    way.add_argument("--yes", action="store_true", help="write without asking")
    setup.add_argument(
        "--scope",
        choices=("user", "project"),
        default="user",
        help="for you everywhere, or for everybody in the project you are in (default: user)",
    )
    setup.add_argument(
        "--token-from",
        choices=("env", "ask", "gh"),
        help="the variable GITHUB_TOKEN, a question that the client asks, or the GitHub CLI (default: env; for vscode "
        "ask)",
    )
    setup.add_argument(
        "--command",
        dest="start_with",
        metavar="COMMAND",
        help="what starts the server, in a shell's words (default: what was started now)",
    )
