"""What became of publications whose process came to no ending."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.domain.models import Campaign
from server.store.records import Unsettled
from server.store.settling import FOR_GOOD, settle
from server.store.store import Store
from tests.store.samples import ALERTS, AT, CREATED, ENDS, LATER, PUBLICATION, campaign, publication, rows, store_at

LONG_AGO = AT - timedelta(days=1)
SOON = AT + timedelta(seconds=244)
"""The last moment at which another call may still lay claim to a publication's campaign."""


def unsettled(key: int = 1, **changes: Any) -> Unsettled:
    facts = {"name": PUBLICATION.name, "description": PUBLICATION.description, "ends_at": ENDS, "at": AT}
    return Unsettled(key=key, **{**facts, "account": None, "alert_count": 3, "why": None, **changes})


def decided(
    intents: list[Unsettled],
    campaigns: list[Campaign],
    *,
    taken: tuple[tuple[int, datetime], ...] = (),
    now: datetime = LATER,
    complete_since: datetime | None = LONG_AGO,
) -> dict[int, int | None]:
    """Return the numbers that intents were settled with, None for given up."""
    settled = settle(intents, campaigns, taken=taken, now=now, complete_since=complete_since)
    return {each.intent.key: each.campaign.number if each.campaign else None for each in settled}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "  Stop\u00a0the   XSS\n"},
        {"created_at": AT - timedelta(seconds=5)},
        {"created_at": AT + timedelta(seconds=120)},
        {"ends_at": ENDS + timedelta(microseconds=5)},
        {"state": "closed"},
        {"description": "  All\u00a0of\n it."},
    ],
)
def test_a_campaign_that_fits_is_the_publications(changes: dict[str, Any]) -> None:
    assert decided([unsettled()], [campaign(7, **changes), campaign(8, name="Another")]) == {1: 7}


@pytest.mark.parametrize("description", ["Somebody else's words.", ""])
def test_one_of_the_same_name_and_end_but_other_words_may_be_somebody_elses(description: str) -> None:
    alike = campaign(7, description=description)
    assert decided([unsettled()], [alike]) == {}
    assert decided([unsettled(description=None)], [alike]) == {1: 7}  # which words were sent was not kept


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "stop the xss"},
        {"name": ""},
        {"ends_at": ENDS + timedelta(seconds=1)},
    ],
)
def test_one_that_was_edited_since_is_known_by_its_description_or_settles_nothing(changes: dict[str, Any]) -> None:
    alike = campaign(7, description="  All\u00a0of\n it.", **changes)
    assert decided([unsettled()], [alike]) == {1: 7}
    assert decided([unsettled()], [campaign(7, description="Edited too.", **changes)]) == {}
    assert decided([unsettled(description=None)], [campaign(7, description="", **changes)]) == {}


@pytest.mark.parametrize("seconds", [-6, 121])
def test_one_of_another_time_is_not_the_publications(seconds: int) -> None:
    elsewhen = campaign(7, created_at=AT + timedelta(seconds=seconds), description=PUBLICATION.description)
    assert decided([unsettled()], [elsewhen]) == {1: None}


def test_a_description_tells_nothing_among_several_campaigns_of_the_time_or_in_a_list_that_ends_too_early() -> None:
    edited = campaign(7, name="Renamed", description=PUBLICATION.description)
    assert decided([unsettled()], [edited, campaign(8, name="Another")]) == {}
    assert decided([unsettled()], [edited], complete_since=None) == {}
    assert decided([unsettled()], [edited, campaign(8, name="Another")], taken=((8, CREATED),)) == {1: 7}


def test_an_edited_campaign_that_fits_two_publications_settles_neither() -> None:
    edited = campaign(7, name="Renamed", description=PUBLICATION.description)
    assert decided([unsettled(1), unsettled(2, name="Other")], [edited]) == {}


def test_a_campaign_goes_to_the_publication_of_its_name_whatever_else_has_its_description() -> None:
    unedited = campaign(7, description=PUBLICATION.description)
    assert decided([unsettled(1, name="Other"), unsettled(2)], [unedited]) == {2: 7}


