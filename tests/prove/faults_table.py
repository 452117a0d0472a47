"""What can go wrong between this server and GitHub, and what has to come of it: everything `docs/reliability.md` says.

A fault befalls a call in one of four ways; see `WAYS`. What comes of it is one of `OUTCOMES`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.prove import faults_acts as acts
from tests.prove.faults_kinds import ERROR, LIMITED, Fault, Outcomes
from tests.prove.faults_wire import Act

_RESULT = Outcomes("result", "result", "result")
_DOUBT = Outcomes("error", "unknown", "unknown")
_REPEATED = Outcomes("result", "unknown", "result")
_REPEATED_OR_FOUND = Outcomes("result", "found", "result")
_DAY = timedelta(days=1)


def _broken(name: str, does: str, says: str, act: Act, *, applied: bool, slow: bool = False) -> Fault:
    """A failure that may pass, and that leaves open whether the request was carried out."""
    once = _REPEATED_OR_FOUND if applied else _REPEATED
    return Fault(name, does, says, act, applied, once, _DOUBT, slow=slow)


def _failing(status: int) -> tuple[Fault, Fault]:
    says = "GitHub failed"
    return (
        _broken(f"{status}", "GitHub answers so and does nothing", says, acts.failing(status), applied=False),
        _broken(
            f"{status}, applied", "GitHub answers so after all", says, acts.failing(status, applied=True), applied=True
        ),
    )


_BROKE = "broke before the whole answer had come"
_LATE = "did not answer within"
_PAGE = "answered with an HTML page instead of JSON"
_TOKEN = "GitHub does not accept this token"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "connection refused",
        "nothing listens on GitHub's port",
        "refuses the connection",
        None,
        False,
        _RESULT,
        ERROR,
        refuses=True,
    ),
    _broken("reset", "the connection is reset, and the request lost", _BROKE, acts.reset, applied=False),
    _broken(
        "reset, applied", "the connection is reset, the answer is lost", _BROKE, acts.reset_after_all, applied=True
    ),
    _broken("too slow", "no answer comes within the time limit", _LATE, acts.silent, applied=False, slow=True),
    _broken(
        "too slow, applied", "the answer does not come in time", _LATE, acts.silent_after_all, applied=True, slow=True
    ),
    replace(
        _broken(
            "trickling",
            "the answer comes a byte at a time: no byte is late, and the whole is",
            _LATE,
            acts.trickling,
            applied=True,
            slow=True,
        ),
        etags=False,
    ),
    replace(
        _broken(
            "truncated",
            "the answer ends in its middle, before the length it told",
            _BROKE,
            acts.truncated,
            applied=True,
        ),
        etags=False,
    ),
    Fault(
        "truncated unseen",
        "the answer ends in the middle of its body and told no length",
        "is cut off or is not JSON",
        acts.truncated_unseen,
        True,
        Outcomes("error", "found", "unknown", {"delete_campaign": "result"}),
        Outcomes("error", "unknown", "unknown", {"delete_campaign": "result"}),
        etags=False,
    ),
    Fault(
        "HTML",
        "a page for people comes, with status 200: a sign-in page of a proxy",
        _PAGE,
        acts.page,
        False,
        _DOUBT,
        _DOUBT,
    ),
    Fault(
        "HTML, applied",
        "the same in place of GitHub's answer",
        _PAGE,
        acts.page_after_all,
        True,
        Outcomes("error", "found", "unknown"),
        _DOUBT,
    ),
    *_failing(500),
    *_failing(502),
    *_failing(503),
    Fault(
        "429 with Retry-After",
        "GitHub asks for a pause of 5 s",
        LIMITED,
        acts.too_many(retry_after=5),
        False,
        _RESULT,
        ERROR,
    ),
    Fault("429", "GitHub asks for a pause and does not say how long", LIMITED, acts.too_many(), False, ERROR, ERROR),
    Fault(
        "403, secondary limit",
        "GitHub names a secondary rate limit in words only",
        LIMITED,
        acts.secondary,
        False,
        ERROR,
        ERROR,
    ),
    Fault(
        "403, limit used up",
        "no request is left, and the limit is reset in 40 minutes",
        LIMITED,
        acts.used_up,
        False,
        ERROR,
        ERROR,
    ),
    Fault(
        "redirect elsewhere",
        "307 to another host",
        "GitHub redirects to another host",
        acts.redirected,
        False,
        ERROR,
        ERROR,
    ),
    Fault(
        "Link elsewhere",
        "the next page is said to be on another host",
        "names a next page on another host",
        acts.linked,
        True,
        Outcomes("result", "result", "result", {"find_alerts": "partial", "report_progress": "error"}),
        Outcomes("result", "result", "result", {"find_alerts": "partial", "report_progress": "error"}),
        first=Outcomes("error", "error", "result"),
        midway=_RESULT,
    ),
    Fault(
        "304 out of nowhere",
        "GitHub says that nothing changed, and nothing was kept from before",
        "GitHub answered HTTP 304",
        acts.unchanged,
        False,
        _DOUBT,
        _DOUBT,
        etags=False,
    ),
    Fault(
        "clock a day ahead",
        "this machine's clock is wrong; the server acts as a GitHub App, which signs times",
        "",
        None,
        None,
        None,
        _RESULT,
        first=None,
        midway=None,
        ahead=_DAY,
        app=True,
    ),
    Fault(
        "clock a day behind",
        "the same, the other way",
        "",
        None,
        None,
        None,
        _RESULT,
        first=None,
        midway=None,
        ahead=-_DAY,
        app=True,
    ),
    Fault(
        "pages shift",
        "an alert is closed and a campaign deleted by others as soon as the first answer has been made",
        "",
        acts.shifting,
        None,
        _RESULT,
        None,
        first=None,
        midway=None,
        more=3,  # pages that are read again
    ),
    Fault(
        "token revoked",
        "from then on GitHub does not know it",
        _TOKEN,
        acts.revoked,
        False,
        None,
        ERROR,
        midway=Outcomes("partial", "partial", "partial", {"find_alerts": "error"}),
    ),
    Fault(
        "token expires",
        "an hour passes, which is how long an installation token of a GitHub App lives",
        _TOKEN,
        acts.an_hour_later,
        False,
        _RESULT,
        ERROR,
        midway=Outcomes("partial", "partial", "partial", {"find_alerts": "error"}),
        app=True,
    ),
)
