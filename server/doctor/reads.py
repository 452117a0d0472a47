"""The reads that the server's tools live on, tried out, and what is left of the rate limit."""

from __future__ import annotations

from datetime import UTC, datetime

from server.doctor.examination import IS_IT_GITHUB, NAME_ONE, Examination
from server.doctor.findings import Verdict, failed, ok, skipped, spoken_name
from server.domain.dates import spoken
from server.errors import NotFound, RateLimited
from server.github.addresses import segment
from server.github.pages import objects

_FEW = 0.1


async def read_campaigns(exam: Examination) -> Verdict:
    """Read a page of one campaign."""
    about = f"the campaigns of {exam.org}"
    try:
        answer = await exam.read(f"/orgs/{segment(exam.named_org)}/campaigns", about, per_page=1)
    except NotFound as hidden:
        return failed(hidden.what, _what_is_missing(exam, "Campaigns: read"))
    found = objects(answer.content, about)
    return ok("Campaigns can be read." if found else "Campaigns can be read; there are none yet.")


async def read_alerts(exam: Examination) -> Verdict:
    """Read a page of one open code scanning alert."""
    about = f"the code scanning alerts of {exam.org}"
    path = f"/orgs/{segment(exam.named_org)}/code-scanning/alerts"
    try:
        answer = await exam.read(path, about, per_page=1, state="open")
    except NotFound as hidden:
        return failed(hidden.what, _what_is_missing(exam, "Code scanning alerts: read"))
    found = objects(answer.content, about)
    return ok("Code scanning alerts can be read." if found else "Code scanning alerts can be read; none is open.")


def _what_is_missing(exam: Examination, permission: str) -> str:
    """Return what to do about a 404, which hides what is missing, from what earlier checks showed."""
    causes = [check for check in ("role", "permissions") if exam.status(check) == "failed"]
    if causes:
        return f"Mend {' and '.join(map(spoken_name, causes))} first."
    if exam.status("role") == exam.status("permissions") == "ok":
        return f"Role and scope are there. See whether {exam.org} has GitHub Code Security, which campaigns need."
    if exam.installation:
        return f'Add the permission "{permission}" to the GitHub App, and let an owner of {exam.org} accept it.'
    ask = f"let an owner of {exam.org} give {exam.login} the role of security manager"
    if exam.scopes is not None:
        return f"The scope is there, so the role is missing: {ask}."
    return f'Give the token the permission "{permission}", or {ask}.'


async def rate_limit(exam: Examination) -> Verdict:
    """Tell how many requests are left and when the count starts again. Asking costs none."""
    if exam.as_app is not None and exam.org is None:
        return skipped("An installation's rate limit can be seen once an organization is named.", NAME_ONE)
    try:
        answer = await exam.read("/rate_limit", "the rate limit")
    except RateLimited as limit:
        return failed(limit.what, limit.remedy)
    figures = _figures(answer.content)
    if figures is None:
        return failed("GitHub's answer about the rate limit is not what its reference describes.", IS_IT_GITHUB)
    limit_, left, reset = figures
    again = spoken(datetime.fromtimestamp(reset, UTC))
    if left == 0:
        return failed(
            f"No request of {limit_} an hour is left until {again}.", "Wait until then, or use another account's token."
        )
    if exam.limited is not None:
        return failed(exam.limited.what, exam.limited.remedy)
    few = "Only " if left < limit_ * _FEW else ""
    return ok(f"{few}{left} of {limit_} requests are left until {again}.")


def _figures(content: object) -> tuple[int, int, int] | None:
    """Return limit, remaining and reset (epoch seconds); None when they are not there."""
    resources = content.get("resources") if isinstance(content, dict) else None
    core = resources.get("core") if isinstance(resources, dict) else None
    shown = core if isinstance(core, dict) else {}
    limit_, left, reset = (shown.get(name) for name in ("limit", "remaining", "reset"))
    if isinstance(limit_, int) and isinstance(left, int) and isinstance(reset, int) and 0 <= reset < 2**33:
        return limit_, left, reset
    return None
