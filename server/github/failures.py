"""What to say about an answer that is no success: each kind its own sentence, with what to do next.

GitHub's own words are quoted as data, and not at all where secrets may be among them. From the headers only the request
id, and the names of scopes and permissions that are missing, are ever shown.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Literal

import httpx
from pydantic_core import from_json

from server.domain.text import quote
from server.errors import (
    GitHubError,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
)
from server.github.retries import Call, retry_after

_LONGEST_MESSAGE = 300
_LONGEST_ITEM = 120
_MOST_ITEMS = 5
_REQUEST_ID = re.compile(r"[0-9A-Fa-f]+(:[0-9A-Fa-f]+)+")  # as no token looks, which something in between may echo
_LONGEST_REQUEST_ID = 100
_DOCS = re.compile(r"https://docs\.github\.com(/[A-Za-z0-9/_#?=.-]*)?")  # shown as it is, outside of quotations
# As GitHub documents both, and as no token looks, which has digits and is longer.
_SCOPE = re.compile(r"[a-z][a-z_]{0,24}(:[a-z_]{1,24})?")
_PERMISSION = re.compile(r"[a-z][a-z_]{0,60}=(read|write|admin)")
_NAMES_VERSION = re.compile(r"api[- ]?version", re.IGNORECASE)
_SECRETS = "/secret-scanning/"
_ALERTS = {"/code-scanning/": "Code scanning", _SECRETS: "Secret scanning"}
_NO_ANALYSIS = "no analysis found"
_OFF = ("not enabled", "must be enabled", "disabled")
_HOW_IS_IT = "https://www.githubstatus.com tells of known trouble."


def parsed(body: bytes) -> object:
    """Read JSON.

    Raises:
        ValueError: it is not JSON, or nested too deeply to be an answer of GitHub's.
    """
    try:
        return from_json(body, cache_strings="keys")  # a third faster on a page of alerts
    except ValueError:
        pass
    try:
        return json.loads(body)  # takes more of what is JSON: half a surrogate pair, a byte order mark
    except (ValueError, RecursionError):
        pass
    raise ValueError("not JSON")  # on its own: the decoder's error would carry the whole body along


def told(response: httpx.Response) -> dict[str, object]:
    """Return GitHub's error body; empty when it is no JSON object. A server that echoes the token is not repeated."""
    secret = response.request.headers.get("authorization", "").removeprefix("Bearer ").encode()
    try:
        content = parsed(response.content.replace(secret, b"***") if secret else response.content)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def request_id(headers: httpx.Headers) -> str | None:
    """Return X-GitHub-Request-Id when it looks like one."""
    value = headers.get("x-github-request-id", "")
    return value if len(value) <= _LONGEST_REQUEST_ID and _REQUEST_ID.fullmatch(value) else None


def is_html(response: httpx.Response) -> bool:
    """Whether the body is a page for people."""
    return "html" in response.headers.get("content-type", "").lower() or response.content.lstrip()[:1] == b"<"


def not_json(response: httpx.Response, call: Call) -> UnexpectedAnswer:
    """Return the error for a body that should be JSON and is not."""
    host = call.url.host
    if is_html(response):
        what = f"{host} answered with an HTML page instead of JSON."
        remedy = "Is --api-url right? Does a proxy or a sign-in page answer in GitHub's place?"
    else:
        what = f"The answer from {host} is cut off or is not JSON."
        remedy = "Try again; if it stays, look for a proxy that changes answers on the way."
    return UnexpectedAnswer(what, remedy, status=response.status_code, request_id=request_id(response.headers))


def server_failure(response: httpx.Response, call: Call, now: datetime) -> Unavailable:
    """Return the error for 5xx."""
    wait = retry_after(response.headers, now)
    when = f"Try again in {wait:.0f} s" if wait else "Try again in a few minutes"
    times = "" if call.tries <= 1 else f" {call.tries} times"
    return Unavailable(
        f"GitHub failed{times} on the request for {call.about}.",
        f"{when}; {_HOW_IS_IT}",
        status=response.status_code,
        request_id=request_id(response.headers),
    )


def rate_limited(response: httpx.Response, until: datetime) -> RateLimited:
    """Return the error for a rate limit that lasts longer than the caller can be kept waiting."""
    error = RateLimited(
        f"GitHub's rate limit is reached. Requests are accepted again at {until:%Y-%m-%d %H:%M:%S} UTC.",
        "Try again then, with fewer requests at a time.",
        until=until,
        status=response.status_code,
    )
    error.request_id = request_id(response.headers)
    return error


