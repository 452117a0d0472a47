"""What the lists of code scanning and of secret scanning alerts have in common."""

from collections.abc import Iterable, Mapping, Sequence

from server.sandbox.answers import JsonObject, json_text
from server.sandbox.order import A, Order
from server.sandbox.pages import by_cursor, by_number, numbered_url
from server.sandbox.query import one_of
from server.sandbox.repositories import may_see, simple_repository_text
from server.sandbox.service import Call
from server.sandbox.world import AlertKey, Organization, Repository


def in_order(
    call: Call, organization: Organization, alerts: Mapping[AlertKey, A], sorts: tuple[str, ...]
) -> tuple[list[A], Order]:
    """All of an organization's alerts in the order a query asks for, and that order.

    Raises:
        Refused: 422, `sort` or `direction` is none that there is.
    """
    sort = one_of(call, "sort", sorts, "created")
    order = Order(sort, one_of(call, "direction", ("asc", "desc"), "desc") == "desc")
    return call.service.orders.arrange(organization, alerts, order), order


def seen_repositories(call: Call, organization: Organization) -> set[int]:
    """The repositories whose alerts the caller may see in the organization's list."""
    found = organization.repositories.values()
    return {repository.id for repository in found if may_see(call.caller, organization, repository)}


def page_of_organization(
    call: Call, organization: Organization, alerts: Sequence[A], order: Order
) -> tuple[Sequence[A], dict[str, str]]:
    """A page of an organization's list, by cursor when no page is asked for or the sandbox gives out cursors only."""
    url = numbered_url(call, organization.id)
    if "page" in call.query and call.options.alert_links == "numbered":
        return by_number(call, alerts, url)
    return by_cursor(call, alerts, order.key, descending=order.descending, url=url)


def page_of_repository(call: Call, alerts: Sequence[A], order: Order) -> tuple[Sequence[A], dict[str, str]]:
    """A page of a repository's list, by number when `page` is given, otherwise by cursor."""
    if "page" in call.query:
        return by_number(call, alerts)
    return by_cursor(call, alerts, order.key, descending=order.descending)


def with_repositories(organization: Organization, items: Iterable[tuple[Repository, JsonObject]]) -> bytes:
    """Alerts as JSON, each with its repository, as an organization's list has them."""
    texts = [
        f'{json_text(item)[:-1]},"repository":{simple_repository_text(organization, repository)}}}'
        for repository, item in items
    ]
    return f"[{','.join(texts)}]".encode()
