"""The alerts that a body wants in a campaign."""

from collections.abc import Mapping

from server.sandbox.answers import JsonObject, validation_failed
from server.sandbox.auth import inaccessible
from server.sandbox.service import Call
from server.sandbox.world import Alert, AlertKey, Organization, SecretAlert


def open_alerts(
    call: Call, organization: Organization, body: JsonObject, *, secret: bool, most: int
) -> tuple[AlertKey, ...]:
    """The open alerts that a body names in `code_scanning_alerts`, or in `secret_scanning_alerts`, each once.

    Raises:
        Refused: 403, the token may not read these alerts; 422, one does not exist, none is open, or more than
            `most` are and the sandbox refuses those.
    """
    field = "secret_scanning_alerts" if secret else "code_scanning_alerts"
    known: Mapping[AlertKey, Alert | SecretAlert] = organization.secret_alerts if secret else organization.alerts
    docs = call.needs.docs
    _require_reading(call, "secret_scanning_alerts" if secret else "security_events", body[field])
    keys: dict[AlertKey, None] = {}
    for item in body[field] or ():
        repository_id = item["repository_id"]
        for number in item["alert_numbers"]:
            alert = known.get(AlertKey(repository_id, number))
            if alert is None:
                message = f"alert {number} of repository {repository_id} does not exist"
                raise validation_failed("Campaign", field, message, docs, "missing")
            if alert.state == "open":
                keys[alert.key] = None
    if not keys:
        raise validation_failed("Campaign", field, "no alert is open", docs)
    if not call.options.limits or len(keys) <= most:
        return tuple(keys)
    if call.options.over_size == "refuse":
        message = f"A campaign can have at most {most} alerts"
        raise validation_failed("Campaign", field, message, docs)
    pushed = {number: repository.pushed_at for number, repository in organization.repositories.items()}
    return tuple(sorted(keys, key=lambda key: pushed[key.repository_id], reverse=True)[:most])


def _require_reading(call: Call, permission: str, items: list[JsonObject] | None) -> None:
    """Refuse a token that may not read the alerts, at all or in one of the repositories."""
    caller = call.caller
    allowed = caller.kind == "classic" or caller.has_permission(permission, "read")
    narrowed = caller.repository_ids
    if not allowed or (narrowed is not None and any(item["repository_id"] not in narrowed for item in items or ())):
        raise inaccessible(caller, call.needs, f"{permission}=read")
