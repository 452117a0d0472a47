from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.domain.answers import campaign_url, detail, row
from server.domain.models import Campaign
from server.domain.text import hidden_characters
from tests.domain.samples import NOON, REQUIRED

ANY_TEXT = st.text(st.characters(), max_size=300)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_what_githubs_schema_requires_is_enough() -> None:
    campaign = Campaign.model_validate(REQUIRED)
    assert (campaign.name, campaign.description, campaign.managers, campaign.team_managers) == ("", "", [], [])
    assert (campaign.contact_link, campaign.alert_stats, campaign.published_at, campaign.closed_at) == (None,) * 4


@pytest.mark.parametrize("missing", REQUIRED)
def test_without_any_of_them_it_is_no_campaign(missing: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Campaign.model_validate({key: value for key, value in REQUIRED.items() if key != missing})
    assert [error["loc"] for error in refused.value.errors()] == [(missing,)]


def test_nulls_are_read_as_nothing() -> None:
    nulls = dict.fromkeys(
        ("name", "description", "managers", "team_managers", "contact_link", "alert_stats", "published_at", "closed_at")
    )
    assert Campaign.model_validate({**REQUIRED, **nulls}) == Campaign.model_validate(REQUIRED)


@pytest.mark.parametrize("stats", [{}, [], 7, {"open_count": 1, "closed_count": 2}, {"open_count": None}])
def test_counts_that_are_not_whole_are_no_counts(stats: object) -> None:
    assert Campaign.model_validate({**REQUIRED, "alert_stats": stats}).alert_stats is None


def test_counts_that_are_whole_are_kept() -> None:
    stats = {"open_count": 1, "in_progress_count": 2, "closed_count": 3, "new_count": 4}
    found = Campaign.model_validate({**REQUIRED, "alert_stats": stats}).alert_stats
    assert found is not None
    assert (found.open_count, found.in_progress_count, found.closed_count, found.total) == (1, 2, 3, 6)


def test_of_users_and_teams_only_login_and_slug_are_kept() -> None:
    campaign = Campaign.model_validate(
        {
            **REQUIRED,
            "managers": [{"login": "mona-lisa", "id": 1, "email": "m@example.com"}, {"login": "hu\u202ebot"}],
            "team_managers": [{"slug": "appsec", "name": "AppSec"}],
        }
    )
    assert (campaign.managers, campaign.team_managers) == (["mona-lisa", "hubot"], ["appsec"])


def test_managers_without_a_name_are_left_out() -> None:
    nameless: list[Any] = [
        None,
        {},
        {"login": None},
        {"login": ""},
        {"login": 7},
        7,
        [],
        {"login": "mona-lisa"},
        "hubot",
    ]
    assert Campaign.model_validate({**REQUIRED, "managers": nameless}).managers == ["mona-lisa", "hubot"]


def test_fields_that_are_new_to_us_do_not_matter() -> None:
    assert Campaign.model_validate({**REQUIRED, "brand_new": {"a": 1}}) == Campaign.model_validate(REQUIRED)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_hostile_text_is_cleaned_and_bounded_wherever_it_shows(name: str, description: str, login: str) -> None:
    campaign = Campaign.model_validate(
        {**REQUIRED, "name": name, "description": description, "managers": [{"login": login}], "contact_link": name}
    )
    assert hidden_characters(campaign.name) == []
    assert hidden_characters(campaign.description, allowed="\n") == []
    assert all(hidden_characters(manager) == [] for manager in campaign.managers)
    json.dumps(row(campaign, NOON).model_dump(mode="json")).encode()


def test_long_texts_are_cut() -> None:
    campaign = Campaign.model_validate(
        {**REQUIRED, "name": "n" * 999, "description": "d" * 9999, "contact_link": "https://h/" + "x" * 9999}
    )
    assert (len(campaign.name), len(campaign.description), len(campaign.contact_link or "")) == (200, 1000, 2000)


@given(st.dictionaries(st.sampled_from([*REQUIRED, "name", "managers", "alert_stats", "closed_at"]), ANY_JSON))
def test_any_json_is_read_or_refused_but_never_crashes(wrong: dict[str, Any]) -> None:
    try:
        campaign = Campaign.model_validate({**REQUIRED, **wrong})
    except ValidationError:
        return
    detail(campaign, NOON, campaign_url("https://github.com", "octo-org", campaign.number))


def test_a_time_without_a_zone_is_not_accepted() -> None:
    with pytest.raises(ValidationError):
        Campaign.model_validate({**REQUIRED, "ends_at": "2026-06-30T00:00:00"})


def test_times_come_out_in_utc() -> None:
    campaign = Campaign.model_validate({**REQUIRED, "ends_at": "2026-06-30T00:30:00+02:00"})
    assert campaign.ends_at.isoformat() == "2026-06-29T22:30:00+00:00"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"])
def test_a_time_that_utc_cannot_hold_is_not_accepted(moment: str) -> None:
    with pytest.raises(ValidationError):
        Campaign.model_validate({**REQUIRED, "ends_at": moment})


def test_a_row_leaves_out_what_a_detail_has() -> None:
    campaign = Campaign.model_validate({**REQUIRED, "contact_link": "https://example.com"})
    assert set(row(campaign, NOON).model_dump(exclude_none=True)) == {
        "number",
        "name",
        "state",
        "description",
        "managers",
        "ends_at",
        "days_left",
    }
    assert detail(campaign, NOON, "https://github.com/x").model_dump(mode="json", exclude_none=True) == {
        "number": 3,
        "name": "",
        "state": "open",
        "description": "",
        "managers": [],
        "ends_at": "2026-06-30T00:00:00Z",
        "days_left": 29,
        "contact_link": "https://example.com",
        "created_at": "2026-05-01T00:00:00Z",
        "updated_at": "2026-05-02T00:00:00Z",
        "url": "https://github.com/x",
    }
