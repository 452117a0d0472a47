"""A 404 is looked into, one step wider; when that look fails, GitHub's own refusal is what is told."""

from __future__ import annotations

import pytest

from server.errors import NotFound, PermissionMissing
from tests.github.scripted import Script, Waits, campaign, make_campaigns, told

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


@pytest.mark.parametrize("method", ["update", "delete"])
async def test_a_campaign_that_may_be_read_but_not_changed_is_not_called_missing(waits: Waits, method: str) -> None:
    script = Script(told(404, {}), told(200, campaign(3)))
    campaigns = make_campaigns(script, waits)
    with pytest.raises(PermissionMissing, match="may read campaign octo-org/3 but not change it"):
        await (
            campaigns.delete("octo-org", 3) if method == "delete" else campaigns.update("octo-org", 3, {"name": "x"})
        )
    assert script.lines[1:] == ["GET /orgs/octo-org/campaigns/3"]


async def test_a_campaign_that_cannot_be_published_though_others_can_be_read_keeps_githubs_refusal(
    waits: Waits,
) -> None:
    script = Script(told(404, {}), told(200, []))
    with pytest.raises(NotFound, match="Code scanning alerts: read"):
        await make_campaigns(script, waits).create("octo-org", {"name": "x"}, known=())
    assert script.lines == ["POST /orgs/octo-org/campaigns", "GET /orgs/octo-org/campaigns?per_page=1"]
