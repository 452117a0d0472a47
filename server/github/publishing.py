"""What is known about one attempt to publish a campaign whose answer was not clear.

GitHub has no idempotency key, and a request that it cut off after ten seconds may still have been carried out. So the
attempt is never repeated; the campaign is looked for instead, and the text says exactly what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from server.domain.models import NAME_LIMIT, Campaign
from server.domain.text import clean, quote
from server.errors import CampaignsError, GitHubError, OutcomeUnknown

_BEFORE_AGAIN = "Do not create it again before looking at list_campaigns."
# What was there before the attempt is known by number, so some difference between GitHub's own clocks does no harm.
_CLOCKS_DIFFER = timedelta(seconds=5)
_COUNTS = {1: "one look", 2: "two looks", 3: "three looks"}


@dataclass
class Attempt:
    """One attempt: what was sent, when it began in GitHub's time, and the looks for its result."""

    org: str
    body: Mapping[str, object]
    known: frozenset[int]
    began: datetime
    _looks: list[datetime] = field(default_factory=list)
    _failed: list[tuple[datetime, CampaignsError]] = field(default_factory=list)
    _rivals: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The campaign's name, quoted for a sentence."""
        return quote(str(self.body.get("name", "")), NAME_LIMIT + 1)

    def matches_in(self, campaigns: Iterable[Campaign]) -> list[Campaign]:
        """Return the campaigns that can be this attempt's: same texts and end, and not there before it began."""
        return [
            campaign
            for campaign in campaigns
            if self._is_rival(campaign)
            and campaign.created_at >= self.began - _CLOCKS_DIFFER
            and _comparable(campaign.description) == _comparable(self.body.get("description"))
            and self._same_people(campaign)
        ]

    def _is_rival(self, campaign: Campaign) -> bool:
        """Whether a campaign was not there before and has this one's name and end: this one, or somebody else's."""
        return (
            campaign.number not in self.known
            and _comparable(campaign.name) == _comparable(self.body.get("name"))
            and campaign.ends_at.astimezone(UTC).replace(microsecond=0) == _moment(self.body.get("ends_at"))
        )

    def _same_people(self, campaign: Campaign) -> bool:
        """Whether managers and contact link are as sent, where both sides name them."""
        sent_link = self.body.get("contact_link")
        return (
            _logins(self.body.get("managers")) in (None, _logins(campaign.managers))
            and _logins(self.body.get("team_managers")) in (None, _logins(campaign.team_managers))
            and (sent_link is None or campaign.contact_link in (None, sent_link))
        )

    def note_look(self, now: datetime, shown: Iterable[Campaign]) -> None:
        """Remember a look that showed no single match, and what it showed with this name and end."""
        self._looks.append(now)
        self._rivals = [campaign.number for campaign in shown if self._is_rival(campaign)]

    def note_failed_look(self, failure: CampaignsError, now: datetime) -> None:
        """Remember a look that GitHub did not answer."""
        self._failed.append((now, failure))

    def not_seen(self, unclear: GitHubError) -> OutcomeUnknown:
        """Return the error for a campaign that did not appear."""
        seen = []
        if self._looks:
            after = f"{_counted(len(self._looks))} (last at {self._looks[-1]:%H:%M:%S} UTC)"
            if self._rivals:
                verb = "has" if len(self._rivals) == 1 else "have"
                seen.append(
                    f"{_named(self._rivals)} {verb} this name and end date, but not all of what was sent, or an "
                    f"earlier beginning; nothing else has appeared after {after}."
                )
            else:
                seen.append(f"None with this name and end date has appeared after {after}.")
        if self._failed:
            now, failure = self._failed[-1]
            failed = f"{_counted(len(self._failed)).capitalize()} failed (last at {now:%H:%M:%S} UTC)"
            seen.append(f"{failed}: {failure.what}")
        return self._unknown(unclear, " ".join(seen) or "It was not looked for.")

    def several(self, unclear: GitHubError, found: list[Campaign]) -> OutcomeUnknown:
        """Return the error for two or more campaigns that could be this attempt's."""
        numbers = _named([campaign.number for campaign in found])
        return self._unknown(
            unclear, f"{numbers} of {self.org} have this name and end date and are as new as this attempt."
        )

    def _unknown(self, unclear: GitHubError, seen: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{unclear.what} So it is not known whether campaign {self.name} was published. {seen}",
            _BEFORE_AGAIN,
            status=unclear.status,
            request_id=unclear.request_id,
        )


def _named(numbers: list[int]) -> str:
    return f"Campaign{'s' if len(numbers) > 1 else ''} {' and '.join(str(number) for number in sorted(numbers))}"


def _logins(value: object) -> list[str] | None:
    return sorted(str(login).lower() for login in value) if isinstance(value, list) else None


def _counted(number: int) -> str:
    return _COUNTS.get(number, f"{number} looks")


def _comparable(text: object) -> str:
    # GitHub may trim and turn line breaks; and a Campaign's texts were cleaned when they were read.
    return " ".join(clean(str(text or ""), 1000, allowed="\n").split())


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return None
