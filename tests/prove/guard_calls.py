"""Calls that a person must confirm, drawn by chance, each with the answer that lets it pass and its write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.guards.scenarios import ALWAYS_ASKED, GUARDED, GuardedCall
from tests.harness import ORG, Sent, open_pairs
from tests.prove.guard_chance import Chance
from tests.prove.guard_stages import Stage
from tests.prove.guard_wires import Message

_ANY, _OPEN = (1, 2, 3, 4, 5, 6), (4, 5, 6)
_CLOSED = (1, 2, 3)
NUMBERS: Mapping[str, Sequence[int]] = {"delete": _ANY, "close": _OPEN, "change": _ANY, "reopen": _CLOSED}
_MORE: Mapping[str, Sequence[Any]] = {
    "name": ("Unsafe parsers", "Décodage sûr", "Мир без дыр", "Rename me"),
    "description": ("Read it as data.", "One line.\nAnother line."),
    "ends_at": ("2098-05-04", "2097-01-02T03:04:05Z"),
    "managers": (["mona-lisa"], []),
    "contact_link": ("https://example.com/help", None),
}


@dataclass(frozen=True)
class Drawn:
    """A call.

    Attributes:
        kind: what it does, such as `delete`.
        tool, arguments: as they are sent.
        yes: the content of the answer that lets it pass.
        method, path: of the write.
        holds: what is in the write's body, among other things.
    """

    kind: str
    tool: str
    arguments: Message
    yes: Message
    method: str
    path: str
    holds: Message

    def is_made_by(self, sent: Sent) -> bool:
        """Tell whether a request to GitHub is the one that this call makes."""
        body = sent.body if isinstance(sent.body, dict) else {}
        same = (sent.method, sent.path) == (self.method, self.path)
        return same and all(name in body and body[name] == value for name, value in self.holds.items())


def guarded_calls(confirm: str) -> Sequence[GuardedCall]:
    """Return the kinds of calls that ask a person under the operator's --confirm."""
    return GUARDED if confirm == "writes" else ALWAYS_ASKED


def draw(chance: Chance, stage: Stage, kind: GuardedCall) -> Drawn:
    """Draw a call of this kind."""
    arguments: Message = kind.arguments_in(stage.world)
    path, yes = kind.path, dict(kind.yes)
    if (numbers := NUMBERS.get(kind.name)) is not None:
        arguments["campaign_number"] = chance.choice(numbers)
        path = f"/orgs/{ORG}/campaigns/{arguments['campaign_number']}"
    holds = {name: value for name, value in (kind.body or {}).items() if name in ("state", "generate_issues")}
    if kind.tool != "delete_campaign":
        arguments |= _more(chance, kind)
        plain = ("name", "description", "managers", "contact_link")
        holds |= {name: arguments[name] for name in plain if name in arguments}
    if kind.tool == "create_campaign":
        arguments["alerts"] = open_pairs(stage.world, chance.randint(1, 3))
        holds["code_scanning_alerts"] = arguments["alerts"]
    org = chance.choice((None, ORG, ORG.upper())) if kind.tool != "create_campaign" else chance.choice((None, ORG))
    if org is not None:
        arguments["org"] = org
        path = path.replace(ORG, org)
    if kind.tool == "delete_campaign":
        yes = {"campaign": f"{org or ORG}/{arguments['campaign_number']}"}
    return Drawn(kind.name, kind.tool, arguments, yes, kind.method, path, holds)


def _more(chance: Chance, kind: GuardedCall) -> Message:
    wanted = chance.sample(sorted(_MORE), chance.randint(0, 2))
    more = {name: chance.choice(_MORE[name]) for name in wanted}
    if kind.tool == "create_campaign" and more.get("contact_link", "") is None:
        del more["contact_link"]  # null only clears, so here it would be refused
    return more
