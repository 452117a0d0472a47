"""What holds for all findings, and how they are shown."""

from __future__ import annotations

import json

import pytest

from server import doctor
from server.doctor import Finding
from server.sandbox.options import (
    MEMBER_TOKEN,
)
from tests.doctor.visits import (
    EVERY_ACCOUNT,
    ORDER,
    visit,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("token", EVERY_ACCOUNT)
@pytest.mark.parametrize("org", ["octo-org", "nobody-has-this", None])
async def test_only_reads_are_sent_and_the_token_is_in_no_output(token: str, org: str | None) -> None:
    visited = await visit(token, org=org)
    assert {sent.method for sent in visited.sent} == {"GET"}
    assert token not in visited.texts


@pytest.mark.parametrize("token", EVERY_ACCOUNT)
async def test_nobody_is_sent_to_the_doctor_by_the_doctor(token: str) -> None:
    visited = await visit(token)
    assert not any("doctor" in finding.mend for finding in visited.findings)


@pytest.mark.parametrize("token", EVERY_ACCOUNT)
async def test_every_failure_says_how_to_mend_it_and_what_works_does_not(token: str) -> None:
    visited = await visit(token)
    for finding in visited.findings:
        assert finding.says.endswith(".")
        assert finding.mend or finding.status != "failed"
        assert not finding.mend or finding.status != "ok"


# How it is shown

FOUND = [
    Finding("credentials", "ok", "Found."),
    Finding("rate_limit", "failed", "Used up.", "Wait."),
    Finding("role", "unknown", "Hidden.", "Ask."),
    Finding("api", "skipped", "Not looked at.", "Wait."),
]


async def test_the_text_is_aligned_and_counts() -> None:
    assert doctor.render(FOUND, color=False).splitlines() == [
        "ok       credentials  Found.",
        "FAILED   rate limit   Used up.",
        "                      -> Wait.",
        "unknown  role         Hidden.",
        "                      -> Ask.",
        "skipped  api          Not looked at.",
        "",
        "1 ok, 1 failed, 1 unknown, 1 skipped.",
    ]


async def test_color_changes_nothing_but_the_marks() -> None:
    colored = doctor.render(FOUND, color=True)
    assert "\x1b[1;31mFAILED \x1b[0m  rate limit   Used up." in colored
    plain = colored
    for code in ("32", "1;31", "33", "2", "0"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == doctor.render(FOUND, color=False)


async def test_json_has_stable_keys() -> None:
    visited = await visit(MEMBER_TOKEN)
    shown = json.loads(doctor.as_json(visited.findings))
    assert list(shown) == ["exit_status", "findings"]
    assert shown["exit_status"] == 1
    assert [found["check"] for found in shown["findings"]] == [*ORDER, "store"]
    assert all(list(found) == ["check", "status", "says", "mend"] for found in shown["findings"])


@pytest.mark.parametrize(
    ("statuses", "expected"), [([], 0), (["ok", "unknown", "skipped"], 0), (["ok", "failed", "unknown"], 1)]
)
async def test_only_a_failed_check_changes_the_exit_status(statuses: list[doctor.Status], expected: int) -> None:
    findings = [Finding("api", status, "So it is.") for status in statuses]
    assert doctor.exit_status(findings) == expected


def test_the_checks_have_the_documented_order() -> None:
    assert [check.name for check in doctor.CHECKS] == [*ORDER, "store"]
