"""Alerts in the order that a list asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from server.sandbox.answers import timestamp
from server.sandbox.world import Alert, AlertKey, Organization, SecretAlert

A = TypeVar("A", Alert, SecretAlert)
SortKey: TypeAlias = tuple[str, int, int]
"""When (a timestamp), then repository and number, so that no two alerts are equal."""


@dataclass(frozen=True, slots=True)
class Order:
    """What `sort` (created, updated or number) and `direction` of a query say."""

    sort: str
    descending: bool

    def key(self, alert: Alert | SecretAlert) -> SortKey:
        """The place of an alert."""
        if self.sort == "number":
            return "", alert.repository_id, alert.number
        moment = alert.updated_at if self.sort == "updated" else alert.created_at
        return timestamp(moment), alert.repository_id, alert.number


@dataclass(frozen=True, slots=True)
class _Sorted:
    alerts: list[Any]
    moments: list[datetime]
    in_order: list[Any]


class Orders:
    """Remembers how lists were sorted, since sorting 20,000 alerts takes longer than all the rest of a page.

    Tests change the world behind the API's back. So the alerts, and the moments that decide their places, are compared
    with those of last time whenever a list is asked for. They are the very same objects as a rule, so that is quick.
    """

    def __init__(self) -> None:
        # Any: one memory for both kinds of alerts, which their class tells apart.
        self._known: dict[tuple[int, type, Order], _Sorted] = {}

    def arrange(self, organization: Organization, alerts: Mapping[AlertKey, A], order: Order) -> list[A]:
        """An organization's alerts in an order. The list is for reading only."""
        found = list(alerts.values())
        if not found:
            return found
        moments = list(map(attrgetter("updated_at" if order.sort == "updated" else "created_at"), found))
        place = (organization.id, type(found[0]), order)
        known = self._known.get(place)
        if known is None or known.moments != moments or known.alerts != found:
            in_order = sorted(found, key=order.key, reverse=order.descending)
            known = self._known[place] = _Sorted(found, moments, in_order)
        return known.in_order
