"""What looking later tells about a write that nobody knows the outcome of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.audit import AuditRecord, json_line, written
from server.domain.audit_settling import FOR_GOOD, Ending, may_be_settled, settled_deletion, settled_update
from server.domain.models import Campaign

AT = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)


def record(**changes: Any) -> AuditRecord:
    return AuditRecord(**{"org": "Octo-Org", "tool": "update_campaign", "at": AT, "campaign_number": 7, **changes})


def outcome_of(ending: Ending | None) -> str | None:
    return ending.outcome if ending else None


def campaign(**changes: Any) -> Campaign:
    facts = {"number": 7, "name": "Stop the XSS", "state": "open", "created_at": AT, "updated_at": AT, "ends_at": AT}
    return Campaign.model_validate({**facts, **changes})


def test_a_deletion_was_done_when_the_campaign_is_gone_and_not_when_it_is_there() -> None:
    attempt = record(tool="delete_campaign")
    assert outcome_of(settled_deletion(attempt, None, [], AT)) == "done"
    assert outcome_of(settled_deletion(attempt, campaign(), [], AT)) == "failed"


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        ({"outcome": "done", "status": 204}, "failed"),
        ({"outcome": "done", "status": 204, "before": {"created_at": "2020-01-01T00:00:00Z"}}, "done"),
        ({"outcome": "done", "status": 404}, "unknown"),
        ({"outcome": "done"}, "unknown"),
        ({"outcome": "unknown"}, "unknown"),
        ({"outcome": "intended", "at": AT - timedelta(minutes=2)}, "unknown"),
        ({"outcome": "intended", "at": AT - timedelta(seconds=119)}, None),
        ({"outcome": "failed", "status": 404}, "done"),
        ({"outcome": "refused"}, "done"),
    ],
)
def test_a_campaign_is_deleted_once_so_of_several_attempts_one_did_it(
    other: dict[str, Any], outcome: str | None
) -> None:
    attempt = record(tool="delete_campaign")
    ending = settled_deletion(attempt, None, [record(**{"tool": "delete_campaign", **other})], AT)
    assert outcome_of(ending) == outcome


def test_a_campaign_that_only_has_the_number_of_the_deleted_one_does_not_count_as_it() -> None:
    new = campaign(created_at=AT + timedelta(seconds=6))
    deletion = record(tool="delete_campaign", before={"created_at": "2020-01-01T00:00:00Z"})
    assert outcome_of(settled_deletion(deletion, campaign(), [], AT)) == "done"
    assert outcome_of(settled_deletion(record(tool="delete_campaign"), new, [], AT)) == "done"
    same = record(tool="delete_campaign", before={"created_at": "2026-06-01T12:00:00Z"})
    assert outcome_of(settled_deletion(same, campaign(), [], AT)) == "failed"
    assert outcome_of(settled_update(record(change={"state": "open"}), new, [], AT)) == "unknown"


def test_an_ending_that_was_seen_later_does_not_say_that_nobody_else_can_have_done_it() -> None:
    gone = settled_deletion(record(tool="delete_campaign"), None, [], AT)
    changed = settled_update(record(change={"state": "open"}), campaign(), [], AT)
    for ending in (gone, changed):
        assert ending is not None
        assert ending.why.endswith(", by this call or by somebody outside this server, which GitHub does not tell.")


@pytest.mark.parametrize(
    ("change", "shown", "outcome"),
    [
        ({"state": "closed"}, {"state": "closed"}, "done"),
        ({"state": "closed"}, {"state": "open"}, "unknown"),
        ({"name": "New", "description": "a\r\n b"}, {"name": "New", "description": "a\n b"}, "done"),
        ({"name": "New", "state": "closed"}, {"name": "New", "state": "open"}, "unknown"),
        ({"managers": ["Mona", "octo"]}, {"managers": [{"login": "octo"}, {"login": "mona"}]}, "done"),
        ({"ends_at": "2026-06-01T12:00:00Z"}, {"ends_at": "2026-06-01T12:00:00Z"}, "done"),
        ({"contact_link": None}, {"contact_link": None}, "done"),
        ({"contact_link": None}, {}, "unknown"),
    ],
)
def test_a_change_was_made_when_every_field_is_shown_as_it_was_sent(
    change: dict[str, Any], shown: dict[str, Any], outcome: str
) -> None:
    ending = settled_update(record(change=change), campaign(**shown), [], AT)
    assert ending is not None
    assert ending.outcome == outcome
    assert ending.why.startswith("As found later" if outcome == "done" else "Looked at later")
    assert (ending.after is not None) == (outcome == "done")


def test_of_a_change_to_a_campaign_that_is_gone_nothing_is_known() -> None:
    assert outcome_of(settled_update(record(change={"state": "closed"}), None, [], AT)) == "unknown"


@pytest.mark.parametrize(
    ("rival", "outcome"),
    [
        ({"outcome": "done"}, "unknown"),
        ({"outcome": "unknown"}, "unknown"),
        ({"outcome": "intended", "at": AT - timedelta(minutes=2)}, "unknown"),
        ({"outcome": "intended"}, None),
        ({"outcome": "done", "change": {"description": "Another field."}}, "done"),
        ({"outcome": "failed"}, "done"),
    ],
)
def test_a_change_that_another_call_may_have_made_is_nobodys(rival: dict[str, Any], outcome: str | None) -> None:
    change = {"name": "New", "managers": ["mona"]}
    others = [record(**{"change": {"name": "New"}, **rival})]
    ending = settled_update(record(change=change), campaign(name="New", managers=["mona"]), others, AT)
    assert outcome_of(ending) == outcome


@pytest.mark.parametrize(("seconds", "outcome"), [(-6, "failed"), (-5, "unknown"), (60, "unknown")])
def test_a_change_was_not_made_when_nobody_has_changed_the_campaign_since(seconds: int, outcome: str) -> None:
    shown = campaign(updated_at=AT + timedelta(seconds=seconds))
    ending = settled_update(record(change={"name": "New"}), shown, [], AT)
    assert outcome_of(ending) == outcome


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        ({"closed_at": AT}, "done"),
        ({"closed_at": AT + timedelta(seconds=119)}, "done"),
        ({"closed_at": AT + timedelta(seconds=121)}, "unknown"),
        ({"closed_at": AT - timedelta(seconds=6)}, "unknown"),
        ({"updated_at": AT - timedelta(seconds=6)}, "unknown"),
        ({"updated_at": AT + timedelta(days=1)}, "done"),
    ],
)
def test_a_campaign_that_was_closed_at_another_time_was_not_closed_by_the_call(
    shown: dict[str, Any], outcome: str
) -> None:
    ending = settled_update(record(change={"state": "closed"}), campaign(state="closed", **shown), [], AT)
    assert outcome_of(ending) == outcome


@pytest.mark.parametrize("outcome", ["done", "refused", "failed"])
def test_a_known_outcome_is_not_looked_for(outcome: Any) -> None:
    assert not may_be_settled(record(outcome=outcome, ended_at=AT), AT + timedelta(minutes=5))


def test_a_write_may_be_under_way_for_two_minutes_and_is_asked_about_for_thirty_days() -> None:
    begun = record()
    assert not may_be_settled(begun, begun.at + timedelta(minutes=2, milliseconds=-1))
    assert may_be_settled(begun, begun.at + timedelta(minutes=2))
    assert not may_be_settled(begun, begun.at + FOR_GOOD)


def test_what_was_begun_more_than_two_minutes_ago_is_seen_as_unknown() -> None:
    begun = record()
    assert begun.as_seen(begun.at + timedelta(seconds=119)).outcome == "intended"
    seen = begun.as_seen(begun.at + timedelta(minutes=2))
    assert (seen.outcome, seen.key) == ("unknown", begun.key)
    assert "ended before it knew" in (seen.why or "")
    done = record(outcome="done", ended_at=AT)
    assert done.as_seen(AT + timedelta(days=1)) == done


def test_a_line_is_ascii_without_anything_that_acts_on_a_terminal() -> None:
    line = json_line(record(before={"name": "\x1b[2J\x9b\u202e\n\N{SNOWMAN}"}), "api.github.com")
    assert line.isascii()
    assert line.endswith("\n")
    assert [character for character in line[:-1] if not character.isprintable()] == []


def test_a_record_is_written_under_its_names_with_its_moment_to_the_millisecond() -> None:
    told = written(record(), "api.github.com")
    assert (told["org"], told["at"], told["host"]) == ("octo-org", "2026-06-01T12:00:00.123Z", "api.github.com")
    assert isinstance(told["id"], str)
