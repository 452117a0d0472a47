"""What is said about a reading of alerts: what is missing, what was mended, what cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from server.domain.alerts import AlertKind
from server.domain.text import alert_count
from server.errors import GitHubError, NotFound
from server.github.alert_pages import MOST_PAGES, AlertList
from server.github.alert_reading import Reading
from server.github.budget import Spared
from server.github.credentials import Token
from server.github.pages import LARGEST_PAGE

_MOST_NAMED = 5
_KINDS = {"code": "code scanning", "secret": "secret scanning"}


def alerts_of(kind: AlertKind, name: str) -> str:
    """Return what is asked for, in words for a sentence."""
    return f"the {_KINDS[kind]} alerts of {name}"


def is_off(refusal: GitHubError) -> bool:
    """Whether GitHub has nothing to read there, as far as it tells: scanning is off, or nothing was analyzed."""
    return isinstance(refusal, NotFound) or refusal.lack == "off"


def refused(kind: AlertKind, refusals: Mapping[str, GitHubError]) -> Iterator[str]:
    """Tell of repositories whose alerts could not be read."""
    hidden = {name: refusal for name, refusal in refusals.items() if not is_off(refusal)}
    if hidden:
        first = next(iter(hidden.values()))
        others = " So it is with the others." if len(hidden) > 1 else ""
        yield f"Missing are {alerts_of(kind, _named(hidden))}. {first.what}{others}"
    unexplained = [name for name, refusal in refusals.items() if _is_unexplained(kind, refusal)]
    if unexplained:
        yield (
            f"The {_KINDS[kind]} alerts of {_named(unexplained)} could not be read: GitHub does not have them, or "
            "hides them from this token."
        )
    told = [name for name, refusal in refusals.items() if name not in hidden and name not in unexplained]
    off = [name for name in told if not _without_analysis(kind, refusals[name])]
    if off:
        yield f"{_KINDS[kind].capitalize()} is not enabled for {_named(off)}, or this token may not see its alerts."


def without_analysis(kind: AlertKind, refusals: Mapping[str, GitHubError]) -> Iterator[str]:
    """Tell of repositories that never had alerts."""
    names = [name for name, refusal in refusals.items() if _without_analysis(kind, refusal)]
    if names:
        yield f"GitHub has no analysis of {_named(names)}, so there are no alerts."


def ended_early(reading: Reading, lists: Sequence[AlertList], found: int) -> Iterator[str]:
    """Tell how far a reading came that GitHub or the rate limit ended."""
    unread = reading.lists_to_come - len(lists)
    if not unread and all(one.whole for one in lists):
        return
    in_all: int | None = 0
    for one in lists:
        in_all = None if in_all is None or one.pages_in_all is None else in_all + one.pages_in_all
    known = None if unread else in_all
    if isinstance(reading.failure, Spared):
        about = f"about {known * LARGEST_PAGE:,}" if known else ""
        yield f"{_only(found, 'alerts', about)}, to spare the rate limit: {reading.failure.left}."
    elif reading.failure is not None:
        read = sum(one.pages_read for one in lists)
        yield f"{_only(read, 'pages of alerts', f'{known:,}' if known else '')}. {reading.failure.what}"


def list_gaps(lists: Sequence[AlertList]) -> Iterator[str]:
    """Tell what is missing or doubtful in lists that were read."""
    cut = [one for one in lists if one.cut]
    if cut:
        pages = cut[0].pages_in_all
        of = f" of {pages:,}" if pages else ""
        yield f"Only the first {MOST_PAGES:,} pages{of} were read, since one reading takes no more; narrow the filter."
    if any(one.restless for one in lists):
        yield "Alerts kept changing while they were read, so the counts may be off by a few."
    unreadable = sum(one.unreadable for one in lists)
    if unreadable:
        yield f"{alert_count(unreadable)} could not be read."


def list_notes(lists: Sequence[AlertList]) -> Iterator[str]:
    """Tell what happened to lists and was mended."""
    again = sum(one.read_again for one in lists)
    if again:
        pages = "page was" if again == 1 else "pages were"
        yield f"Alerts opened or closed while they were read; {again:,} {pages} read again."
    if any(one.unchecked and one.whole and not one.restless for one in lists):
        yield "It could not be checked any more whether alerts opened or closed while they were read."


def sight(token: Token) -> Iterator[str]:
    """Tell when a token may not see every repository."""
    limited = token.kind in ("fine-grained personal access token", "installation token")
    if limited and not token.every_repository:
        yield "This token sees only the repositories it was given."


def _without_analysis(kind: AlertKind, refusal: GitHubError) -> bool:
    return kind == "code" and isinstance(refusal, NotFound) and refusal.lack == "no analysis"


def _is_unexplained(kind: AlertKind, refusal: GitHubError) -> bool:
    # GitHub also says "not found" of what it hides. For secrets it means that scanning is off.
    return kind == "code" and isinstance(refusal, NotFound) and refusal.lack is None


def _only(read: int, things: str, in_all: str) -> str:
    return f"Only {read:,} of {in_all} {things} were read" if in_all else f"Only {read:,} {things} were read, not all"


def _named(names: Mapping[str, object] | Sequence[str]) -> str:
    listed = list(names)
    shown = listed[:_MOST_NAMED]
    more = len(listed) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
