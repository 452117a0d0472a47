"""What a 404 about campaigns or alerts means. It can be several things; looking one step wider tells which."""

from __future__ import annotations

from server.errors import CampaignsError, GitHubError, NotFound, PermissionMissing
from server.github.addresses import segment
from server.github.client import GitHubClient


async def narrowed(
    client: GitHubClient, refusal: NotFound, org: str, number: int | None = None, *, change: bool = False
) -> GitHubError:
    """Look whether the campaign, the organization's campaigns, and then the organization can be seen.

    Args:
        client: what to look with; at most three reads.
        refusal: the 404.
        org: the organization.
        number: the campaign that was asked for; None when it was about all of them or a new one.
        change: the 404 answered a change, which needs more rights than looking does.

    Returns:
        An error that names the one thing, or the refusal itself when looking does not tell.
    """
    try:
        error = await _told_by_looking(client, org, number, change=change)
    except CampaignsError:
        return refusal
    if error is None:
        return refusal
    return _with_facts(error, refusal)


async def alerts_narrowed(client: GitHubClient, refusal: NotFound, org: str, about: str, needs: str) -> GitHubError:
    """Look whether the organization can be seen, after a 404 for its list of alerts.

    Args:
        client: what to look with; one read.
        refusal: the 404.
        org: the organization.
        about: the alerts, in words for a sentence.
        needs: the permission to read them.

    Returns:
        An error that names the one thing, or the refusal itself when looking does not tell.
    """
    try:
        known = await _is_there(client, org, "")
    except CampaignsError:
        return refusal
    if not known:
        return _with_facts(_no_organization(org), refusal)
    hidden = PermissionMissing(
        f"This token may not read {about}: it lacks the permission {needs}, or its account is neither owner nor "
        "security manager there.",
        _doctor(org),
    )
    return _with_facts(hidden, refusal)


def _with_facts(error: GitHubError, refusal: NotFound) -> GitHubError:
    error.status, error.request_id = refusal.status, refusal.request_id
    return error


def _doctor(org: str) -> str:
    return f"Run `security-campaigns-mcp doctor --org {org}`."


def _no_organization(org: str) -> NotFound:
    return NotFound(
        f"There is no organization {org}, or this token may not know of it.",
        "Check the name, and whether the token's account is a member.",
    )


async def _told_by_looking(client: GitHubClient, org: str, number: int | None, *, change: bool) -> GitHubError | None:
    if change and number is not None and await _is_there(client, org, f"/campaigns/{number}"):
        return PermissionMissing(
            f"This token may read campaign {org}/{number} but not change it: it lacks the organization permission "
            '"Campaigns: write", or its account is neither owner nor security manager.',
            _doctor(org),
        )
    if (change or number is not None) and await _is_there(client, org, "/campaigns?per_page=1"):
        if number is None:
            return None  # publishing needs rights on every repository too, so the refusal says more
        return NotFound(
            f"There is no campaign {org}/{number}.", "list_campaigns shows those there are; drafts stay hidden."
        )
    if not await _is_there(client, org, ""):
        return _no_organization(org)
    return PermissionMissing(
        f"This token may not use the campaigns of {org}: its account is neither owner nor security manager there, or a "
        'fine-grained token or app lacks the organization permission "Campaigns".',
        _doctor(org),
    )


async def _is_there(client: GitHubClient, org: str, rest: str) -> bool:
    try:
        await client.request("GET", f"/orgs/{segment(org)}{rest}", org=org)
    except NotFound:
        return False
    return True
