"""The one error tree.

Every error says what failed, why, and what to do next, in sentences that may be shown to a person or a model as they
are. Facts that a program may want (status, request id, documentation link) are attributes. No error ever carries a
secret: texts are built from names and numbers, never from headers or credentials.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal


class CampaignsError(Exception):
    """Base of everything this server raises on purpose.

    Attributes:
        what: what failed and why, one or more sentences.
        remedy: what to do next, or an empty string.
        nothing_written: True when GitHub's data is certainly as it was; who reports the error adds that. When False,
            the text itself says how things stand.
        recorded: True when the audit has a record of the write that ended so.
    """

    nothing_written = True
    recorded = False

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the whole text, without an ending about the outcome."""
        return " ".join(part for part in (self.what, self.remedy) if part)


class ConfigurationError(CampaignsError):
    """The operator's settings or credentials are missing or wrong."""


class InvalidInput(CampaignsError):
    """Arguments were refused here, before anything was sent to GitHub."""


class Refused(CampaignsError):
    """A guard said no: policy, preview, confirmation, or a campaign that is no longer the one that was shown."""


class AnswerUsedBefore(Refused):
    """A person's answer came a second time; the text says how things stand after the first."""

    nothing_written = False


class RivalUnderWay(Refused):
    """Another call may be making the same campaign at this moment; the text says how things stand."""

    nothing_written = False


class StoreFailed(CampaignsError):
    """What this server keeps could not be read or written. GitHub is not concerned."""


class TokenRefused(CampaignsError):
    """A caller's token is not good here. The text says why and repeats nothing of the token."""


class SignInUnavailable(CampaignsError):
    """Whether a caller's token is good cannot be told now."""


class GitHubError(CampaignsError):
    """GitHub refused, failed or could not be reached.

    Attributes:
        status: the HTTP status, or None when there was no answer.
        request_id: GitHub's X-GitHub-Request-Id, for its support.
        docs: the documentation address that GitHub gave.
        lack: why there is nothing to read, where GitHub told: scanning is "off", or there is "no analysis".
        may_have_happened: True when a write ended in this error and may have been carried out nevertheless. Inside
            server.github only: what leaves it then is OutcomeUnknown.
    """

    may_have_happened = False
    lack: Literal["off", "no analysis"] | None = None

    def __init__(
        self,
        what: str,
        remedy: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        docs: str | None = None,
    ) -> None:
        super().__init__(what, remedy)
        self.status = status
        self.request_id = request_id
        self.docs = docs

    def __str__(self) -> str:
        """Return the whole text with the facts GitHub's support would ask for."""
        facts = [
            f"HTTP {self.status}" if self.status else "",
            f"request {self.request_id}" if self.request_id else "",
            self.docs or "",
        ]
        known = ", ".join(fact for fact in facts if fact)
        return super().__str__() + (f" [{known}]" if known else "")


class Unauthenticated(GitHubError):
    """401: the credential is missing, wrong, expired or revoked."""


class PermissionMissing(GitHubError):
    """403: the credential is known, but a scope, permission or role is missing."""


class NotFound(GitHubError):
    """404: it does not exist, or GitHub hides it from this account."""


class Rejected(GitHubError):
    """400 or 422: GitHub did not accept the request."""


class RateLimited(GitHubError):
    """A rate limit whose end is further away than a caller can be kept waiting.

    Attributes:
        until: when GitHub accepts requests again, in GitHub's time, timezone-aware.
    """

    def __init__(self, what: str, remedy: str = "", *, until: datetime, status: int | None = None) -> None:
        super().__init__(what, remedy, status=status)
        self.until = until


class Unavailable(GitHubError):
    """GitHub answered with 5xx, or not at all, as often as was tried."""


class UnexpectedAnswer(GitHubError):
    """Something answered, but not as GitHub's API answers: HTML, broken JSON, another shape, another host."""


class OutcomeUnknown(GitHubError):
    """A write may or may not have happened; the text says exactly what is known."""

    nothing_written = False
