"""The operator's bounds: which organizations may be named, also by a certain caller, and which writes ask a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pydantic import MISSING

from server.errors import InvalidInput, Refused
from server.settings import ConfirmPolicy, Settings
from server.signin.caller import current_caller

MOST_ORGS = 20
"""Organizations that one call may read, or one caller with many could use up the rate limit of all."""


class Effect(Enum):
    """What a call would do, as far as asking is concerned."""

    DELETE = "delete"
    CLOSE = "close"
    OPEN_ISSUES = "open issues"
    OTHER_WRITE = "other write"


@dataclass(frozen=True)
class Policy:
    """The operator's decisions, applied to one call."""

    default_org: str | None
    allow_orgs: tuple[str, ...]
    confirm: ConfirmPolicy

    @classmethod
    def from_settings(cls, settings: Settings) -> Policy:
        """Take the policy out of the settings."""
        return cls(settings.org, settings.allow_orgs, settings.confirm)

    def org(self, given: str | MISSING) -> str:
        """Return the organization that is meant.

        Raises:
            InvalidInput: when none is named and none is configured.
            Refused: when the operator does not allow it, here or to this caller.
        """
        org = self.default_org if given is MISSING else given
        if org is None:
            raise InvalidInput(
                "`org` is missing and the server has no default organization.",
                "Name the organization, or let the operator start the server with --org.",
            )
        if self.allow_orgs and org.lower() not in map(str.lower, self.allow_orgs):
            raise Refused(f"The operator does not allow organization {org} here.", f"Allowed: {_named(self.allowed)}.")
        if not self._allows(org):
            default = ", the server's default" if given is MISSING else ""
            raise Refused(
                f"The caller's sign-in does not allow organization {org}{default}.", f"Allowed: {_named(self.allowed)}."
            )
        return org

    @property
    def allowed(self) -> tuple[str, ...] | None:
        """The only organizations that the caller of this moment may name; None when the token for GitHub decides."""
        caller = current_caller()
        if caller is None or caller.orgs is None:
            return self.allow_orgs or None
        if not self.allow_orgs:
            return caller.orgs
        theirs = set(map(str.lower, caller.orgs))
        return tuple(org for org in self.allow_orgs if org.lower() in theirs)

    def _allows(self, org: str) -> bool:
        allowed = self.allowed
        return allowed is None or org.lower() in map(str.lower, allowed)

    def orgs(self, given: str | MISSING) -> list[str]:
        """Return the organizations that a report is about: the one that is meant, or else all that may be named.

        Raises:
            InvalidInput: as `org`, and when that would be more organizations than one call may read.
            Refused: as `org`.
        """
        if given is MISSING and self.default_org is None and self.allowed:
            if len(self.allowed) > MOST_ORGS:
                raise InvalidInput(
                    f"`org` is missing, and {len(self.allowed)} organizations may be named, of which one call reads at "
                    f"most {MOST_ORGS}.",
                    "Name the organization.",
                )
            return list(self.allowed)
        return [self.org(given)]

    def asks(self, effect: Effect) -> bool:
        """Tell whether a person has to confirm the effect first."""
        if self.confirm == "destructive":
            return effect is not Effect.OTHER_WRITE
        return self.confirm == "writes"


def _named(orgs: tuple[str, ...] | None) -> str:
    named = list(orgs or ())
    more = len(named) - MOST_ORGS
    return ", ".join([*named[:MOST_ORGS], *([f"and {more} more"] if more > 0 else [])]) or "none"
