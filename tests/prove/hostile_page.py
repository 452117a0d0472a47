"""The page of a report in a browser, as a file and as an App in a host, with every payload in every place of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from server.domain.reports import CampaignProgress, ProgressReport, RepositoryProgress
from tests.app_page.apps_host import HOST, AppsHost
from tests.prove.hostile_payloads import MARK, PAYLOADS

NOW = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
_LONGEST = 500
_ON_ONE_PAGE = 12
_OURS = (
    "a, img, iframe, object, embed, form, input, base, meta[http-equiv=refresh], main script, main style, main details"
)


def missing() -> str:
    """Say what is missing for trying a page; nothing when all is there."""
    there = {"Node": shutil.which("node"), "Chromium": shutil.which("chromium"), "the host's packages": _packages()}
    return ", ".join(what for what, found in there.items() if not found)


def _packages() -> bool:
    return (HOST / "node_modules").exists()


def hostile_report(texts: Sequence[str]) -> ProgressReport:
    """Return a report that no server made: each text in every place of one campaign, and in the report's own."""
    return ProgressReport(
        summary=" ".join(texts),
        as_of=NOW,
        campaigns=[_campaign(number, text) for number, text in enumerate(texts, 1)],
        partial=list(texts),
        notes=list(texts),
    )


def _campaign(number: int, text: str) -> CampaignProgress:
    return CampaignProgress(
        campaign_number=number,
        name=text,
        org=text,
        status="unknown",
        reason=text,
        open_count=1,
        in_progress_count=1,
        closed_count=1,
        left_by_severity={text: 1},
        left_fixed_dismissed_by_repository=[RepositoryProgress(text, 1, 0, 0)],
        burndown=[(0, 3), (1, 2)],
        burndown_from=NOW.date(),
        url=text,
    )


def sendable() -> list[str]:
    """Return every payload as it can reach a page: cut, and without halves of characters, which no JSON brings."""
    return [text[:_LONGEST].encode(errors="ignore").decode() for text in PAYLOADS.values()]


def page_faults(apps: AppsHost, texts: Sequence[str]) -> tuple[int, list[str]]:
    """Open the page with these, everything in it unfolded; return how many names were seen, and what is wrong.

    A page of hundreds of charts takes a browser long, so that not all are on one.
    """
    seen, faults = 0, list[str]()
    for first in range(0, len(texts), _ON_ONE_PAGE):
        some = texts[first : first + _ON_ONE_PAGE]
        for how, show in (("the file", apps.open_alone), ("the App", apps.show)):
            show(hostile_report(some))
            shown, wrong = _looked_at(apps, some)
            seen += shown
            faults += [f"{how}: {each}" for each in wrong]
    return seen, faults


def _looked_at(apps: AppsHost, texts: Sequence[str]) -> tuple[int, list[str]]:
    apps.app("document.querySelectorAll('.board button').forEach((button) => button.click())")
    apps.app("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null))))")
    faults = []
    names = apps.texts("h2")
    wanted = [_visible(text) for text in texts]
    if [_visible(name) for name in names] != wanted:
        different = [one for one, other in zip(names, wanted, strict=False) if _visible(one) != other]
        faults.append(f"a name is not shown as it reads: {different[:2]!a}, {len(names)} of {len(wanted)}")
    links = apps.app("[...document.querySelectorAll('a')].map((each) => each.protocol + each.username)")
    if set(links) - {"https:"}:
        faults.append(f"it links to {sorted(set(links))}")
    if others := apps.app(f"[...document.querySelectorAll({_OURS[3:]!r})].map((each) => each.outerHTML.slice(0, 80))"):
        faults.append(f"elements were made of text: {others[:2]}")
    if apps.app("window.hit ?? null") is not None:
        faults.append("a script ran")
    observed: dict[str, Any] = apps.play("observed")
    home = f"{observed['appAddress']}/"
    if observed["console"] or observed["violations"]:
        faults.append(f"the browser complained: {observed['console'][:2]} {observed['violations'][:2]}")
    if elsewhere := [address for address in observed["requests"] if address != home]:
        faults.append(f"it asked for {elsewhere[:2]}")
    return sum(MARK in name for name in names), faults


def _visible(text: str) -> str:
    """Return a text without blanks and without what nobody sees, for which the page puts blanks."""
    return "".join(each for each in text if each.isprintable() and not each.isspace())
