"""Agents that nobody here wrote list, publish and delete campaigns, at the word of a model that follows a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.agents.command_lines import AGENTS, CLAUDE_CODE, CODEX, GEMINI, Agent
from tests.agents.running import run
from tests.agents.script import Call, Results, Say, Turn
from tests.harness import Sent

TOOLS = {
    "list_campaigns",
    "get_campaign",
    "create_campaign",
    "update_campaign",
    "delete_campaign",
    "find_alerts",
    "report_progress",
}
CREATE = {
    "name": "Stop XSS",
    "description": "Escape what users typed before it reaches the page.",
    "ends_at": "2099-01-08",
    "filter": {"template": "cross-site-scripting"},
    "managers": ["mona-lisa"],
}
LAST = "All that was scripted is done."
DELETED = Sent("DELETE", "/orgs/octo-org/campaigns/3")
each_agent = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.client)


def with_its_preview(results: Results) -> Turn:
    """Publish what was shown, as the last result has it."""
    shown = re.search(r'preview\W+([0-9a-f]{16})"', results[-1])
    return Call("create_campaign", {**CREATE, "preview": shown.group(1)}) if shown else Say("No preview was shown.")


SCRIPT = (
    Call("list_campaigns", {"state": "open"}),
    Call("create_campaign", {**CREATE, "dry_run": True}),
    with_its_preview,
    Call("delete_campaign", {"campaign_number": 3}),
    Say(LAST),
)


def published(write: Sent) -> bool:
    body = write.body
    counted = sum(len(alerts["alert_numbers"]) for alerts in body["code_scanning_alerts"])
    return (write.method, write.path, body["name"], counted) == ("POST", "/orgs/octo-org/campaigns", "Stop XSS", 28)


@each_agent
def test_where_no_confirmation_is_wanted_an_agent_lists_publishes_and_deletes(agent: Agent, tmp_path: Path) -> None:
    ended = run(agent, tmp_path, SCRIPT, "--confirm", "never")
    listed, shown, created, deleted = ended.results(4)
    assert {name for name in TOOLS for tool in ended.asked[0].offered if tool.name.endswith(name)} == TOOLS
    assert "Path traversal" in listed
    assert "with 28 alerts in 12 repositories" in shown
    assert "Published 28 alerts in 12 repositories as campaign 7" in created
    assert "Deleted octo-org/3" in deleted
    assert LAST in ended.said
    create, *others = ended.writes
    assert published(create)
    assert others == [DELETED]


@pytest.mark.parametrize(
    ("agent", "era", "refusal"),
    [
        pytest.param(CLAUDE_CODE, "2026-07-28", "Not confirmed (left without an answer).", id="claude-code"),
        pytest.param(CODEX, "2025-06-18", "Not confirmed (declined).", id="codex"),
        pytest.param(
            GEMINI,
            "2025-06-18",
            "Deleting needs a person's confirmation, and this client cannot ask for one. "
            "Delete it at https://github.com/orgs/octo-org/security/campaigns/3,",
            id="gemini",
        ),
    ],
)
def test_with_nobody_at_the_terminal_an_agent_deletes_nothing_and_its_model_reads_why(
    agent: Agent, era: str, refusal: str, tmp_path: Path
) -> None:
    ended = run(agent, tmp_path, SCRIPT)
    assert ended.era() == era
    *_, created, refused = ended.results(4)
    assert "Published 28 alerts" in created
    assert refusal in refused
    assert "Campaign 3 was not deleted." in refused
    (create,) = ended.writes
    assert published(create)
    assert LAST in ended.said
