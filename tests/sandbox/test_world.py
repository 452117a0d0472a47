import subprocess
import sys
import time
from datetime import timedelta

import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SandboxOptions
from server.sandbox.world import AlertKey
from tests.sandbox.connections import Clock, open_alerts


def test_the_same_clock_gives_the_same_world(clock: Clock, sandbox: Sandbox) -> None:
    again = create_sandbox(SandboxOptions(clock=clock))
    assert again.state.organizations == sandbox.state.organizations
    assert again.state.organizations is not sandbox.state.organizations


def test_the_seed_is_as_large_as_a_real_organization(sandbox: Sandbox) -> None:
    organization = sandbox.state.organization("octo-org")
    assert len(organization.repositories) == 13
    assert 380 <= len(organization.alerts) <= 460
    assert len({alert.rule.id for alert in organization.alerts.values()}) > 35
    assert {alert.state for alert in organization.alerts.values()} == {"open", "fixed", "dismissed"}
    assert {campaign.state for campaign in sandbox.state.campaigns("octo-org")} == {"open", "closed"}
    assert sandbox.state.campaigns("octo-labs") == []


def test_every_seeded_time_makes_sense(sandbox: Sandbox, clock: Clock) -> None:
    for org in ("octo-org", "octo-labs"):
        organization = sandbox.state.organization(org)
        for alert in organization.alerts.values():
            assert organization.repositories[alert.repository_id].created_at < alert.created_at <= alert.updated_at
            assert alert.updated_at <= clock.now
            closed_at = alert.fixed_at or alert.dismissed_at
            assert (closed_at is None) == (alert.state == "open")
            assert closed_at is None or alert.created_at <= closed_at <= clock.now


def test_numbers_have_no_gaps_and_older_alerts_have_lower_ones(sandbox: Sandbox) -> None:
    organization = sandbox.state.organization("octo-org")
    for repository_id in organization.repositories:
        alerts = sorted(
            (alert for key, alert in organization.alerts.items() if key[0] == repository_id), key=lambda a: a.number
        )
        assert [alert.number for alert in alerts] == list(range(1, len(alerts) + 1))
        assert alerts == sorted(alerts, key=lambda alert: alert.created_at)


def test_ages_follow_the_clock() -> None:
    later = create_sandbox(SandboxOptions(clock=Clock(Clock().now + timedelta(days=100))))
    sooner = create_sandbox(SandboxOptions(clock=Clock()))
    assert later.state.campaign("octo-org", 5).ends_at - sooner.state.campaign("octo-org", 5).ends_at == timedelta(
        days=100
    )
    assert later.state.campaign("octo-org", 3).ends_at == sooner.state.campaign("octo-org", 3).ends_at


def test_closing_reopening_and_starting_move_an_alert(sandbox: Sandbox, clock: Clock) -> None:
    state, key = sandbox.state, open_alerts(sandbox)[0].key
    clock.advance(days=1)
    state.close_alert(*key)
    assert (state.alert(*key).state, state.alert(*key).fixed_at) == ("fixed", clock.now)
    state.reopen_alert(*key)
    assert (state.alert(*key).state, state.alert(*key).fixed_at) == ("open", None)
    state.start_alert(*key)
    assert state.alert(*key).in_progress
    state.close_alert(*key, outcome="dismissed")
    alert = state.alert(*key)
    assert (alert.state, alert.dismissed_reason, alert.in_progress) == ("dismissed", "won't fix", False)


def test_what_does_not_exist_raises(sandbox: Sandbox) -> None:
    with pytest.raises(KeyError):
        sandbox.state.home_of(1)
    with pytest.raises(KeyError):
        sandbox.state.repository("octo-org", "nothing")


def test_an_alert_that_is_gone_leaves_the_counts(sandbox: Sandbox) -> None:
    organization = sandbox.state.organization("octo-org")
    campaign = organization.campaigns[5]
    before = sum(organization.stats(campaign))
    del organization.alerts[AlertKey(*campaign.alerts[0])]
    assert sum(organization.stats(campaign)) == before - 1


def test_seeding_is_quick(clock: Clock) -> None:
    started = time.process_time()
    create_sandbox(SandboxOptions(clock=clock))
    assert time.process_time() - started < 0.15


def test_the_sandbox_does_not_load_the_sign_in_library() -> None:
    program = "import sys, server.sandbox.app; sys.exit('jwt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603 - our own words
