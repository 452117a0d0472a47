"""Records of attempted writes: what is kept, how they end, and in which order they come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from server.domain.audit import AuditRecord
from server.domain.audit_settling import Ending
from server.errors import StoreFailed
from server.store.store import Store
from tests.store.samples import AT, CREATED, HOST, LATER, PUBLICATION, campaign, rows, store_at

pytestmark = pytest.mark.anyio

DELETION = AuditRecord(
    org="Octo-Org",
    tool="delete_campaign",
    at=AT,
    campaign_number=7,
    caller="Anna",
    caller_subject="user-1",
    caller_issuer="https://issuer.example",
    account="mona-lisa",
    confirmation="typed",
    before={"name": "Stop the XSS \N{GREEK SMALL LETTER ALPHA}\0", "managers": ["mona-lisa"]},
)
SETTLED = Ending("done", "As found later: the campaign is gone.")


def attempt(at: datetime = AT, **changes: Any) -> AuditRecord:
    """Return a record of its own."""
    return AuditRecord(**{"org": "octo-org", "tool": "delete_campaign", "at": at, "campaign_number": 7, **changes})


async def kept(store: Store, org: str | None = None, **bounds: Any) -> list[AuditRecord]:
    return [record async for page in store.audit.records(org, **bounds) for record in page]


async def test_a_record_comes_back_as_it_was_written(store: Store) -> None:
    await store.audit.attempt(DELETION)
    assert await kept(store) == [DELETION]
    ended = DELETION.ended("done", LATER, status=204, request_id="AB12:34", after={"gone": True})
    await store.audit.ended(ended)
    assert await kept(store) == [ended]


async def test_what_was_never_begun_is_written_whole_at_its_end(store: Store) -> None:
    refused = DELETION.ended("refused", AT, why="Not confirmed (declined).")
    await store.audit.ended(refused)
    assert await kept(store) == [refused]


async def test_an_ending_is_written_though_the_call_is_cancelled(store: Store) -> None:
    await store.audit.attempt(DELETION)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.audit.ended(DELETION.ended("done", LATER))
    assert [record.outcome for record in await kept(store)] == ["done"]


async def test_records_come_in_the_order_in_which_they_began_however_many(store: Store) -> None:
    records = [attempt(AT + timedelta(milliseconds=number // 2), why=str(number)) for number in range(25)]
    for record in reversed(records):
        await store.audit.ended(record.ended("refused", AT))
    pages = [page async for page in store.audit.records(page=4)]
    assert [len(page) for page in pages] == [4] * 6 + [1]
    found = [record.key for page in pages for record in page]
    assert found == [record.key for record in sorted(records, key=lambda each: (each.at, each.key))]


async def test_records_are_found_by_organization_and_time(store: Store, place: Path | str) -> None:
    early, late, other = attempt(), attempt(LATER), attempt(LATER, org="other-org")
    for record in (early, late, other):
        await store.audit.attempt(record)
    await store_at(place, "api.octo.ghe.com").audit.attempt(attempt(org="octo-org"))
    assert [each.key for each in await kept(store, "OCTO-ORG")] == [early.key, late.key]
    assert [each.key for each in await kept(store, since=LATER, org="octo-org")] == [late.key]
    assert [each.key for each in await kept(store, until=LATER)] == [early.key]
    assert {each.key for each in await kept(store)} == {early.key, late.key, other.key}


@pytest.mark.parametrize(
    ("age", "due"), [(119, False), (120, True), (30 * 86400 - 1, True), (30 * 86400, False)], ids=str
)
@pytest.mark.parametrize("outcome", ["intended", "unknown"])
async def test_what_has_no_outcome_is_due_after_two_minutes_and_for_thirty_days(
    store: Store, age: int, due: bool, outcome: str
) -> None:
    record = attempt()
    await store.audit.attempt(record)
    if outcome == "unknown":
        await store.audit.ended(record.ended("unknown", AT))
    found = await store.audit.unsettled("octo-org", AT + timedelta(seconds=age))
    assert [each.key for each in found] == ([record.key] if due else [])


@pytest.mark.parametrize("outcome", ["done", "refused", "failed"])
async def test_what_has_an_outcome_is_never_due(store: Store, outcome: Any) -> None:
    await store.audit.ended(attempt().ended(outcome, AT))
    assert await store.audit.unsettled("octo-org", LATER) == []


async def test_what_was_settled_stays_so_and_is_not_looked_at_again(store: Store) -> None:
    record = attempt()
    await store.audit.attempt(record)
    assert await store.audit.settle(record.key, SETTLED, LATER)
    assert not await store.audit.settle(record.key, Ending("failed", "As found later: it is still there."), LATER)
    await store.audit.ended(record.ended("unknown", LATER, why="no answer"))
    [found] = await kept(store)
    assert (found.outcome, found.why, found.ended_at) == ("done", SETTLED.why, LATER)
    assert await store.audit.unsettled("octo-org", LATER) == []


async def test_what_stays_unknown_after_a_look_is_not_looked_at_again(store: Store) -> None:
    record = attempt()
    await store.audit.attempt(record)
    assert await store.audit.settle(record.key, Ending("unknown", "Looked at later: nobody can tell."), LATER)
    assert await store.audit.unsettled("octo-org", LATER) == []


async def test_who_made_the_write_knows_better_than_who_looked_later(store: Store) -> None:
    record = attempt()
    await store.audit.attempt(record)
    await store.audit.settle(record.key, Ending("failed", "As found later: it is still there."), LATER)
    await store.audit.ended(record.ended("done", LATER, status=204))
    assert [(each.outcome, each.status) for each in await kept(store)] == [("done", 204)]


@pytest.mark.parametrize("became", ["published", "abandoned", "unknown"])
async def test_a_creation_ends_as_its_publication_did(store: Store, became: str) -> None:
    record = attempt(tool="create_campaign", campaign_number=None)
    await store.audit.attempt(record)
    intent = await store.intend(PUBLICATION, record.key)
    if became == "published":
        await store.published(intent, 9, CREATED)
    elif became == "abandoned":
        await store.abandoned(intent, "GitHub answered 422.")
    settled = await store.audit.settle_creations("octo-org", LATER)
    [found] = await kept(store)
    assert settled == ([] if became == "unknown" else [found])
    assert (found.outcome, found.campaign_number, found.why) == {
        "published": ("done", 9, "As found later: GitHub lists the campaign."),
        "abandoned": ("failed", None, "As found later: GitHub answered 422."),
        "unknown": ("intended", None, None),
    }[became]


async def test_a_creation_is_settled_when_its_publication_was_settled_by_looking(store: Store) -> None:
    record = attempt(tool="create_campaign", campaign_number=None)
    await store.audit.attempt(record)
    await store.intend(PUBLICATION, record.key)
    assert await store.settle("octo-org", [campaign(9)], now=LATER, complete_since=AT)
    await store.audit.settle_creations("octo-org", LATER)
    assert [(each.outcome, each.campaign_number) for each in await kept(store)] == [("done", 9)]


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ([], "GitHub lists no campaign that may be it; one that was made and deleted since would not be listed."),
        ([7, 8], "What GitHub lists does not tell whether a campaign was made of it: none is certainly it, "),
    ],
)
async def test_of_a_creation_whose_campaign_is_not_found_nothing_is_known_and_it_ends_so(
    store: Store, listed: list[int], why: str
) -> None:
    record = attempt(tool="create_campaign", campaign_number=None)
    await store.audit.attempt(record)
    await store.intend(PUBLICATION, record.key)
    shown = [campaign(number) for number in listed]
    await store.settle("octo-org", shown, now=LATER, complete_since=AT - timedelta(days=1))
    [settled] = await store.audit.settle_creations("octo-org", LATER)
    assert await kept(store) == [settled]
    assert (settled.outcome, settled.ended_at) == ("unknown", LATER)
    assert (settled.why or "").startswith(f"Looked at later: {why}")
    assert await store.audit.settle_creations("octo-org", LATER) == []


async def test_a_creation_that_was_said_to_be_unknown_is_done_when_its_campaign_is_found_after_all(
    store: Store,
) -> None:
    record = attempt(tool="create_campaign", campaign_number=None)
    await store.audit.attempt(record)
    intent = await store.intend(PUBLICATION, record.key)
    await store.settle("octo-org", [campaign(7), campaign(8)], now=LATER, complete_since=AT)
    await store.audit.settle_creations("octo-org", LATER)
    await store.published(intent, 7, CREATED)
    [found] = await store.audit.settle_creations("octo-org", LATER)
    assert (found.outcome, found.campaign_number) == ("done", 7)
    assert await store.audit.settle_creations("octo-org", LATER) == []


async def test_a_creation_of_which_nothing_else_is_kept_ends_as_unknown(store: Store) -> None:
    await store.audit.attempt(attempt(tool="create_campaign", campaign_number=None))
    assert await store.audit.settle_creations("octo-org", AT + timedelta(seconds=119)) == []
    [found] = await store.audit.settle_creations("octo-org", LATER)
    assert (found.outcome, found.why) == (
        "unknown",
        "Looked at later: what was to be published is not kept, so it cannot be looked for.",
    )


async def test_a_few_are_looked_at_at_once_and_not_always_the_same(store: Store) -> None:
    for number in range(30):
        await store.audit.attempt(attempt(campaign_number=number))
    chosen = [await store.audit.unsettled("octo-org", LATER) for _ in range(20)]
    assert {len(records) for records in chosen} == {8}
    assert len({record.key for records in chosen for record in records}) > 8


async def test_rivals_are_other_calls_of_the_time_or_later_that_may_have_done_the_same(store: Store) -> None:
    before = AT - timedelta(minutes=4)
    records = {
        "itself": attempt(),
        "at once": attempt(),
        "later": attempt(LATER).ended("done", LATER),
        "shortly before": attempt(before),
        "long before": attempt(before - timedelta(milliseconds=1)),
        "failed": attempt().ended("failed", AT),
        "refused": attempt().ended("refused", AT),
        "another campaign": attempt(campaign_number=8),
        "another tool": attempt(tool="update_campaign"),
        "another organization": attempt(org="octo-labs"),
    }
    for record in records.values():
        await store.audit.ended(record) if record.ended_at else await store.audit.attempt(record)
    found = {record.key for record in await store.audit.rivals(records["itself"])}
    assert {name for name, record in records.items() if record.key in found} == {"at once", "later", "shortly before"}


async def test_what_looks_like_a_token_is_not_kept(store: Store, place: Path | str) -> None:
    token = "ghp_" + "a1B2" * 9
    record = replace(DELETION, before={"description": f"use {token}"}, change={token: [token]})
    await store.audit.ended(record.ended("failed", AT, why=f"no {token}"))
    [found] = await kept(store)
    assert found.before == {"description": "use [a token]"}
    assert token not in str(rows(place, "SELECT * FROM audit"))


async def test_where_nothing_is_kept_there_are_no_records(tmp_path: Path) -> None:
    for store in (store_at(None), store_at(tmp_path / "none")):
        assert await kept(store) == []
        assert await store.audit.unsettled("octo-org", LATER) == []
        assert await store.audit.settle_creations("octo-org", LATER) == []
    await store_at(None).audit.attempt(DELETION)
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    store = store_at(tmp_path / "store", query_only=1)
    for work in (store.audit.attempt(DELETION), store.audit.ended(DELETION), store.shared.spend("digest", 10)):
        with pytest.raises(StoreFailed, match="is read-only"):
            await work


async def test_records_of_another_host_are_not_settled_here(store: Store, place: Path | str) -> None:
    record = attempt()
    await store.audit.attempt(record)
    other = store_at(place, "api.octo.ghe.com")
    assert await other.audit.unsettled("octo-org", LATER) == []
    assert store.audit.host == HOST
