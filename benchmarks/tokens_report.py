"""The counts as Markdown, and the section of the document around them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import ALIKE
from benchmarks.report import table, versions
from benchmarks.sections import filled
from benchmarks.token_counts import CHARACTERS_A_TOKEN, Size, added
from benchmarks.tokens_runs import Results

HEADING = "## Tokens"
_TEXT = Path(__file__).with_name("tokens.md")


def tables(results: Results) -> str:
    """Return the tables."""
    return "\n".join((*_definitions(results), *_beside(results), *_answers(results))).rstrip()


def section(results: Results, load: str) -> str:  # noqa: ARG001 - how busy the machine is changes no count
    """Return the section of the document."""
    given = added(*(each.given for each in results.definitions.values()))
    sent = added(*(each.sent for each in results.definitions.values()))
    facts = {
        "rule": f"{CHARACTERS_A_TOKEN:g}",
        "definitions": f"{given.characters / given.tokens:.1f}",
        "github": _a_token([github for github, _ in results.answers.values()]),
        "ours": _a_token([ours for _, ours in results.answers.values()]),
        "more": f"{sent.tokens / given.tokens:.1f}",
        "peer": f"{results.peers.version}, commit `{results.peers.commit[:12]}`",
        "versions": versions("mcp"),
        "tables": tables(results),
    }
    return f"{HEADING}\n\n{filled(_TEXT, facts)}"


def _definitions(results: Results) -> list[str]:
    rows = [(name, *_figures(each.given), f"{each.sent.tokens:,}") for name, each in results.definitions.items()]
    given = added(*(each.given for each in results.definitions.values()))
    sent = added(*(each.sent for each in results.definitions.values()))
    rows.append(("all tools", *_figures(given), f"{sent.tokens:,}"))
    rows.append(("the server's instructions", *_figures(results.instructions), f"{results.instructions.tokens:,}"))
    heads = ("what", "characters", "tokens", "tokens by the budgets' rule", "tokens of all that is sent")
    return ["### Definitions", "", *table(heads, rows)]


def _beside(results: Results) -> list[str]:
    pairs = []
    for ours, theirs in ALIKE.items():
        mine = added(*(results.definitions[name].given for name in ours))
        other = added(*(results.peers.tools[name] for name in theirs))
        pairs.append((" and ".join(ours), mine, " and ".join(theirs), other))
    pairs.append(("all of these", added(*(pair[1] for pair in pairs)), "", added(*(pair[3] for pair in pairs))))
    rows = [
        (
            f"{ours}; there {theirs}" if theirs else ours,
            f"{mine.characters:,}",
            f"{mine.tokens:,}",
            f"{other.characters:,}",
            f"{other.tokens:,}",
            f"{mine.tokens / other.tokens:.2f}",
        )
        for ours, mine, theirs, other in pairs
    ]
    heads = ("tools", "characters here", "tokens here", "characters there", "tokens there", "here, times there")
    return ["### Beside github-mcp-server's tools", "", *table(heads, rows)]


def _answers(results: Results) -> list[str]:
    rows = [
        (
            name,
            f"{github.characters:,}",
            f"{github.tokens:,}",
            *_figures(ours),
            f"{ours.tokens / github.tokens:.1%}",
        )
        for name, (github, ours) in results.answers.items()
    ]
    heads = (
        "answer",
        "GitHub's JSON, characters",
        "tokens",
        "this project's, characters",
        "tokens",
        "tokens by the budgets' rule",
        "of GitHub's tokens",
    )
    return ["### Answers", "", *table(heads, rows)]


def _figures(size: Size) -> tuple[str, str, str]:
    return f"{size.characters:,}", f"{size.tokens:,}", f"{size.reckoned:,}"


def _a_token(sizes: list[Size]) -> str:
    """Return how many characters a token has, from text to text."""
    shares = sorted(size.characters / size.tokens for size in sizes)
    return f"{shares[0]:.1f} to {shares[-1]:.1f}"
