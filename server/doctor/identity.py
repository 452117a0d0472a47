"""The first checks: whether there is a credential, whether GitHub answers, and who that makes us."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx

from server.doctor.examination import IS_IT_GITHUB, NAME_ONE, Examination
from server.doctor.findings import Verdict, failed, ok, unknown
from server.domain.dates import spoken
from server.domain.text import as_name, clean, quote
from server.errors import NotFound, PermissionMissing, Unauthenticated
from server.github.addresses import segment
from server.github.answers import Answer
from server.github.connection import GitHub

_LONGEST_NAME = 100
_LONGEST_LIST = 300
_OTHER_VERSION = "Choose another one with --api-version."
_SOON = timedelta(days=7)
_MAYBE_INSTALLATION = ("installation token", "token of unknown kind")


async def credentials(exam: Examination) -> Verdict:
    """Find the credential and tell its kind and source, never its value."""
    if exam.as_app is not None:
        source = (await exam.as_app.credentials.token(None)).source
        return ok(f"GitHub App {clean(exam.settings.app_id or '', _LONGEST_NAME)} from {source}.")
    token = await exam.github.credentials.token(exam.org)
    if exam.settings.sandbox:
        return ok("The sandbox's own token.")
    return ok(f"{token.kind[0].upper()}{token.kind[1:]} from {token.source}.")


async def api(exam: Examination) -> Verdict:
    """Reach GitHub and see whether it takes the API version."""
    host = _host(exam)
    wanted = exam.settings.api_version
    try:
        answer = await _first_answer(exam, exam.as_app)
    except (Unauthenticated, PermissionMissing, NotFound):
        return unknown(f"{host} answers; whether it takes API version {wanted} shows with a token that it accepts.")
    if exam.as_app is None and (trouble := _unlisted(host, answer.content, wanted)) is not None:
        return trouble
    selected = answer.headers.get("x-github-api-version-selected", wanted)
    if selected != wanted:
        return failed(
            f"{host} answers in API version {quote(selected)}, although {wanted} was asked for.",
            f"{_OTHER_VERSION} Or a proxy changes requests on the way.",
        )
    return ok(f"{host} answers and takes API version {wanted}.")


def _unlisted(host: str, listed: object, wanted: str) -> Verdict | None:
    if not isinstance(listed, list):
        return failed(f"{host} answers, but does not list API versions as GitHub does.", IS_IT_GITHUB)
    if wanted in listed:
        return None
    offered = quote(", ".join(map(str, listed)), _LONGEST_LIST)
    return failed(f"{host} answers, but API version {wanted} is not among those it has: {offered}.", _OTHER_VERSION)


def _host(exam: Examination) -> str:
    return "The sandbox" if exam.settings.sandbox else urlsplit(exam.settings.api_url).hostname or ""


async def _first_answer(exam: Examination, app: GitHub | None) -> Answer:
    if app is None:
        return await exam.read("/versions", "the API versions")
    # An app that signs in as itself may ask for itself; what else it may ask for is not documented everywhere.
    answer = await app.client.request("GET", "/app", about="the GitHub App")
    if isinstance(answer.content, dict):
        slug = answer.content.get("slug")
        exam.app_slug = as_name(slug, _LONGEST_NAME) if isinstance(slug, str) and slug else None
    return answer


async def account(exam: Examination) -> Verdict:
    """Tell whom GitHub takes the credential for, and when it expires where GitHub says so."""
    if exam.as_app is not None:
        return await _app_account(exam)
    try:
        answer = await exam.read("/user", "this token's account")
    except PermissionMissing as refusal:
        if (await exam.github.credentials.token(exam.org)).kind not in _MAYBE_INSTALLATION:
            return failed(refusal.what, refusal.remedy)
        # Only a user has this page, so this is how GitHub answers an installation.
        exam.installation = True
        return ok("GitHub accepts the token as a GitHub App's installation; it does not tell which.")
    login = answer.content.get("login") if isinstance(answer.content, dict) else None
    if not isinstance(login, str) or not login:
        return failed("GitHub's answer about the account holds no login.", IS_IT_GITHUB)
    exam.login = as_name(login, _LONGEST_NAME)
    exam.scopes = _scopes(answer.headers)
    return ok(f"The token acts as {exam.login}.{_expiry(answer.headers, exam.github.clock.now())}")


async def _app_account(exam: Examination) -> Verdict:
    exam.installation = True
    if exam.org is None and exam.app_slug is not None:
        return ok(f"GitHub knows the app as {exam.app_slug}.")
    # Signing in for the organization also finds out whether the app is installed there.
    token = await exam.github.credentials.token(exam.org)
    where = f", installed in {exam.org}" if exam.org else ""
    return ok(f"The app acts as {token.account or 'an app without a name'}{where}.")


def _scopes(headers: httpx.Headers) -> frozenset[str] | None:
    listed = headers.get("x-oauth-scopes")
    if listed is None:
        return None
    return frozenset(clean(scope, _LONGEST_NAME) for scope in listed.split(",") if scope.strip())


def _expiry(headers: httpx.Headers, now: datetime) -> str:
    end = _moment(headers.get("github-authentication-token-expiration", ""))
    if end is None:
        return ""
    left = end - now
    if left >= _SOON:
        return f" It expires at {spoken(end)}."
    soon = f"in {left.days} day{'' if left.days == 1 else 's'}" if left.days > 0 else "in less than a day"
    return f" Warning: it expires {soon}, at {spoken(end)}; renew it before."


def _moment(text: str) -> datetime | None:
    # GitHub writes "2026-06-05 10:00:00 UTC", and has been seen to write an offset instead of the zone's name.
    try:
        return datetime.strptime(text.strip().replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


async def organization(exam: Examination) -> Verdict:
    """See the organization; without one, tell which there are."""
    if exam.org is None:
        return failed(
            f"No organization is named, so half of this could not be looked at. {await _choice(exam)}", NAME_ONE
        )
    try:
        answer = await exam.read(f"/orgs/{segment(exam.org)}", f"the organization {exam.org}")
    except NotFound as hidden:
        return failed(
            hidden.what,
            "Check the name. If it is right, the account is not in the organization, or the token may not see it.",
        )
    if "x-github-sso" in answer.headers:
        return failed(
            f"{exam.org} requires single sign-on (SSO), and the token is not authorized for it.",
            'Authorize it with "Configure SSO", beside the token in GitHub\'s developer settings.',
        )
    return ok(f"{exam.org} is visible{_others(exam)}.")


def _others(exam: Examination) -> str:
    allowed = exam.settings.allow_orgs
    more = len(allowed) - 1
    if exam.settings.org or more < 1 or exam.org != allowed[0]:
        return ""
    return f"; it is the first that --allow-org names, and {more} more can be looked at with --org"


async def _choice(exam: Examination) -> str:
    if exam.installation:
        return "A GitHub App acts in the organizations where it is installed."
    logins = await exam.github.people.organizations()
    shown = clean(", ".join(map(as_name, logins)), _LONGEST_LIST)
    return f"The account belongs to {shown}." if logins else "GitHub does not tell which ones the account belongs to."
