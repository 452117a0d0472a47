"""The demo tells the truth: it ends with 0 when every step did what it says, and not otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from mcp_types import CallToolResult

from server import demo


def test_the_demo_plays_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run_demo() == 0
    told = capsys.readouterr().out
    for step in range(1, 10):
        assert f"\n{step}. " in told
    assert "was not deleted." in told
    assert "Deleted octo-org/7" in told


# What a server would say that claims to have written and has not, by tool; dry runs stay real.
CLAIMS: dict[str, dict[str, Any]] = {
    "create_campaign": {"summary": "Published.", "campaign": {"number": 4}},
    "update_campaign": {
        "summary": "Closed.",
        "campaign": {"state": "open"},
        "changes": {"ends_at": {"before": "2001-01-01T00:00:00Z", "after": "2001-01-01T00:00:00Z"}},
    },
    "delete_campaign": {"summary": "Deleted."},
}


@pytest.mark.parametrize("tool", CLAIMS)
def test_the_demo_fails_when_a_write_is_only_claimed(
    tool: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = demo.Demo._result

    async def claimed(self: demo.Demo, name: str, arguments: dict[str, Any], *, quiet: bool) -> CallToolResult:
        if name != tool or arguments.get("dry_run"):
            return await real(self, name, arguments, quiet=quiet)
        return CallToolResult(content=[], structured_content=CLAIMS[name])

    monkeypatch.setattr(demo.Demo, "_result", claimed)
    assert demo.run_demo() == 1
    assert "The demo failed:" in capsys.readouterr().err
