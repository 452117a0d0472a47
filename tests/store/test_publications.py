"""What is written down before, after and instead of a campaign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest

from server.domain.alerts import CodeAlert, SecretAlert
from server.store.records import Intent, KeptAlert
from server.store.store import Store
from tests.store.samples import ALERTS, AT, CREATED, ENDS, HOST, LATER, PUBLICATION, publication, rows, store_at

pytestmark = pytest.mark.anyio


async def test_what_a_campaign_was_published_with_is_known_to_another_store_at_the_same_place(
    store: Store, place: Path | str
) -> None:
    intent = await store.intend(PUBLICATION)
    await store.published(intent, 7, CREATED)
    known = await store_at(place).alerts_of("Octo-Org", 7)
    assert known is not None
    assert known.publication == PUBLICATION
    assert (known.campaign_number, known.created_at, known.alerts) == (7, CREATED, ALERTS)


async def test_an_intent_is_kept_before_anything_is_published(store: Store, place: Path | str) -> None:
    await store.intend(PUBLICATION)
    assert rows(place, "SELECT state, campaign_number FROM publications") == [("intended", None)]
    assert rows(place, "SELECT count(*) FROM publication_alerts") == [(3,)]
    assert await store.alerts_of("octo-org", 7) is None


async def test_a_campaign_that_was_not_published_from_here_is_not_known(store: Store, place: Path | str) -> None:
    assert await store.alerts_of("octo-org", 7) is None
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    assert await store.alerts_of("octo-org", 8) is None
    assert await store.alerts_of("octo-labs", 7) is None
    assert await store_at(place, "api.octo.ghe.com").alerts_of("octo-org", 7) is None
    assert await store_at(place, HOST.upper()).alerts_of("octo-org", 7) is not None


async def test_what_never_got_an_ending_shows_after_two_minutes(store: Store) -> None:
    intent = await store.intend(PUBLICATION)
    assert await store.unsettled("octo-org", AT + timedelta(seconds=119)) == []
    [unsettled] = await store.unsettled("OCTO-ORG", AT + timedelta(seconds=120))
    assert (unsettled.key, unsettled.name, unsettled.ends_at, unsettled.at) == (intent.key, "Stop the XSS", ENDS, AT)
    assert (unsettled.account, unsettled.alert_count, unsettled.why) == ("mona-lisa", 3, None)
    assert await store.unsettled("octo-labs", LATER) == []


async def test_an_unknown_outcome_shows_with_what_was_said_about_it_and_others_do_not(store: Store) -> None:
    unclear = await store.intend(publication(at=AT + timedelta(seconds=1)))
    await store.unknown(unclear, "GitHub did not answer in time")
    lost = await store.intend(PUBLICATION)
    await store.abandoned(await store.intend(PUBLICATION), "GitHub answered 422")
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    unsettled = await store.unsettled("octo-org", LATER)
    assert [(each.key, each.why) for each in unsettled] == [
        (lost.key, None),
        (unclear.key, "GitHub did not answer in time"),
    ]


async def test_what_could_not_be_written_before_is_kept_whole_after(store: Store) -> None:
    await store.published(Intent(PUBLICATION), 7, CREATED)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert known.publication == PUBLICATION


async def test_giving_up_what_is_not_there_is_nothing(store: Store) -> None:
    await store.abandoned(Intent(PUBLICATION), "refused")
    assert await store.unsettled("octo-org", LATER) == []


async def test_the_same_ending_twice_is_one(store: Store) -> None:
    intent = await store.intend(PUBLICATION)
    await store.published(intent, 7, CREATED)
    await store.published(intent, 7, CREATED)
    assert await store.alerts_of("octo-org", 7) is not None


async def test_an_unknown_outcome_does_not_undo_what_another_process_settled(store: Store) -> None:
    intent = await store.intend(PUBLICATION)
    await store.published(intent, 7, CREATED)
    await store.unknown(intent, "no answer")
    assert await store.alerts_of("octo-org", 7) is not None
    assert await store.unsettled("octo-org", LATER) == []


async def test_a_number_that_was_settled_wrongly_goes_to_whom_github_gave_it(store: Store) -> None:
    wrong, right = await store.intend(PUBLICATION), await store.intend(publication(alerts=ALERTS[:1]))
    await store.published(wrong, 7, CREATED)
    await store.published(right, 7, CREATED)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert known.alerts == ALERTS[:1]
    assert [each.key for each in await store.unsettled("octo-org", LATER)] == [wrong.key]


async def test_a_number_that_another_campaign_had_long_ago_is_the_new_ones(store: Store) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED - timedelta(days=90))
    await store.published(await store.intend(publication(name="New")), 7, CREATED)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert (known.publication.name, known.created_at) == ("New", CREATED)
    assert await store.unsettled("octo-org", LATER) == []


async def test_a_thousand_alerts_are_kept(store: Store) -> None:
    alerts = tuple(KeptAlert(41000 + number % 100, number) for number in range(1000))
    await store.published(await store.intend(publication(alerts=alerts)), 7, CREATED)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert set(known.alerts) == set(alerts)


async def test_an_alert_that_comes_twice_is_kept_once(store: Store) -> None:
    twice = publication(alerts=(ALERTS[0], KeptAlert(41001, 3)))
    await store.published(await store.intend(twice), 7, CREATED)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert known.alerts == ALERTS[:1]


@pytest.mark.parametrize(
    ("alert", "kept"),
    [
        (
            CodeAlert(41001, 3, "payments", "high", "js/xss", (79,), "CodeQL", "javascript", "a.js", 17, ("mona",)),
            (41001, 3, "payments", "high", "js/xss", 17),
        ),
        (SecretAlert(41001, 3, "payments", "aws_key", "active", True, 17), (41001, 3, "payments", None, "aws_key", 17)),
    ],
)
def test_of_an_alert_is_kept_what_a_report_needs(alert: CodeAlert | SecretAlert, kept: tuple[Any, ...]) -> None:
    assert KeptAlert.of(alert) == kept


def test_moments_are_kept_in_utc_without_fractions() -> None:
    given = datetime(2026, 6, 1, 14, 0, 0, 999_999, timezone(timedelta(hours=2)))
    kept = publication(at=given, ends_at=given)
    assert (kept.at, kept.ends_at) == (AT, AT)
    assert kept.at.tzinfo is UTC


async def test_text_that_no_database_takes_is_kept_without_what_offends(store: Store) -> None:
    odd = publication(name="a\ud800b\0c", alerts=(KeptAlert(1, 1, "r\0", "high", "\udfff", 1),))
    await store.published(await store.intend(odd), 7, CREATED)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert (known.publication.name, known.alerts) == ("a?b\ufffdc", (KeptAlert(1, 1, "r\ufffd", "high", "?", 1),))


@pytest.mark.parametrize("ending", ["published", "abandoned", "unknown"])
async def test_an_ending_is_written_down_even_when_the_call_was_cancelled(
    store: Store, place: Path | str, ending: str
) -> None:
    intent = await store.intend(PUBLICATION)
    with anyio.CancelScope() as scope:
        scope.cancel()
        if ending == "published":
            await store.published(intent, 7, CREATED)
        else:
            await getattr(store, ending)(intent, "cancelled")
    assert rows(place, "SELECT state FROM publications") == [(ending,)]


async def test_many_calls_at_once_in_one_process_lose_nothing(store: Store, place: Path | str) -> None:
    async def publish(number: int) -> None:
        await store.published(await store.intend(PUBLICATION), number, CREATED)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for number in range(1, 31):
                group.start_soon(publish, number)
    assert rows(place, "SELECT count(*) FROM publications WHERE state = 'published'") == [(30,)]


async def test_a_closed_store_opens_again_when_it_is_used(store: Store) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    await store.aclose()
    await store.aclose()
    assert await store.alerts_of("octo-org", 7) is not None


async def test_without_a_place_everything_works_and_nothing_is_kept() -> None:
    store = store_at(None)
    assert not store.kept
    intent = await store.intend(PUBLICATION)
    assert intent.publication == PUBLICATION
    await store.published(intent, 7, CREATED)
    await store.unknown(intent, "no answer")
    await store.abandoned(intent, "refused")
    assert await store.alerts_of("octo-org", 7) is None
    assert await store.unsettled("octo-org", LATER) == []
    assert await store.settle("octo-org", [], now=LATER, complete_since=AT - timedelta(days=1)) == []
    await store.aclose()


async def test_of_two_that_begin_at_once_each_finds_the_other_until_it_has_ended(place: Path | str) -> None:
    one, other = store_at(place), store_at(place)
    first, second = await one.intend(PUBLICATION), await other.intend(publication(name="Stop  the XSS "))
    for store, mine, rival in ((one, first, second), (other, second, first)):
        found = await store.rival(mine, AT)
        assert found is not None
        assert found.key == rival.key
    await other.abandoned(second, "refused")
    assert await one.rival(first, AT) is None
    await one.published(first, 7, CREATED)
    assert await other.rival(Intent(PUBLICATION), AT) is None


async def test_another_name_or_end_an_unknown_outcome_and_what_is_long_ago_are_no_rivals(store: Store) -> None:
    await store.intend(publication(name="Other"))
    await store.intend(publication(ends_at=PUBLICATION.ends_at + timedelta(days=1)))
    await store.intend(publication(org="octo-labs"))
    await store.intend(publication(at=AT - timedelta(minutes=2)))
    await store.unknown(await store.intend(PUBLICATION), "no answer")
    assert await store.rival(await store.intend(PUBLICATION), AT) is None
