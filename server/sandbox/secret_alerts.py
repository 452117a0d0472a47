"""Secret scanning alerts: their JSON and the endpoints that list them."""

from server.sandbox.alert_lists import (
    in_order,
    page_of_organization,
    page_of_repository,
    seen_repositories,
    with_repositories,
)
from server.sandbox.answers import API, WEB, Answer, JsonObject, not_found, optional_timestamp, refused, timestamp
from server.sandbox.auth import managed_organization, require_permission, require_token
from server.sandbox.people import simple_user
from server.sandbox.query import flag, not_together, one_of, several
from server.sandbox.repositories import visible_repository
from server.sandbox.service import Call
from server.sandbox.world import Organization, Repository, SecretAlert

_STATES = ("open", "resolved")
_RESOLUTIONS = ("false_positive", "wont_fix", "revoked", "pattern_edited", "pattern_deleted", "used_in_tests")
_VALIDITIES = ("active", "inactive", "unknown")
_SORTS = ("created", "updated")


def secret_item(call: Call, organization: Organization, repository: Repository, alert: SecretAlert) -> JsonObject:
    """The alert object of a list, without the `repository` that an organization's list adds.

    With `hide_secret` the field `secret` is left out. GitHub's OpenAPI says only that literal secrets are then hidden;
    it does not require the field, and allows no null in it.
    """
    tail = f"{organization.login}/{repository.name}"
    url = f"{API}/repos/{tail}/secret-scanning/alerts/{alert.number}"
    kind = alert.kind
    item: JsonObject = {
        "number": alert.number,
        "created_at": timestamp(alert.created_at),
        "updated_at": timestamp(alert.updated_at),
        "url": url,
        "html_url": f"{WEB}/{tail}/security/secret-scanning/{alert.number}",
        "locations_url": f"{url}/locations",
        "state": alert.state,
        "resolution": alert.resolution,
        "resolved_at": optional_timestamp(alert.resolved_at),
        "resolved_by": _person(call, alert.resolved_by),
        "resolution_comment": alert.resolution_comment,
        "secret_type": kind.secret_type,
        "secret_type_display_name": kind.display_name,
        "provider": kind.provider,
        "provider_slug": kind.provider_slug,
        "secret": alert.secret,
        "validity": alert.validity,
        "publicly_leaked": alert.publicly_leaked,
        "multi_repo": alert.multi_repo,
        "is_base64_encoded": False,
        "first_location_detected": _location(tail, alert),
        "has_more_locations": alert.multi_repo,
        "assigned_to": _person(call, alert.assigned_to),
        "push_protection_bypassed": alert.bypassed_by is not None,
        "push_protection_bypassed_by": _person(call, alert.bypassed_by),
        "push_protection_bypassed_at": timestamp(alert.created_at) if alert.bypassed_by else None,
        "push_protection_bypass_request_reviewer": None,
        "push_protection_bypass_request_reviewer_comment": None,
        "push_protection_bypass_request_comment": None,
        "push_protection_bypass_request_html_url": None,
        "closure_request_comment": None,
        "closure_request_reviewer_comment": None,
        "closure_request_reviewer": None,
    }
    if flag(call, "hide_secret"):
        del item["secret"]
    return item


def _person(call: Call, login: str | None) -> JsonObject | None:
    return None if login is None else simple_user(call.world.user(login))


def _location(tail: str, alert: SecretAlert) -> JsonObject:
    commit, blob = (f"{alert.repository_id * prime + alert.number:040x}" for prime in (1_000_003, 1_000_033))
    return {
        "path": alert.path,
        "start_line": alert.start_line,
        "end_line": alert.start_line,
        "start_column": 13,
        "end_column": 13 + len(alert.secret),
        "blob_sha": blob,
        "blob_url": f"{API}/repos/{tail}/git/blobs/{blob}",
        "commit_sha": commit,
        "commit_url": f"{API}/repos/{tail}/git/commits/{commit}",
        "html_url": f"{WEB}/{tail}/blob/{commit}/{alert.path}#L{alert.start_line}",
    }