def refusal(response: httpx.Response, call: Call, api_version: str) -> GitHubError:
    """Return the error for 4xx."""
    if is_html(response):
        return not_json(response, call)
    body = told(response)
    status = response.status_code
    shown = {} if _SECRETS in call.url.path else body
    said = _github_says(shown)
    needs, advice = _needs(call), _doctor(call)
    error: GitHubError
    if status == 401:
        error = Unauthenticated(
            f"GitHub does not accept this token: it is wrong, expired or revoked.{said}",
            "Give a valid one (GITHUB_TOKEN, --token-file or `gh auth login`); `security-campaigns-mcp doctor` shows "
            "which one is used.",
        )
    elif status == 403:
        why, remedy = _why_forbidden(response.headers, needs)
        error = PermissionMissing(
            f"This token may not {'read' if call.reads else 'change'} {call.about}: {why}.{said}", f"{remedy}{advice}"
        )
    elif status in (400, 410) and _NAMES_VERSION.search(str(body.get("message", ""))):
        error = Rejected(
            f"GitHub does not support API version {api_version}.{said}", "Choose another one with --api-version."
        )
    elif status == 404 and (lacking := _lacking_scope(response.headers)):
        # GitHub hides what a token may not see; the scopes tell that this is such a case.
        error = PermissionMissing(
            f"This token may not {'read' if call.reads else 'change'} {call.about}: {lacking}.",
            f"Add the scope to the token.{advice}",
        )
    elif status in (404, 410):
        error = NotFound(
            f'GitHub answers "not found" for {call.about}. It does not exist, or GitHub hides it because {needs}.',
            f"Check the names and numbers.{advice}",
        )
    else:
        error = Rejected(f"GitHub did not accept the request for {call.about}.{said}", "Correct what GitHub names.")
    error.status, error.request_id, error.docs = status, request_id(response.headers), _docs(shown)
    error.lack = _lack(body)
    return error


def alerts_permission(path: str) -> str:
    """Say what a token needs to read the alerts at `path`; empty for other paths."""
    for part, name in _ALERTS.items():
        if part in path:
            return f'"{name} alerts: read" (classic tokens: scope security_events or repo)'
    return ""


def _needs(call: Call) -> str:
    access = "read" if call.reads else "write"
    owner = f" of {call.org}" if call.org else ""
    if permission := alerts_permission(call.url.path):
        return f"the token lacks the permission {permission}, or its account a role{owner} that may see them"
    if "/campaigns" in call.url.path:
        return (
            f'the token lacks the organization permission "Campaigns: {access}" (classic tokens: scope '
            f"security_events), or its account is neither owner nor security manager{owner}"
            + (', or it lacks "Code scanning alerts: read" on one of the repositories' if call.method == "POST" else "")
        )
    return f"the token lacks a permission or scope for it, or its account a role{owner}"


def _doctor(call: Call) -> str:
    return f" Run `security-campaigns-mcp doctor --org {call.org}`." if call.org else ""


def _why_forbidden(headers: httpx.Headers, needs: str) -> tuple[str, str]:
    if "x-github-sso" in headers:
        return (
            "the organization requires single sign-on (SSO) and the token is not authorized for it",
            'Authorize it for the organization: GitHub, Settings, Developer settings, the token, "Configure SSO".',
        )
    permissions = headers.get("x-accepted-github-permissions", "")
    if _names(permissions, _PERMISSION):
        return (f"it lacks the permission {quote(permissions, _LONGEST_ITEM)}", "Grant it to the token or app.")
    if lacking := _lacking_scope(headers):
        return (lacking, "Add the scope to the token.")
    return needs, "Ask an owner of the organization for the missing permission or role."


def _lacking_scope(headers: httpx.Headers) -> str:
    """Say which scope is missing, as far as GitHub tells; nothing for tokens without scopes."""
    accepted = _names(headers.get("x-accepted-oauth-scopes", ""), _SCOPE)
    held = _names(headers.get("x-oauth-scopes", ""), _SCOPE)
    wide = {"repo", "admin:org"}  # these include smaller ones, so holding one proves nothing
    if not accepted or held is None or "x-oauth-scopes" not in headers or set(held) & ({*accepted} | wide):
        return ""
    named = quote(", ".join(accepted), _LONGEST_ITEM)
    return f"it needs one of the scopes {named} and has {quote(', '.join(held), _LONGEST_ITEM) if held else 'none'}"


def _names(header: str, pattern: re.Pattern[str]) -> list[str] | None:
    """Return what a header lists; None when something in it is not such a name, and may be anything."""
    names = [name.strip() for name in re.split("[,;]", header) if name.strip()]
    return names if all(pattern.fullmatch(name) for name in names) else None


def _lack(body: dict[str, object]) -> Literal["off", "no analysis"] | None:
    message = str(body.get("message")).lower()
    if _NO_ANALYSIS in message:
        return "no analysis"
    return "off" if any(words in message for words in _OFF) else None


def _github_says(body: dict[str, object]) -> str:
    message = body.get("message")
    said = f" GitHub says: {quote(message, _LONGEST_MESSAGE)}" if isinstance(message, str) and message.strip() else ""
    errors = body.get("errors")
    items = [_item(error) for error in errors[:_MOST_ITEMS]] if isinstance(errors, list) else []
    if isinstance(errors, list) and len(errors) > _MOST_ITEMS:
        items.append(f"{len(errors) - _MOST_ITEMS} more")
    listed = "; ".join(items)
    if said and listed:
        return f"{said} ({listed})."
    return f"{said}." if said else f" GitHub says: {listed}." if listed else ""


def _item(error: object) -> str:
    if not isinstance(error, dict):
        return quote(str(error), _LONGEST_ITEM)
    words = [str(error[key]) for key in ("field", "code", "message") if error.get(key)]
    return quote(": ".join(words) or "an error without a description", _LONGEST_ITEM)


def _docs(body: dict[str, object]) -> str | None:
    address = str(body.get("documentation_url"))
    return address if len(address) <= _LONGEST_MESSAGE and _DOCS.fullmatch(address) else None
