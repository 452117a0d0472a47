"""Octo-org's secret scanning alerts. The secrets are put together here and have the form of no secret there is."""

from datetime import datetime, timedelta
from typing import NamedTuple

from server.sandbox.world import Organization, Resolution, SecretAlert, SecretKind, Validity

SECRET_MARK = "made-up-secret"  # noqa: S105 - the beginning of every seeded secret
ADAFRUIT = SecretKind("adafruit_io_key", "Adafruit IO Key", "Adafruit", "adafruit")
GITHUB = SecretKind("github_personal_access_token", "GitHub Personal Access Token", "GitHub", "github")
GOOGLE = SecretKind("google_api_key", "Google API Key", "Google", "google")
NPM = SecretKind("npm_access_token", "npm Access Token", "npm", "npm")
SLACK = SecretKind("slack_incoming_webhook_url", "Slack Incoming Webhook URL", "Slack", "slack")
STRIPE = SecretKind("stripe_api_key", "Stripe API Key", "Stripe", "stripe")
STRIPE_TEST = SecretKind("stripe_test_secret_key", "Stripe Test API Secret Key", "Stripe", "stripe")
HOUSE_PATTERN = SecretKind("octo_signing_key", "Octo signing key")
RSA_KEY = SecretKind("rsa_private_key", "RSA Private Key", generic=True)
PASSWORD = SecretKind("password", "Password", generic=True)

_PATHS = ("config/settings.yml", "deploy/values.yaml", ".env.example", "src/client.ts", "scripts/release.sh")
_VALIDITIES: tuple[Validity, ...] = ("active", "unknown", "inactive", "unknown", "active")
_RESOLUTIONS: tuple[Resolution, ...] = ("revoked", "false_positive", "used_in_tests", "wont_fix")


class _Find(NamedTuple):
    """So many alerts of one kind in a repository; the oldest `resolved` of them are."""

    repository_id: int
    kind: SecretKind
    found: int
    resolved: int = 0


_FINDS = (
    _Find(41001, STRIPE, 5, 1),
    _Find(41001, STRIPE_TEST, 4, 2),
    _Find(41001, SLACK, 1),
    _Find(41002, STRIPE, 3, 1),
    _Find(41002, GOOGLE, 2),
    _Find(41003, GITHUB, 2),
    _Find(41003, HOUSE_PATTERN, 3, 1),
    _Find(41004, GOOGLE, 3, 1),
    _Find(41005, SLACK, 3, 2),
    _Find(41006, RSA_KEY, 2),
    _Find(41006, GITHUB, 2, 1),
    _Find(41007, PASSWORD, 2),
    _Find(41007, GOOGLE, 1),
    _Find(41010, ADAFRUIT, 2),
    _Find(41010, GITHUB, 3, 1),
    _Find(41011, NPM, 3),
    _Find(41012, NPM, 2, 1),
)


def seed_secrets(organization: Organization, now: datetime) -> None:
    """Give the organization its secret scanning alerts, the youngest a few days and the oldest two years old."""
    for find in _FINDS:
        for step in range(find.found):
            alert = _alert(organization, find, step, now)
            organization.secret_alerts[alert.key] = alert


def _alert(organization: Organization, find: _Find, step: int, now: datetime) -> SecretAlert:
    number = 1 + sum(key.repository_id == find.repository_id for key in organization.secret_alerts)
    mark = len(organization.secret_alerts)
    created = now - timedelta(days=(find.found - step) * 137 - 3 * number - 20, hours=mark)
    alert = SecretAlert(
        repository_id=find.repository_id,
        number=number,
        kind=find.kind,
        secret=f"{SECRET_MARK}-{find.repository_id}-{number}",
        created_at=created,
        updated_at=created,
        path=_PATHS[mark % len(_PATHS)],
        start_line=3 + mark * 7 % 90,
        validity=_VALIDITIES[mark % len(_VALIDITIES)],
        publicly_leaked=mark % 6 == 1 or find.repository_id == 41011,
        multi_repo=find.kind is GOOGLE,
        assigned_to="lena-fischer" if mark % 8 == 3 else None,
        bypassed_by="tom-becker" if mark % 7 == 4 else None,
    )
    if step < find.resolved:
        alert.resolve((created + (now - created) / 3).replace(microsecond=0), _RESOLUTIONS[mark % 4], "mona-lisa")
        alert.resolution_comment = "Rotated with the team." if alert.resolution == "revoked" else None
    return alert
