"""The parts of the confirmation by themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation
from mcp.server.mcpserver import Context
from mcp_types import (
    ClientCapabilities,
    ElicitationCapability,
    FormElicitationCapability,
    UrlElicitationCapability,
)

from server.errors import Refused
from server.guards.confirmation import (
    GoAhead,
    Outcome,
    TypedCampaign,
    can_ask,
    require_asking,
    require_typed,
    require_unchanged,
    require_yes,
)
from tests.guards.test_questions import campaign
from tests.harness import ORG

FORM = ClientCapabilities(elicitation=ElicitationCapability(form=FormElicitationCapability()))
BOTH = ClientCapabilities(
    elicitation=ElicitationCapability(form=FormElicitationCapability(), url=UrlElicitationCapability())
)
URL_ONLY = ClientCapabilities(elicitation=ElicitationCapability(url=UrlElicitationCapability()))
BARE = ClientCapabilities(elicitation=ElicitationCapability())


def call_from(
    capabilities: ClientCapabilities | None, protocol: str | None, *, back_channel: bool
) -> Context[Any, Any]:
    session = SimpleNamespace(can_send_request=back_channel)
    stand_in = SimpleNamespace(client_capabilities=capabilities, protocol_version=protocol, session=session)
    return cast("Context[Any, Any]", stand_in)


@pytest.mark.parametrize("protocol", ["2026-07-28", "2027-01-01", "2025-11-25", "2024-11-05", None])
@pytest.mark.parametrize("back_channel", [True, False])
@pytest.mark.parametrize(
    ("capabilities", "forms"),
    [(FORM, True), (BOTH, True), (BARE, True), (URL_ONLY, False), (ClientCapabilities(), False), (None, False)],
    ids=["form", "form and url", "bare", "url only", "no elicitation", "unknown"],
)
def test_a_client_can_ask_when_it_shows_forms_and_questions_reach_it(
    capabilities: ClientCapabilities | None, forms: bool, back_channel: bool, protocol: str | None
) -> None:
    in_results = protocol is not None and protocol >= "2026-07-28"
    call = call_from(capabilities, protocol, back_channel=back_channel)
    assert can_ask(call) is (forms and (in_results or back_channel))


def test_a_client_that_can_ask_is_let_through() -> None:
    require_asking(call_from(FORM, "2026-07-28", back_channel=False), "Deleting", "Delete it by hand")


def test_without_a_way_back_to_the_client_nobody_can_be_asked() -> None:
    with pytest.raises(Refused) as caught:
        require_asking(call_from(FORM, "2025-11-25", back_channel=False), "Deleting", "Delete it by hand")
    assert str(caught.value) == (
        "Deleting needs a person's confirmation, and this client cannot ask for one. Delete it by hand, use a client "
        "that supports elicitation, or let the operator start the server with --confirm never."
    )


def test_a_yes_passes() -> None:
    require_yes(AcceptedElicitation(data=GoAhead(go_ahead=True)))


_NO_YES: list[Outcome] = [
    AcceptedElicitation(data=GoAhead(go_ahead=False)),
    AcceptedElicitation(data=TypedCampaign(campaign=f"{ORG}/9")),
    AcceptedElicitation[Any].model_construct(data=None),  # as it arrives when nothing was asked
    AcceptedElicitation[Any].model_construct(data=True),
    AcceptedElicitation[Any].model_construct(data={"go_ahead": True}),
    DeclinedElicitation(),
    CancelledElicitation(),
]


@pytest.mark.parametrize("outcome", _NO_YES, ids=str)
def test_anything_but_a_yes_is_refused(outcome: Outcome) -> None:
    with pytest.raises(Refused, match=r"^Not confirmed \("):
        require_yes(outcome)


def test_the_exact_text_passes() -> None:
    require_typed(AcceptedElicitation(data=TypedCampaign(campaign=f"{ORG}/9")), f"{ORG}/9")


_NO_TEXT: list[Outcome] = [
    AcceptedElicitation(data=TypedCampaign(campaign="")),
    AcceptedElicitation(data=TypedCampaign(campaign=f"{ORG}/9 ok")),
    AcceptedElicitation(data=GoAhead(go_ahead=True)),
    AcceptedElicitation[Any].model_construct(data=None),
    AcceptedElicitation[Any].model_construct(data=f"{ORG}/9"),
    DeclinedElicitation(),
    CancelledElicitation(),
]


@pytest.mark.parametrize("outcome", _NO_TEXT, ids=str)
def test_anything_but_the_exact_text_is_refused(outcome: Outcome) -> None:
    with pytest.raises(Refused, match=r"^Not confirmed \("):
        require_typed(outcome, f"{ORG}/9")


def test_a_campaign_whose_own_facts_are_the_same_is_unchanged() -> None:
    now = campaign(
        updated_at="2030-01-01T00:00:00Z",
        published_at="2030-01-01T00:00:00Z",
        description="Other words",
        managers=[{"login": "mona-lisa"}],
        contact_link="https://example.com/",
        alert_stats={"open_count": 1, "in_progress_count": 2, "closed_count": 3},
    )
    require_unchanged(ORG, campaign(), now)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 10),
        ("name", "Path Traversal"),
        ("state", "closed"),
        ("created_at", "2027-01-01T00:00:01Z"),
        ("ends_at", "2027-01-31T00:00:01Z"),
    ],
)
def test_a_campaign_with_another_fact_of_its_own_is_changed(field: str, value: object) -> None:
    with pytest.raises(Refused, match=rf"changed while it was being confirmed \({field}\): it is now {ORG}/"):
        require_unchanged(ORG, campaign(), campaign(**{field: value}))


def test_the_same_moment_in_another_zone_is_no_change() -> None:
    require_unchanged(ORG, campaign(), campaign(ends_at="2027-01-31T01:00:00+01:00"))
