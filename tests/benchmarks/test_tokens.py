"""The benchmark of tokens: that it counts what it says it counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import ALIKE, measured, read_peers
from benchmarks.token_counts import CHARACTERS_A_TOKEN, Size, added, definition
from benchmarks.tokens_report import section, tables
from benchmarks.tokens_runs import Results, run
from server.app import build_server
from server.settings import Settings
from tests.prompts import test_wording
from tests.server import test_protocol

PEERS = {name for alike in ALIKE.values() for name in alike}


class Counter:
    """Counts a token for every four characters, and keeps the texts."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def __call__(self, texts: Mapping[str, str]) -> dict[str, Size]:
        self.texts |= texts
        return {name: Size(len(text), len(text) // 4) for name, text in texts.items()}


def told(counter: Counter, name: str) -> dict[str, Any]:
    """The JSON of this project's answer, below the sentence that some begin with."""
    found: dict[str, Any] = json.loads(counter.texts[f"ours {name}"].splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def counter() -> Counter:
    return Counter()


@pytest.fixture(scope="module")
def results(counter: Counter) -> Results:
    return run(counter)


def test_the_rule_is_that_of_the_budgets() -> None:
    assert CHARACTERS_A_TOKEN == test_protocol.CHARACTERS_A_TOKEN == test_wording.CHARACTERS_A_TOKEN
    assert Size(characters=450, tokens=1).reckoned == 100


def test_a_model_is_given_name_description_and_arguments_and_nothing_else() -> None:
    tool = {"name": "ä", "title": "T", "description": "d", "inputSchema": {"type": "object"}, "annotations": {}}
    assert definition(tool) == '{"name":"ä","description":"d","inputSchema":{"type":"object"}}'


@pytest.mark.anyio
async def test_every_tool_is_counted_as_a_client_gets_it(results: Results, counter: Counter) -> None:
    listed = await build_server(Settings()).list_tools()
    assert list(results.definitions) == [tool.name for tool in listed]
    for tool in listed:
        sent = json.loads(counter.texts[f"sent {tool.name}"])
        assert {"title", "annotations", "outputSchema"} <= set(sent)
        assert (
            json.loads(counter.texts[f"given {tool.name}"])["inputSchema"] == sent["inputSchema"] == tool.input_schema
        )
        assert results.definitions[tool.name].given.characters < results.definitions[tool.name].sent.characters


@pytest.mark.parametrize(
    ("name", "pages", "entries"),
    [("all 6 campaigns", 1, 6), ("a page of 25 alerts", 1, 25), ("all 267 open alerts", 3, 267)],
)
def test_github_s_json_is_as_much_as_its_name_says(
    results: Results, counter: Counter, name: str, pages: int, entries: int
) -> None:
    bodies = [text for key, text in counter.texts.items() if key.startswith("GitHub ") and key.endswith(f" {name}")]
    assert len(bodies) == pages
    numbers = [(each.get("repository", {}).get("id"), each["number"]) for body in bodies for each in json.loads(body)]
    assert len(set(numbers)) == entries
    assert results.answers[name][0].characters == sum(len(body) for body in bodies)


def test_this_project_answers_the_same_questions(results: Results, counter: Counter) -> None:
    assert len(told(counter, "all 6 campaigns")["campaigns"]) == 6
    assert told(counter, "one campaign")["number"] == 3
    assert json.loads(counter.texts["GitHub 0 one campaign"])["number"] == 3
    assert len(told(counter, "a page of 25 alerts")["alerts"]) == 25
    assert told(counter, "all 267 open alerts")["counts"]["total"] == 267
    assert {size.characters for _, size in results.answers.values()} == {
        len(text) for name, text in counter.texts.items() if name.startswith("ours ")
    }


def test_every_tool_stands_beside_a_peer_except_the_one_that_is_like_none(results: Results) -> None:
    assert {name for ours in ALIKE for name in ours} == set(results.definitions) - {"report_progress"}
    assert set(read_peers().tools) == PEERS


def test_a_comparison_adds_up_both_sides(results: Results) -> None:
    mine = added(*(results.definitions[name].given for name in ("create_campaign", "update_campaign")))
    other = results.peers.tools["issue_write"]
    row = next(line for line in tables(results).splitlines() if "there issue_write" in line)
    assert row.endswith(f"| {other.tokens} | {mine.tokens / other.tokens:.2f} |")
    assert f"| {mine.characters:,} | {mine.tokens:,} |" in row


def test_the_section_tells_of_which_commit_the_peers_are(results: Results) -> None:
    told = section(results, "0.3")
    assert told.startswith("## Tokens\n")
    assert f"version {results.peers.version}, commit `{results.peers.commit[:12]}`" in told


def test_peers_are_measured_out_of_their_snapshots_without_annotations(tmp_path: Path) -> None:
    folder = tmp_path / "pkg/github/__toolsnaps__"
    folder.mkdir(parents=True)
    for name in PEERS:
        snapshot = {"annotations": {"title": "long " * 50}, "description": "d", "inputSchema": {}, "name": name}
        (folder / f"{name}.snap").write_text(json.dumps(snapshot, indent=2))
    found = measured(tmp_path, Counter())
    assert set(found) == PEERS
    size = found["issue_write"]
    assert size.characters == len('{"name":"issue_write","description":"d","inputSchema":{}}')
