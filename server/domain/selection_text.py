"""An alert selection as text, for another process to read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from server.domain.alert_selection import AlertSelection
from server.domain.alerts import AlertKind, AnyAlert, CodeAlert, SecretAlert

_TYPES: dict[AlertKind, type[CodeAlert] | type[SecretAlert]] = {"code": CodeAlert, "secret": SecretAlert}


def as_text(selection: AlertSelection, notes: Iterable[str]) -> str:
    """Write a selection, and the notes about how it was found, as JSON."""
    kept = {
        "kind": selection.kind,
        "fields": _TYPES[selection.kind]._fields,
        "alerts": selection.alerts,
        "left_out": dict(selection.left_out),
        "notes": list(notes),
    }
    return json.dumps(kept, separators=(",", ":"))


def from_text(text: str) -> tuple[AlertSelection, tuple[str, ...]] | None:
    """Read what `as_text` wrote; None when another version of this program wrote it."""
    kept = json.loads(text)
    kind: AlertKind = kept["kind"]
    type_ = _TYPES.get(kind)
    if type_ is None or kept["fields"] != list(type_._fields):
        return None
    alerts = tuple(_alert(type_, values) for values in kept["alerts"])
    return AlertSelection(kind, alerts, kept["left_out"]), tuple(kept["notes"])


def _alert(type_: type[CodeAlert] | type[SecretAlert], values: Iterable[Any]) -> AnyAlert:
    return type_._make(tuple(value) if isinstance(value, list) else value for value in values)
