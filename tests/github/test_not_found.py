"""A 404 is looked into, one step wider; when that look fails, GitHub's own refusal is what is told."""

from __future__ import annotations

import pytest

from server.errors import NotFound
from tests.github.scripted import Script, Waits, make_campaigns, told

pytestmark = pytest.mark.anyio


async def test_when_the_wider_look_fails_the_refusal_stays(waits: Waits) -> None:
    script = Script(told(404, {}), told(422, {}))
    with pytest.raises(NotFound, match='GitHub answers "not found" for campaign octo-org/99'):
        await make_campaigns(script, waits).get("octo-org", 99)
    assert script.lines == ["GET /orgs/octo-org/campaigns/99", "GET /orgs/octo-org/campaigns?per_page=1"]


async def test_at_most_two_wider_looks_are_made(waits: Waits) -> None:
    script = Script(told(404, {}), told(404, {}), told(404, {}))
    with pytest.raises(NotFound, match="There is no organization octo-org"):
        await make_campaigns(script, waits).get("octo-org", 99)
    assert script.lines[2:] == ["GET /orgs/octo-org"]
