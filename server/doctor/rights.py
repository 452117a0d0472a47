"""What the account and the credential are allowed, as far as GitHub tells without being asked to change anything."""

from __future__ import annotations

from server.doctor.examination import NAME_ONE, Examination
from server.doctor.findings import Verdict, failed, ok, skipped, unknown
from server.domain.text import clean
from server.errors import NotFound, PermissionMissing
from server.github.addresses import segment

_LONGEST = 300
_CAMPAIGN_SCOPES = frozenset({"security_events", "repo"})
_MEMBER_SCOPES = frozenset({"read:org", "write:org", "admin:org"})
_CAMPAIGNS = "organization_campaigns"
_ALERTS = "security_events"


async def role(exam: Examination) -> Verdict:
    """See whether the account is owner or security manager, as GitHub demands for campaigns."""
    if exam.installation:
        return unknown(
            'An installation has no role, and how GitHub applies "owner or security manager" to it is not documented; '
            "read campaigns shows what it does."
        )
    org = exam.named_org
    try:
        answer = await exam.read(f"/user/memberships/orgs/{segment(org)}", f"the account's membership in {org}")
    except PermissionMissing as missing:
        return unknown(
            missing.what, 'To see it, give the token "Members: read" (classic: scope read:org). It is not required.'
        )
    except NotFound:
        return failed(
            f"{exam.login} is not a member of {org}, as far as GitHub shows.",
            f"Ask an owner of {org} for membership and the role of security manager, or act as another account.",
        )
    shown = answer.content if isinstance(answer.content, dict) else {}
    if shown.get("state", "active") != "active":
        return failed(f"{exam.login} was invited to {org} and has not accepted yet.", "Accept the invitation.")
    if shown.get("role") == "admin":
        return ok(f"{exam.login} is an owner of {org}.")
    return await _security_manager(exam, org)


async def _security_manager(exam: Examination, org: str) -> Verdict:
    seen = await exam.github.people.check_managers(org, [exam.login], [])
    if exam.login in seen.roles:
        return ok(f"{exam.login} is {seen.roles[exam.login]} of {org}.")
    if exam.login in seen.unfit:
        return failed(
            f"{exam.login} is a member of {org}, but neither owner nor security manager.",
            f"Ask an owner of {org} for the role of security manager.",
        )
    return unknown(
        f"{exam.login} is a member of {org}, not an owner. {seen.why} "
        f"If read campaigns works, {exam.login} is security manager."
    )


async def permissions(exam: Examination) -> Verdict:
    """See whether the credential has the scopes or permissions for campaigns."""
    if exam.scopes is not None:
        return _scopes(exam.scopes)
    if exam.as_app is not None:
        if exam.org is None:
            return skipped("An installation's permissions can be seen once an organization is named.", NAME_ONE)
        shown = await exam.read_as_app(exam.as_app, f"/orgs/{segment(exam.org)}/installation")
        granted = shown.get("permissions")
        return _granted(exam, granted if isinstance(granted, dict) else {})
    return unknown("GitHub does not tell what a token of this kind may do; the next checks show it.")


def _scopes(held: frozenset[str]) -> Verdict:
    shown = clean(", ".join(sorted(held)), _LONGEST)
    if not held & _CAMPAIGN_SCOPES:
        has = f"has only {shown}" if held else "has no scopes"
        return failed(f"The token lacks the scope security_events: it {has}.", "Add the scope to the token.")
    if held & _MEMBER_SCOPES:
        return ok(f"The token's scopes are enough: {shown}.")
    return ok(
        f"The token's scopes are enough for campaigns: {shown}. "
        "Without read:org, managers cannot be looked up before a campaign is published."
    )


def _granted(exam: Examination, granted: dict[str, object]) -> Verdict:
    level = granted.get(_CAMPAIGNS)
    exam.campaigns_level = level if level in ("read", "write") else None
    if _ALERTS not in granted:
        return failed(
            'The installation lacks the permission "Code scanning alerts: read".',
            "Add it on the app's settings page, and let an owner of the organization accept the change.",
        )
    if exam.campaigns_level is None:
        named = clean(", ".join(sorted(granted)), _LONGEST)
        return unknown(
            f"The installation shows no permission for campaigns, only {named}. Read campaigns shows what it may do.",
            'If it fails, add the organization permission "Campaigns" on the app\'s settings page.',
        )
    return ok(f"The installation has the permissions Campaigns: {exam.campaigns_level} and Code scanning alerts.")


async def write_campaigns(exam: Examination) -> Verdict:
    """Judge whether campaigns can be changed. Nothing is ever written to find out."""
    if exam.settings.read_only:
        return skipped("The server is read-only: it offers no tool that writes.")
    if exam.campaigns_level == "read":
        return failed(
            'The installation has the permission "Campaigns: read", which is not enough to write.',
            'Add "Campaigns: write" on the app\'s settings page and let an owner accept it, or start with --read-only.',
        )
    if exam.scopes is not None:
        # GitHub asks the same scope and the same roles for all five calls, and just answered one of them.
        return ok("Expected to work: the scope and role that reading needed are what writing needs.")
    if exam.campaigns_level == "write":
        return unknown("Cannot be known without writing, though the installation has the permission.")
    return unknown(
        "Cannot be known without writing.",
        'Writing needs the organization permission "Campaigns: write", and "Code scanning alerts: read" on every '
        "repository of the campaign.",
    )