def test_what_is_unknown_for_thirty_days_stays_so() -> None:
    assert decided([unsettled()], [], now=AT + timedelta(days=30, seconds=-1)) == {1: None}
    assert decided([unsettled()], [], now=AT + timedelta(days=30)) == {}
    assert decided([unsettled()], [campaign(7)], now=AT + timedelta(days=30)) == {}


@pytest.mark.parametrize(
    ("complete_since", "verdict"),
    [
        (AT - timedelta(seconds=5), {1: None}),
        (AT - timedelta(seconds=4), {}),
        (None, {}),
    ],
)
def test_that_it_was_not_published_takes_a_list_that_reaches_back_before_it(
    complete_since: datetime | None, verdict: dict[int, int | None]
) -> None:
    assert decided([unsettled()], [], complete_since=complete_since) == verdict


def test_one_that_fits_is_enough_however_far_the_list_reaches() -> None:
    assert decided([unsettled()], [campaign(7)], complete_since=None) == {1: 7}


def test_nobody_settles_what_may_be_under_way() -> None:
    early = AT + timedelta(seconds=119)
    assert decided([unsettled()], [campaign(7)], now=early) == {}
    assert decided([unsettled()], [], now=early) == {}
    assert decided([unsettled()], [campaign(7)], now=AT + timedelta(seconds=120)) == {1: 7}


def test_two_campaigns_that_fit_settle_nothing() -> None:
    assert decided([unsettled()], [campaign(7), campaign(8)]) == {}


def test_a_campaign_listed_twice_is_one() -> None:
    assert decided([unsettled()], [campaign(7), campaign(7)]) == {1: 7}


def test_a_campaign_that_fits_two_publications_settles_neither() -> None:
    assert decided([unsettled(1), unsettled(2, at=AT + timedelta(seconds=1))], [campaign(7)]) == {}


def test_a_publication_under_way_claims_its_campaign() -> None:
    under_way = unsettled(2, at=AT + timedelta(seconds=60))
    now, created = AT + timedelta(seconds=121), AT + timedelta(seconds=62)
    assert decided([unsettled(1), under_way], [campaign(7, created_at=created)], now=now) == {}


def test_what_is_another_publications_is_not_this_ones() -> None:
    assert decided([unsettled()], [campaign(7)], taken=((7, CREATED),)) == {1: None}
    assert decided([unsettled()], [campaign(7), campaign(8)], taken=((7, CREATED),)) == {1: 8}


def test_a_number_of_long_ago_is_not_taken() -> None:
    assert decided([unsettled()], [campaign(7)], taken=((7, LONG_AGO),)) == {1: 7}


@pytest.mark.anyio
async def test_a_publication_that_did_not_finish_is_known_again_after_a_look(store: Store, place: Path | str) -> None:
    await store.intend(PUBLICATION)
    later_process = store_at(place)
    said = await later_process.settle("Octo-Org", [campaign(7)], now=LATER, complete_since=None)
    assert said == [
        'Campaign Octo-Org/7 "Stop the XSS" was published by an earlier call that did not finish; its 3 alerts are '
        "known again."
    ]
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert (known.alerts, known.created_at) == (ALERTS, CREATED)
    assert await later_process.settle("octo-org", [campaign(7)], now=LATER, complete_since=None) == []


@pytest.mark.anyio
async def test_one_that_github_does_not_list_is_given_up(store: Store, place: Path | str) -> None:
    await store.unknown(await store.intend(publication(alerts=ALERTS[:1])), "no answer")
    assert await store.settle("octo-org", [], now=SOON, complete_since=None) == []
    older = campaign(6, created_at=LONG_AGO)
    said = await store.settle("octo-org", [older], now=LATER, complete_since=LONG_AGO)
    assert said == [
        'GitHub lists no campaign that an earlier call, which did not finish, may have published as "Stop the XSS".'
    ]
    assert rows(place, "SELECT state, campaign_number FROM publications") == [("abandoned", None)]
    assert await store.unsettled("octo-org", LATER) == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "No more XSS"}, '"No more XSS" was published as "Stop the XSS" by an earlier call'),
        ({"ends_at": ENDS + timedelta(days=1)}, '"Stop the XSS" was published by an earlier call'),
    ],
)
async def test_one_that_was_edited_since_is_known_again_by_its_name_of_today(
    store: Store, changes: dict[str, Any], said: str
) -> None:
    await store.intend(PUBLICATION)
    edited = campaign(7, description=PUBLICATION.description, **changes)
    assert await store.settle("octo-org", [edited], now=LATER, complete_since=LONG_AGO) == [
        f"Campaign octo-org/7 {said} that did not finish; its 3 alerts are known again."
    ]
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert known.alerts == ALERTS


