"""The alerts that a campaign was published with are kept. A store that fails costs that, never the campaign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from server.settings import Settings
from server.store.records import KeptAlert, Publication, PublishedAlerts
from server.store.store import Store
from tests.harness import ORG, Sent, accept, connected, open_pairs
from tests.store.samples import rows
from tests.tools.expected import NOON, frozen, shown

pytestmark = pytest.mark.anyio

LIST = f"/orgs/{ORG}/campaigns"
FIELDS = {"name": "Stop XSS in payments", "description": "Encode what you print.", "ends_at": "2099-01-08"}
WANTED = {"template": "cross-site-scripting", "repositories": ["payments-*"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.sqlite3"


async def kept(path: Path, number: int = 7) -> PublishedAlerts | None:
    return await Store.from_settings(Settings(store=path)).alerts_of(ORG, number)


async def test_the_alerts_of_a_filter_are_kept_with_what_was_known_of_them(era: str, path: Path) -> None:
    async with connected(era, sandbox=frozen(), store=path) as case:
        done = await case.done("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    found = await kept(path)
    assert found is not None
    sent = [
        (pair["repository_id"], number)
        for pair in case.writes[0].body["code_scanning_alerts"]
        for number in pair["alert_numbers"]
    ]
    assert [(alert.repository_id, alert.alert_number) for alert in found.alerts] == sent
    assert {alert.repository for alert in found.alerts} == {"payments-web", "payments-admin", "payments-api"}
    assert {alert.severity for alert in found.alerts} == {"high", "medium"}
    assert found.publication.name == FIELDS["name"]
    assert found.publication.account == "octo-bot"
    assert json.loads(found.publication.filter or "") == WANTED
    assert "notes" not in done


async def test_alerts_given_by_number_are_kept_as_numbers(era: str, path: Path) -> None:
    sandbox = frozen()
    alerts = open_pairs(sandbox)
    async with connected(era, sandbox=sandbox, store=path) as case:
        await case.done("create_campaign", **FIELDS, alerts=alerts)
    found = await kept(path)
    assert found is not None
    assert found.alerts == tuple(
        sorted(KeptAlert(pair["repository_id"], number) for pair in alerts for number in pair["alert_numbers"])
    )
    assert found.publication.filter is None


async def test_a_preview_keeps_nothing(path: Path) -> None:
    async with connected(sandbox=frozen(), store=path) as case:
        await case.done("create_campaign", **FIELDS, filter=WANTED, dry_run=True)
        await case.done("find_alerts")
    assert not path.exists()


async def test_what_is_about_to_be_published_is_kept_before_the_request_leaves(path: Path) -> None:
    seen: list[Any] = []

    async def look(sent: Sent) -> httpx.Response | None:
        if sent.method == "POST":
            store = Store.from_settings(Settings(store=path))
            seen.extend(await store.unsettled(ORG, NOON.replace(hour=13)))
        return None

    async with connected(sandbox=frozen(), store=path) as case:
        case.recorder.hook = look
        await case.done("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    assert [(intent.name, intent.alert_count, intent.why) for intent in seen] == [(FIELDS["name"], 11, None)]
    assert await Store.from_settings(Settings(store=path)).unsettled(ORG, NOON.replace(hour=13)) == []


async def test_a_refused_campaign_leaves_nothing_to_settle(path: Path) -> None:
    async def refuse(sent: Sent) -> httpx.Response | None:
        return httpx.Response(422, json={"message": "Validation Failed"}) if sent.method == "POST" else None

    async with connected(sandbox=frozen(), store=path) as case:
        case.recorder.hook = refuse
        await case.refused("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    assert path.exists()
    assert await Store.from_settings(Settings(store=path)).unsettled(ORG, NOON.replace(hour=13)) == []
    assert await kept(path) is None


async def test_an_unknown_outcome_stays_to_be_settled(path: Path) -> None:
    async def lose(sent: Sent) -> httpx.Response | None:
        if sent.method == "POST":
            raise httpx.ReadTimeout("no answer")
        return None

    async with connected(sandbox=frozen(), store=path) as case:
        case.recorder.hook = lose
        await case.refused("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    unsettled = await Store.from_settings(Settings(store=path)).unsettled(ORG, NOON.replace(hour=13))
    assert [intent.name for intent in unsettled] == [FIELDS["name"]]
    assert unsettled[0].why


async def test_what_a_crash_left_open_is_settled_by_the_next_look(era: str, path: Path) -> None:
    sandbox = frozen()
    store = Store.from_settings(Settings(store=path))
    published = sandbox.state.campaign(ORG, 6)
    for name, ends_at in ((published.name, published.ends_at), ("Never came to be", published.ends_at)):
        alerts = (KeptAlert(41001, 1), KeptAlert(41001, 2))
        at = published.created_at
        await store.intend(Publication(org=ORG, kind="code", name=name, ends_at=ends_at, alerts=alerts, at=at))
    async with connected(era, sandbox=sandbox, store=path) as case:
        listed = await case.done("list_campaigns")
        again = await case.done("list_campaigns")
    found = await kept(path, 6)
    assert found is not None
    assert len(found.alerts) == 2
    assert "octo-org/6" in listed["note"]
    assert "octo-org/6" not in again["note"]
    assert await store.unsettled(ORG, NOON) == []


async def test_lists_that_follow_one_another_do_not_look_each_time_for_what_a_crash_left_open(
    era: str, path: Path
) -> None:
    sandbox = frozen()
    store = Store.from_settings(Settings(store=path))
    published = sandbox.state.campaign(ORG, 6)
    left_open = Publication(
        org=ORG,
        kind="code",
        name=published.name,
        ends_at=published.ends_at,
        alerts=(KeptAlert(41001, 1),),
        at=published.created_at,
    )
    async with connected(era, sandbox=sandbox, store=path) as case:
        await case.done("list_campaigns")
        await store.intend(left_open)
        again = await case.done("list_campaigns")
    assert "octo-org/6" not in again["note"]
    assert [intent.name for intent in await store.unsettled(ORG, NOON)] == [published.name]
    async with connected(era, sandbox=sandbox, store=path) as case:
        assert "octo-org/6" in (await case.done("list_campaigns"))["note"]


class _Elsewhere:
    """A place where no file can be."""

    @staticmethod
    def in_(tmp_path: Path) -> Path:
        (tmp_path / "file").write_text("no folder")
        return tmp_path / "file" / "store.sqlite3"


async def test_a_store_that_fails_costs_the_progress_by_repository_and_not_the_campaign(
    era: str, tmp_path: Path
) -> None:
    async with connected(era, sandbox=frozen(), store=_Elsewhere.in_(tmp_path)) as case:
        done = await case.done("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    assert done["campaign"]["number"] == 7
    assert len(case.writes) == 1
    assert [note.partition(":")[0] for note in done["notes"]] == [
        "Which alerts it holds could not be kept, and GitHub does not tell",
        "The audit record of this call could not be kept",  # and nothing of the trend, which it costs too
    ]
    for note in done["notes"]:
        assert "Traceback" not in note
        assert "sqlite3." not in note.replace("store.sqlite3", "")


async def test_a_store_that_comes_back_during_the_call_keeps_everything(tmp_path: Path) -> None:
    path = _Elsewhere.in_(tmp_path)

    async def mend(sent: Sent) -> httpx.Response | None:
        if sent.method == "POST":
            await anyio.Path(tmp_path / "file").unlink()
        return None

    async with connected(sandbox=frozen(), store=path) as case:
        case.recorder.hook = mend
        done = await case.done("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    found = await kept(path)
    assert found is not None
    assert len(found.alerts) == 11
    assert "notes" not in done


async def test_without_a_store_nothing_is_kept_and_nothing_is_said(
    era: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with connected(era, sandbox=frozen()) as case:
        done = await case.done("create_campaign", **await shown(case, **FIELDS, filter=WANTED))
    assert "notes" not in done
    assert list(tmp_path.iterdir()) == []


async def test_a_no_keeps_no_alerts(path: Path) -> None:
    async with connected(sandbox=frozen(), store=path, person=accept(go_ahead=False)) as case:
        await case.refused("create_campaign", **await shown(case, **FIELDS, filter=WANTED, generate_issues=True))
    assert rows(path, "SELECT count(*) FROM publication_alerts") == [(0,)]
    assert rows(path, "SELECT count(*) FROM publications") == [(0,)]
