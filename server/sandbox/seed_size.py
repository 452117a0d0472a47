"""Makes octo-org large: many repositories, a few of them with most of the alerts. By counting, as everywhere here."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, pairwise

from server.sandbox.seed_alerts import plant_alerts, rules_for, settle
from server.sandbox.world import Alert, Organization, Repository

_FAMILIES = (
    "payments",
    "checkout",
    "ledger",
    "shipping",
    "orders",
    "identity",
    "catalog",
    "pricing",
    "fraud",
    "loyalty",
    "partner",
    "mobile",
    "support",
    "search",
    "data",
)
_PARTS = (
    ("web", "TypeScript"),
    ("service", "Java"),
    ("jobs", "Python"),
    ("gateway", "Go"),
    ("portal", "TypeScript"),
    ("importer", "Python"),
    ("events", "Java"),
    ("cluster", "HCL"),
    ("widgets", "TypeScript"),
    ("reports", "Python"),
    ("worker", "Go"),
    ("batch", "Java"),
    ("mailer", "TypeScript"),
    ("models", "Python"),
)
_FIRST_ID = 43001
_OLDEST = timedelta(days=4 * 365)
_APART = timedelta(days=9)
_OPEN_TO_CLOSED = 50


def enlarge(organization: Organization, now: datetime, alerts: int, repositories: int | None) -> None:
    """Add repositories with alerts until so many are open; see SandboxOptions for what the numbers mean."""
    missing = alerts - sum(alert.state == "open" for alert in organization.alerts.values())
    if missing <= 0:
        return
    wanted = alerts // 100 if repositories is None else repositories
    added = _repositories(organization, now, max(wanted - len(organization.repositories), 1))
    for repository, open_count in zip(added, _shares(missing, len(added)), strict=True):
        organization.repositories[repository.id] = repository
        organization.alerts.update({alert.key: alert for alert in _alerts(repository, open_count, now)})


def _names() -> Iterator[tuple[str, str]]:
    """Names without end, each with its language; families and parts have no common divisor, so no pair comes twice."""
    for number in count():
        circle, place = divmod(number, len(_FAMILIES) * len(_PARTS))
        part, language = _PARTS[place % len(_PARTS)]
        name = f"{_FAMILIES[place % len(_FAMILIES)]}-{part}"
        yield (f"{name}-{circle + 1:03d}" if circle else name), language


def _repositories(organization: Organization, now: datetime, size: int) -> list[Repository]:
    taken = {repository.name for repository in organization.repositories.values()}
    free = ((name, language) for name, language in _names() if name not in taken)
    return [
        Repository(
            id=_FIRST_ID + number,
            name=name,
            description=None if number % 6 == 5 else name.replace("-", " ").capitalize(),
            language=language,
            topics=(name.partition("-")[0],),
            private=number % 9 != 8,
            created_at=organization.created_at + timedelta(days=100 + number % 400),
            pushed_at=now - timedelta(days=number * 7 % 180, hours=number % 24),
        )
        for number, (name, language) in zip(range(size), free, strict=False)
    ]


def _shares(total: int, size: int) -> list[int]:
    """Parts that add up to a total, each smaller than the one before: the second half the first, the third a third."""
    edges = [0.0]
    for place in range(1, size + 1):
        edges.append(edges[-1] + 1 / place)
    rounded = [round(total * edge / edges[-1]) for edge in edges]
    return [later - earlier for earlier, later in pairwise(rounded)]


def _alerts(repository: Repository, open_count: int, now: datetime) -> list[Alert]:
    """Alerts of which so many are open, spread over at most four years, and a closed one for every fifty open ones."""
    closed_count = open_count // _OPEN_TO_CLOSED
    total = open_count + closed_count
    apart = min(_APART, _OLDEST / max(total, 1))
    newest = now - timedelta(days=1 + repository.id % 30)
    rules = rules_for(repository.language)
    alerts = plant_alerts(repository, rules, total, first=1, newest=newest, apart=apart)
    for step in range(closed_count):
        alert = alerts[step * (_OPEN_TO_CLOSED + 1) + 25]
        settle(alert, alert.created_at + (now - alert.created_at) / 2, "fixed" if step % 3 else "dismissed")
    for alert in alerts:
        alert.in_progress = alert.state == "open" and alert.number % 20 == 12
    return alerts