@pytest.mark.anyio
async def test_one_that_may_have_been_edited_beyond_recognition_is_not_given_up(
    store: Store, place: Path | str
) -> None:
    await store.intend(PUBLICATION)
    unlike = campaign(7, name="Renamed", description="Rewritten.")
    assert await store.settle("octo-org", [unlike], now=SOON, complete_since=LONG_AGO) == []
    assert rows(place, "SELECT state FROM publications") == [("intended",)]


@pytest.mark.anyio
async def test_that_it_cannot_be_told_what_became_of_one_is_said_once_and_it_may_be_found_yet(store: Store) -> None:
    await store.intend(PUBLICATION)
    alike = [campaign(7), campaign(8)]
    assert await store.settle("octo-org", alike, now=SOON, complete_since=LONG_AGO) == []
    assert await store.settle("octo-org", alike, now=SOON + timedelta(seconds=1), complete_since=LONG_AGO) == [
        'It cannot be told whether an earlier call, which did not finish, published "Stop the XSS": none of the '
        "campaigns that GitHub lists is certainly it."
    ]
    assert await store.settle("octo-org", alike, now=LATER, complete_since=LONG_AGO) == []
    await store.published(await store.intend(publication(at=LATER)), 8, CREATED)
    [said] = await store.settle("octo-org", alike, now=LATER, complete_since=LONG_AGO)
    assert said.startswith('Campaign octo-org/7 "Stop the XSS" was published by an earlier call')


@pytest.mark.anyio
async def test_after_thirty_days_nobody_asks_any_more(store: Store) -> None:
    await store.intend(PUBLICATION)
    assert len(await store.unsettled("octo-org", AT + FOR_GOOD - timedelta(seconds=1))) == 1
    assert await store.unsettled("octo-org", AT + FOR_GOOD) == []


@pytest.mark.anyio
async def test_one_alert_is_said_in_the_singular(store: Store) -> None:
    await store.intend(publication(alerts=ALERTS[:1]))
    [said] = await store.settle("octo-org", [campaign(7)], now=LATER, complete_since=None)
    assert said.endswith("its 1 alert is known again.")


@pytest.mark.anyio
async def test_a_campaign_that_is_known_already_settles_nothing_else(store: Store, place: Path | str) -> None:
    await store.published(await store.intend(PUBLICATION), 7, CREATED)
    await store.intend(PUBLICATION)
    await store.settle("octo-org", [campaign(7)], now=LATER, complete_since=LONG_AGO)
    states = rows(place, "SELECT state, campaign_number FROM publications ORDER BY state")
    assert states == [("abandoned", None), ("published", 7)]


@pytest.mark.anyio
async def test_news_from_the_process_itself_outweighs_what_was_settled(store: Store) -> None:
    given_up, found = await store.intend(PUBLICATION), await store.intend(publication(name="Other"))
    for _ in range(2):  # the first look finds whose the campaign is, the second that no other is left
        await store.settle("octo-org", [campaign(8, name="Other")], now=LATER, complete_since=LONG_AGO)
    assert await store.unsettled("octo-org", LATER) == []
    await store.published(given_up, 7, CREATED)
    await store.abandoned(found, "GitHub answered 422")
    assert await store.alerts_of("octo-org", 7) is not None
    assert await store.alerts_of("octo-org", 8) is None


@pytest.mark.anyio
async def test_one_look_settles_what_only_another_ones_campaign_was_in_the_way_of(store: Store) -> None:
    await store.intend(publication(name="Lost"))
    await store.intend(PUBLICATION)
    said = await store.settle("octo-org", [campaign()], now=LATER, complete_since=AT - timedelta(days=1))
    assert len(said) == 2
    assert await store.unsettled("octo-org", LATER) == []
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert known.publication.name == PUBLICATION.name
