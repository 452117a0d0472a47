"""Makes alerts for a repository, by counting instead of by chance."""

from datetime import datetime, timedelta

from server.sandbox.seed_rules import BY_LANGUAGE, EVERYWHERE
from server.sandbox.world import Alert, Outcome, Repository, Rule

_FOLDERS = {
    "TypeScript": "src/{}.ts",
    "Java": "src/main/java/com/octo/{}.java",
    "Python": "app/{}.py",
    "Go": "internal/{}.go",
    "HCL": "modules/{}.tf",
}
_FILES = (
    "login",
    "session",
    "invoice",
    "basket",
    "export",
    "search",
    "profile",
    "upload",
    "webhook",
    "report",
    "admin",
)
_REASONS = ("false positive", "won't fix", "used in tests")


def rules_for(language: str) -> tuple[Rule, ...]:
    """The rules that find something in a repository of a language; its own ones come twice as often."""
    own = BY_LANGUAGE.get(language, ())
    return (*own, *own, *EVERYWHERE)


def plant_alerts(
    repository: Repository,
    rules: tuple[Rule, ...],
    count: int,
    *,
    first: int,
    newest: datetime,
    apart: timedelta = timedelta(days=9),
) -> list[Alert]:
    """Open alerts numbered from `first`, going round `rules`, about `apart`; the last one is from about `newest`."""
    alerts = []
    # With nine days between two alerts, a shift by as many hours as the number says.
    shifts = [apart * step / 216 for step in range(24)]
    newest -= timedelta(minutes=repository.id % 60)
    for step in range(count):
        number = first + step
        created = (newest - apart * (count - 1 - step) - shifts[number % 24]).replace(microsecond=0)
        path = _FOLDERS.get(repository.language, "{}").format(_FILES[(number * 3 + repository.id) % len(_FILES)])
        alerts.append(
            Alert(
                repository_id=repository.id,
                number=number,
                rule=rules[(number * 7 + repository.id) % len(rules)],
                created_at=created,
                updated_at=created + timedelta(hours=number % 4),
                path=path,
                start_line=12 + number * 17 % 380,
                classifications=("test",) if number % 13 == 0 else (),
                assignees=("lena-fischer",) if number % 11 == 0 else (),
            )
        )
    return alerts


def plant_history(repository: Repository, count: int, *, first: int, now: datetime) -> list[Alert]:
    """A repository's alerts over the months: of the older half many closed, of the rest a few in progress."""
    newest = now - timedelta(days=4)
    alerts = plant_alerts(repository, rules_for(repository.language), count, first=first, newest=newest)
    for step, alert in enumerate(alerts):
        mark = (alert.number * 7 + repository.id) % 20
        if step < count // 2 and mark < 9:
            settle(alert, alert.created_at + (now - alert.created_at) / 2, "dismissed" if mark < 2 else "fixed")
        elif mark == 12:
            alert.in_progress = True
    return alerts


def settle(alert: Alert, moment: datetime, outcome: Outcome) -> None:
    """Close an alert at a moment of the past."""
    moment = moment.replace(microsecond=0)
    alert.state, alert.updated_at, alert.in_progress = outcome, moment, False
    if outcome == "fixed":
        alert.fixed_at = moment
    else:
        alert.dismissed_at, alert.dismissed_by = moment, "mona-lisa"
        alert.dismissed_reason = _REASONS[alert.number % len(_REASONS)]
        alert.dismissed_comment = "Looked at together with the team." if alert.number % 2 else None
