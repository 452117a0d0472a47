"""What docs/explanation.md says of the guard is what the policy decides."""

from __future__ import annotations

import re
from typing import get_args

from server.guards.policy import Effect, Policy
from server.settings import ConfirmPolicy
from tests.documents.reading import read

TEXT = read("docs/explanation.md")
ROWS = {
    "deletes a campaign": Effect.DELETE,
    "closes a campaign": Effect.CLOSE,
    "opens issues when it publishes": Effect.OPEN_ISSUES,
    "writes anything else": Effect.OTHER_WRITE,
}


def test_the_table_says_for_each_effect_and_each_policy_whether_a_person_is_asked() -> None:
    table = TEXT.split("| a call that |")[1].split("\n\n")[0]
    policies = re.findall(r"`--confirm (\w+)`", table)
    assert policies == list(get_args(ConfirmPolicy))
    told = {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in table.splitlines()[2:])}
    assert list(told) == list(ROWS)
    assert set(ROWS.values()) == set(Effect)
    for row, effect in ROWS.items():
        asks = [Policy(None, (), policy).asks(effect) for policy in get_args(ConfirmPolicy)]
        assert [cell.startswith("asks") for cell in told[row]] == asks, row
        assert [cell == "asks; typed" for cell in told[row]] == [ask and effect is Effect.DELETE for ask in asks]
