"""What others do while a person is thinking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from server.sandbox.app import Sandbox
from server.sandbox.options import SandboxOptions, utc_now
from server.sandbox.world import Outcome
from tests.guards.scenarios import (
    CHANGE,
    CLOSE,
    DECLINED,
    DELETE,
    LEGACY,
    MODERN,
    NEW_CAMPAIGN,
    NUMBER,
    OPEN_ISSUES,
    PATH,
    GuardedCall,
    agreeing,
    agreement,
    by_hand,
    campaign_in,
    close,
    copy_of,
    delete,
    move_end,
    once,
    question_in,
    recreate,
    rename,
    serving,
)
from tests.harness import ORG, Case, Person, Sent

pytestmark = pytest.mark.anyio

Move = Callable[[Sandbox], None]

# What changes, the field that a refusal names, and what a question about it says.
CHANGES = [
    pytest.param(rename, "name", id="renamed"),
    pytest.param(close, "state", id="closed"),
    pytest.param(move_end, "ends_at", id="end moved"),
    pytest.param(recreate, "created_at", id="recreated"),
]


def _while_thinking(case: Case, move: Move) -> None:
    assert case.person is not None
    case.person.meanwhile = once(lambda: move(case.sandbox))


@pytest.mark.parametrize(("move", "field"), CHANGES)
async def test_a_campaign_that_changed_meanwhile_is_not_touched_by_an_answer_about_the_old_one(
    era: str, about_a_campaign: GuardedCall, move: Move, field: str
) -> None:
    async with serving(era, about_a_campaign, person=Person(agreement(about_a_campaign), DECLINED)) as case:
        _while_thinking(case, move)
        text = await about_a_campaign.refused(case)
        if about_a_campaign is CLOSE and move is close and era == MODERN:
            assert "is already closed" in text
        elif era == MODERN:  # asked again, about the campaign as it is
            assert len(case.asked) == 2
            assert case.asked[0] != case.asked[1]
            assert "Not confirmed (declined)." in text
        else:
            assert len(case.asked) == 1
            assert f"Campaign {ORG}/{NUMBER} changed while it was being confirmed ({field}): it is now " in text
            assert "Call the tool again to be asked about it as it is." in text


async def test_every_difference_is_named() -> None:
    def everything(sandbox: Sandbox) -> None:
        for move in (recreate, rename, close, move_end):
            move(sandbox)

    async with serving(LEGACY, person=agreeing(DELETE)) as case:
        _while_thinking(case, everything)
        text = await DELETE.refused(case)
        assert "(created_at, name, state, ends_at): it is now octo-org/6 " in text
        assert '"Payments freeze" (closed, created ' in text


async def test_a_campaign_deleted_meanwhile_is_not_found(era: str, about_a_campaign: GuardedCall) -> None:
    async with serving(era, about_a_campaign, person=agreeing(about_a_campaign)) as case:
        _while_thinking(case, delete)
        text = await about_a_campaign.refused(case)
        assert "not found" in text.lower() or "does not exist" in text.lower() or "404" in text
        assert len(case.asked) == 1


@pytest.mark.parametrize(("move", "field"), [change for change in CHANGES if change.id != "closed"])
async def test_asked_again_about_a_changed_campaign_what_is_done_is_what_was_asked_last(
    about_a_campaign: GuardedCall, move: Move, field: str
) -> None:
    async with serving(MODERN, about_a_campaign, person=agreeing(about_a_campaign)) as case:
        _while_thinking(case, move)
        await about_a_campaign.done(case)
        assert len(case.asked) == 2
        if about_a_campaign is not DELETE:
            campaign = campaign_in(case.sandbox)
            assert f'"{campaign.name}"' in case.asked[1]
            assert f"created {campaign.created_at:%Y-%m-%d %H:%M:%S} UTC" in case.asked[1]
            assert f"ends {campaign.ends_at:%Y-%m-%d %H:%M} UTC" in case.asked[1]
        assert case.writes == [about_a_campaign.write_in(case.sandbox)]


async def test_a_campaign_that_keeps_changing_is_never_written_on_an_old_answer() -> None:
    async with by_hand(CLOSE) as client:
        question = await client.ask()
        for step in range(4):
            campaign_in(client.case.sandbox).name = f"Name {step}"
            question = question_in(await client.accept(question))
            assert f'"Name {step}"' in question.text
            assert client.case.writes == []
        await client.accept(question)
        assert client.case.writes == [CLOSE.write_in(client.case.sandbox)]


@pytest.mark.parametrize(("move", "field"), CHANGES)
async def test_a_campaign_that_changes_after_the_answer_was_checked_is_read_once_more_before_the_write(
    era: str, about_a_campaign: GuardedCall, move: Move, field: str
) -> None:
    async with serving(era, about_a_campaign, person=agreeing(about_a_campaign)) as case:
        assert case.person is not None
        # On 2026-07-28 the answering call reads the campaign to word the question again; both eras read it once more.
        reads_left = 2 if era == MODERN else 1

        async def change_before_the_last_read(sent: Sent) -> None:
            nonlocal reads_left
            if sent.method == "GET" and sent.path == PATH:
                reads_left -= 1
                if reads_left == 0:
                    move(case.sandbox)

        def watch() -> None:
            case.recorder.hook = change_before_the_last_read

        case.person.meanwhile = watch
        text = await about_a_campaign.refused(case)
        assert f"changed while it was being confirmed ({field})" in text
        assert len(case.asked) == 1


async def test_the_campaign_is_read_right_before_the_write(era: str, about_a_campaign: GuardedCall) -> None:
    async with serving(era, about_a_campaign, person=agreeing(about_a_campaign)) as case:
        await about_a_campaign.done(case)
        [position] = [position for position, sent in enumerate(case.sent) if sent.method != "GET"]
        assert case.sent[position - 1] == Sent("GET", PATH)


@pytest.mark.parametrize("outcome", ["fixed", "dismissed"])
async def test_updated_at_moving_by_itself_does_not_stop_the_write(
    era: str, about_a_campaign: GuardedCall, outcome: Outcome
) -> None:
    options = SandboxOptions(touch_updated_at=True)
    async with serving(era, about_a_campaign, person=agreeing(about_a_campaign), options=options) as case:
        campaign = campaign_in(case.sandbox)
        before = campaign.updated_at

        def close_an_alert(sandbox: Sandbox) -> None:
            sandbox.state.close_alert(*campaign.alerts[0], outcome)
            assert campaign.updated_at > before

        _while_thinking(case, close_an_alert)
        await about_a_campaign.done(case)
        assert len(case.asked) == 1
        assert case.writes == [about_a_campaign.write_in(case.sandbox)]


async def test_changing_counts_do_not_stop_the_write(era: str, about_a_campaign: GuardedCall) -> None:
    async with serving(era, about_a_campaign, person=agreeing(about_a_campaign)) as case:
        campaign = campaign_in(case.sandbox)
        first, second, *_ = campaign.alerts

        def work(sandbox: Sandbox) -> None:
            sandbox.state.start_alert(*first)
            sandbox.state.close_alert(*second)

        _while_thinking(case, work)
        await about_a_campaign.done(case)
        assert len(case.asked) == 1
        assert len(case.writes) == 1


async def test_what_nobody_was_shown_may_change_meanwhile(era: str) -> None:
    def describe(sandbox: Sandbox) -> None:
        campaign_in(sandbox).description = "Somebody else's words."
        campaign_in(sandbox).contact_link = "https://example.com/"

    async with serving(era, person=agreeing(CLOSE)) as case:
        _while_thinking(case, describe)
        await CLOSE.done(case)
        assert len(case.asked) == 1
        assert campaign_in(case.sandbox).description == "Somebody else's words."


def _describe(sandbox: Sandbox) -> None:
    campaign_in(sandbox).description = "Somebody else's words."


async def test_a_field_that_moved_meanwhile_is_not_overwritten_unseen() -> None:
    async with serving(LEGACY, CHANGE, person=agreeing(CHANGE)) as case:
        _while_thinking(case, _describe)
        assert "changed while it was being confirmed (description)" in await CHANGE.refused(case)


async def test_what_a_confirmed_change_overwrote_is_told(era: str) -> None:
    async with serving(era, CHANGE, person=agreeing(CHANGE)) as case:
        _describe(case.sandbox)
        result = await CHANGE.done(case)
        assert result["changes"]["description"] == {"before": "Somebody else's words.", "after": "Check every path."}


async def test_a_twin_published_while_the_question_was_open_is_not_published_again(era: str) -> None:
    def publish_the_same(sandbox: Sandbox) -> None:
        twin = campaign_in(sandbox)
        twin.name, twin.ends_at = NEW_CAMPAIGN["name"], sandbox.state.now().replace(2099, 1, 8, 23, 59, 59)

    async with serving(era, person=agreeing(OPEN_ISSUES)) as case:
        _while_thinking(case, publish_the_same)
        text = await OPEN_ISSUES.refused(case)
        assert f"Campaign {ORG}/{NUMBER} with this name and end date is open already" in text


async def test_a_tenth_campaign_opened_while_the_question_was_open_leaves_no_room(era: str) -> None:
    def fill(sandbox: Sandbox) -> None:
        campaigns = sandbox.state.organization(ORG).campaigns
        campaigns.update({number: copy_of(campaigns[NUMBER], number) for number in range(100, 107)})

    async with serving(era, person=agreeing(OPEN_ISSUES)) as case:
        _while_thinking(case, fill)
        assert "10 open campaigns, and GitHub allows 10" in await OPEN_ISSUES.refused(case)


async def test_an_end_that_passes_while_the_question_is_open_is_refused(era: str) -> None:
    skipped = timedelta()
    options = SandboxOptions(clock=lambda: utc_now() + skipped)
    async with serving(era, person=agreeing(OPEN_ISSUES), options=options) as case:
        assert case.person is not None

        def wait_for_years() -> None:
            nonlocal skipped
            skipped = timedelta(days=365 * 90)

        case.person.meanwhile = wait_for_years
        assert "`ends_at` 2099-01-08T23:59:59Z is in the past" in await OPEN_ISSUES.refused(case)
