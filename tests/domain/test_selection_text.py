"""A selection that one process wrote reads the same in another."""

from __future__ import annotations

import json

import pytest

from server.domain.alert_selection import AlertSelection
from server.domain.alerts import CodeAlert, SecretAlert
from server.domain.selection_text import as_text, from_text

CODE = AlertSelection(
    "code",
    (
        CodeAlert(
            1, 2, "payments", "high", "js/xss", (79, 80), "CodeQL", "javascript", "a.js", 1_700_000_000, ("mona",)
        ),
        CodeAlert(1, 3, "p\ud800\0", "none", "", (), "", "", "", 1_700_000_001, ()),
    ),
    {"low": 3, "note": 1},
)
SECRET = AlertSelection("secret", (SecretAlert(1, 2, "payments", "adafruit_io_key", "active", True, 1_700_000_000),))


@pytest.mark.parametrize("selection", [CODE, SECRET, AlertSelection("code", ())], ids=["code", "secret", "empty"])
@pytest.mark.parametrize("notes", [(), ("Left out: 4.", "Another.")])
def test_what_was_written_reads_the_same(selection: AlertSelection, notes: tuple[str, ...]) -> None:
    read = from_text(as_text(selection, notes))
    assert read == (selection, notes)
    assert read[0].pairs() == selection.pairs()
    assert list(read[0].left_out) == list(selection.left_out)
    assert [type(alert) for alert in read[0].alerts] == [type(alert) for alert in selection.alerts]


@pytest.mark.parametrize("changed", [{"fields": ["repository_id"]}, {"kind": "dependency"}])
def test_what_another_version_wrote_counts_as_not_kept(changed: dict[str, object]) -> None:
    assert from_text(json.dumps(json.loads(as_text(CODE, ())) | changed)) is None
