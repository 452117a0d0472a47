"""What a 404 about campaigns means. GitHub answers the same to three things; looking one step wider tells which."""

from __future__ import annotations

from server.errors import GitHubError, NotFound, PermissionMissing
from server.github.addresses import segment
from server.github.client import GitHubClient


async def narrowed(client: GitHubClient, refusal: NotFound, org: str, number: int | None = None) -> GitHubError:
    """Look whether the organization's campaigns, and then the organization, can be seen.

    Args:
        client: what to look with; at most two reads.
        refusal: the 404.
        org: the organization.
        number: the campaign that was asked for; None when it was about all of them or a new one.

    Returns:
        An error that names the one thing, or the refusal itself when the wider look fails.
    """
    try:
        if number is not None and await _is_there(client, org, "/campaigns?per_page=1"):
            error: GitHubError = NotFound(
                f"There is no campaign {org}/{number}.", "list_campaigns shows those there are; drafts stay hidden."
            )
        elif not await _is_there(client, org, ""):
            error = NotFound(
                f"There is no organization {org}, or this token may not know of it.",
                "Check the name, and whether the token's account is a member.",
            )
        else:
            error = PermissionMissing(
                f"This token may not use the campaigns of {org}: its account is neither owner nor security manager "
                'there, or a fine-grained token or app lacks the organization permission "Campaigns".',
                f"Run `security-campaigns-mcp doctor --org {org}`.",
            )
    except GitHubError:
        return refusal
    error.status, error.request_id = refusal.status, refusal.request_id
    return error


async def _is_there(client: GitHubClient, org: str, rest: str) -> bool:
    try:
        await client.request("GET", f"/orgs/{segment(org)}{rest}", org=org)
    except NotFound:
        return False
    return True
