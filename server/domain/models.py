"""Campaigns as this server keeps them: GitHub's field names, logins and slugs instead of user and team objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from server.domain.text import clean, hidden_characters

NAME_LIMIT = 50
"""Characters of a campaign's name (REST reference, create a campaign)."""
DESCRIPTION_LIMIT = 255
"""Characters of a campaign's description (REST reference, create a campaign)."""
MANAGERS_LIMIT = 10
"""Managers, and likewise team managers, of one campaign (REST reference, create a campaign)."""
ALERTS_LIMIT = 1000
"""Alerts in one campaign (GitHub Docs, about security campaigns)."""
OPEN_CAMPAIGNS_LIMIT = 10
"""Campaigns an organization can have open at once (GitHub Docs, about security campaigns)."""

CampaignState = Literal["open", "closed"]

_LONGEST_LOGIN = 100
_LONGEST_LINK = 2000


def _named(key: str) -> Any:
    """Make a validator that keeps `key` of each object in a list, and nothing else of it."""

    def pick(value: Any) -> Any:
        if not isinstance(value, list):
            return []
        names = [item.get(key) if isinstance(item, dict) else item for item in value]
        return [clean(name, _LONGEST_LOGIN) for name in names if isinstance(name, str) and name]

    return BeforeValidator(pick)


def _cleaned(limit: int, allowed: str = "", *, absent: str | None = "") -> Any:
    """Make a validator that cleans text; what is no text counts as absent."""
    return BeforeValidator(lambda value: clean(value, limit, allowed=allowed) if isinstance(value, str) else absent)


def _readable_stats(value: Any) -> Any:
    """Keep counts only when all three are there: half a count would look like a whole one."""
    counts = ("open_count", "in_progress_count", "closed_count")
    return value if isinstance(value, dict) and all(isinstance(value.get(count), int) for count in counts) else None


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


_Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class AlertStats(BaseModel):
    """How many of a campaign's alerts are open, in progress and closed (fixed or dismissed)."""

    model_config = ConfigDict(frozen=True)

    open_count: int
    in_progress_count: int
    closed_count: int

    @property
    def total(self) -> int:
        """All alerts that GitHub counts in the campaign."""
        return self.open_count + self.in_progress_count + self.closed_count


class Campaign(BaseModel):
    """What GitHub's `campaign-summary` says, read leniently.

    `contact_link` is required by the schema and absent from every example of the reference; `name` is not in the
    schema's required list; list items may lack `alert_stats` and `published_at`. All of these may be missing here.
    Times come out in UTC. Texts are cleaned of invisible characters and cut, since anyone who can edit a campaign
    chooses them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)  # listing the tools needs none

    number: int
    name: Annotated[str, _cleaned(200)] = ""
    description: Annotated[str, _cleaned(1000, allowed="\n")] = ""
    state: CampaignState
    created_at: _Moment
    updated_at: _Moment
    published_at: _Moment | None = None
    ends_at: _Moment
    closed_at: _Moment | None = None
    managers: Annotated[list[str], _named("login")] = Field(default_factory=list)
    team_managers: Annotated[list[str], _named("slug")] = Field(default_factory=list)
    contact_link: Annotated[str | None, _cleaned(_LONGEST_LINK, absent=None)] = None
    alert_stats: Annotated[AlertStats | None, BeforeValidator(_readable_stats)] = None
    altered: bool = False
    """Whether a text here is not exactly what GitHub holds, since something invisible was taken out of it."""

    @model_validator(mode="before")
    @classmethod
    def _note_what_is_altered(cls, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        texts = [told.get(field) for field in ("name", "description", "contact_link")]
        return told | {
            "altered": any(isinstance(text, str) and hidden_characters(text, allowed="\n") for text in texts)
        }


class AlertPairs(BaseModel):
    """Alerts of one repository, as GitHub's create call wants them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    repository_id: Annotated[int, Field(description="GitHub's numeric id")]
    alert_numbers: Annotated[list[int], Field(description="Open alerts, each once")]