def _chosen(call: Call, alerts: list[SecretAlert]) -> list[SecretAlert]:
    """The alerts that pass the filters of a query.

    `is_publicly_leaked` and `is_multi_repo` are false by default, so only true filters; `is_bypassed` has no default.
    """
    not_together(call, "secret_type", "exclude_secret_types")
    not_together(call, "providers", "exclude_providers")
    state = one_of(call, "state", _STATES, "")
    resolutions, validities = several(call, "resolution", _RESOLUTIONS), several(call, "validity", _VALIDITIES)
    types, other_types = several(call, "secret_type"), several(call, "exclude_secret_types")
    providers, other_providers = several(call, "providers"), several(call, "exclude_providers")
    leaked, several_repositories = flag(call, "is_publicly_leaked"), flag(call, "is_multi_repo")
    bypassed = flag(call, "is_bypassed")
    assignee = call.query.get("assignee", "").lower()
    # No seeded secret has metadata, so whoever asks for any gets nothing.
    with_metadata = bool(call.query.get("included_metadata") or call.query.get("owner_email_hash"))

    def passes(alert: SecretAlert) -> bool:
        kind = alert.kind
        return (
            state in {"", alert.state}
            and (kind.secret_type in types if types or kind.generic else kind.secret_type not in other_types)
            and (not providers or kind.provider_slug in providers)
            and kind.provider_slug not in other_providers
            and (not resolutions or alert.resolution in resolutions)
            and (not validities or alert.validity in validities)
            and (not leaked or alert.publicly_leaked)
            and (not several_repositories or alert.multi_repo)
            and bypassed in {None, alert.bypassed_by is not None}
            and _assigned(alert, assignee)
            and not with_metadata
        )

    return [alert for alert in alerts if passes(alert)]


def _assigned(alert: SecretAlert, assignee: str) -> bool:
    """Whether an alert's assignee fits: a login, `*` for anyone, `none` for nobody, nothing for all."""
    if assignee in {"*", "none"}:
        return (alert.assigned_to is None) == (assignee == "none")
    return assignee in {"", (alert.assigned_to or "").lower()}


def list_org_secret_alerts(call: Call) -> Answer:
    """GET /orgs/{org}/secret-scanning/alerts: those of all repositories the caller may see."""
    organization = managed_organization(call.world, call.caller, call.path["org"], call.needs)
    repositories = organization.repositories
    seen = {number for number in seen_repositories(call, organization) if repositories[number].secret_scanning}
    alerts, order = in_order(call, organization, organization.secret_alerts, _SORTS)
    chosen = _chosen(call, [alert for alert in alerts if alert.repository_id in seen])
    page, links = page_of_organization(call, organization, chosen, order)
    shown = ((repositories[alert.repository_id], alert) for alert in page)
    items = ((repository, secret_item(call, organization, repository, alert)) for repository, alert in shown)
    return Answer(200, with_repositories(organization, items), links)


def list_repository_secret_alerts(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/secret-scanning/alerts: 404 for whoever does not manage alerts, and where it is off.

    Only owners, security managers and installations may here; GitHub lets the repository's administrators too. Its
    OpenAPI says 404 for public repositories as well, which was so before secret scanning came to those.
    """
    require_token(call.caller, call.needs)
    organization, repository = visible_repository(call)
    require_permission(call.caller, call.needs)
    if call.caller.kind != "installation" and not organization.may_manage(call.caller.login):
        raise not_found(call.needs.docs)
    if not repository.secret_scanning:
        raise refused(404, "Secret scanning is disabled on this repository.", call.needs.docs)
    alerts, order = in_order(call, organization, organization.secret_alerts, _SORTS)
    chosen = _chosen(call, [alert for alert in alerts if alert.repository_id == repository.id])
    page, links = page_of_repository(call, chosen, order)
    return Answer(200, [secret_item(call, organization, repository, alert) for alert in page], links)
