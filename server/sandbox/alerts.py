"""Code scanning alerts: their JSON and the endpoints that list and read them."""

from server.sandbox.alert_lists import (
    in_order,
    page_of_organization,
    page_of_repository,
    seen_repositories,
    with_repositories,
)
from server.sandbox.answers import (
    API,
    WEB,
    Answer,
    JsonObject,
    not_found,
    number_in,
    optional_timestamp,
    refused,
    timestamp,
)
from server.sandbox.auth import inaccessible, managed_organization, require_token
from server.sandbox.people import simple_user
from server.sandbox.query import not_together, one_of, several
from server.sandbox.repositories import visible_repository
from server.sandbox.service import Call
from server.sandbox.world import Alert, AlertKey, Organization, Repository, Rule

_BRANCH = "refs/heads/main"
_SECURITY_LEVELS = ("critical", "high", "medium", "low")
_SEVERITIES = (*_SECURITY_LEVELS, "warning", "note", "error")


def alert_item(call: Call, organization: Organization, repository: Repository, alert: Alert) -> JsonObject:
    """The alert object of a list, without the `repository` that an organization's list adds."""
    tail = f"{organization.login}/{repository.name}"
    url = f"{API}/repos/{tail}/code-scanning/alerts/{alert.number}"
    users = call.world.user
    return {
        "number": alert.number,
        "created_at": timestamp(alert.created_at),
        "updated_at": timestamp(alert.updated_at),
        "url": url,
        "html_url": f"{WEB}/{tail}/security/code-scanning/{alert.number}",
        "state": alert.state,
        "fixed_at": optional_timestamp(alert.fixed_at),
        "dismissed_by": simple_user(users(alert.dismissed_by)) if alert.dismissed_by else None,
        "dismissed_at": optional_timestamp(alert.dismissed_at),
        "dismissed_reason": alert.dismissed_reason,
        "dismissed_comment": alert.dismissed_comment,
        "rule": _rule(alert.rule),
        "tool": {"name": alert.rule.tool.name, "guid": alert.rule.tool.guid, "version": alert.rule.tool.version},
        "most_recent_instance": _instance(repository, alert),
        "instances_url": f"{url}/instances",
        "assignees": [simple_user(users(login)) for login in alert.assignees],
    }


def _rule(rule: Rule) -> JsonObject:
    tags = None if rule.tags is None else list(rule.tags)
    return {
        "id": rule.id,
        "severity": rule.severity,
        "description": rule.description,
        "name": rule.name,
        "tags": tags,
        "security_severity_level": rule.security_severity_level,
    }


def _instance(repository: Repository, alert: Alert) -> JsonObject:
    tool = alert.rule.tool.name.lower().replace(" ", "-")
    return {
        "ref": _BRANCH,
        "analysis_key": f".github/workflows/{tool}.yml:analyze",
        "environment": "{}",
        "category": f"/language:{repository.language.lower()}",
        "state": alert.state,
        "commit_sha": f"{repository.id * 1_000_003 + alert.number * 7919:040x}",
        "message": {"text": f"{alert.rule.description}."},
        "location": {
            "path": alert.path,
            "start_line": alert.start_line,
            "end_line": alert.start_line,
            "start_column": 9,
            "end_column": 41,
        },
        "classifications": list(alert.classifications),
    }


def _chosen(call: Call, alerts: list[Alert], repositories: set[int]) -> list[Alert]:
    """Those of some repositories that pass the filters tool_name, tool_guid, state, severity and assignees of a query.

    Only filters that a query has are tried, since all alerts of the organization are gone through for every page.
    """
    query = call.query
    not_together(call, "tool_name", "tool_guid")
    state = one_of(call, "state", ("open", "closed", "dismissed", "fixed"), "")
    severity = one_of(call, "severity", _SEVERITIES, "")
    people = several(call, "assignees")
    states = {"closed": {"fixed", "dismissed"}, "": {"open", "fixed", "dismissed"}}.get(state, {state})
    alerts = [alert for alert in alerts if alert.state in states and alert.repository_id in repositories]
    if "tool_name" in query:
        alerts = [alert for alert in alerts if alert.rule.tool.name == query["tool_name"]]
    if "tool_guid" in query:
        alerts = [alert for alert in alerts if alert.rule.tool.guid == query["tool_guid"]]
    if severity in _SECURITY_LEVELS:
        alerts = [alert for alert in alerts if alert.rule.security_severity_level == severity]
    elif severity:
        alerts = [alert for alert in alerts if alert.rule.severity == severity]
    return [alert for alert in alerts if _assigned(alert, people)] if people else alerts


def _assigned(alert: Alert, people: set[str]) -> bool:
    """Whether an alert's assignees fit: any of some logins, `*` for anyone, `none` for nobody, nothing for all."""
    if people == {"*"}:
        return bool(alert.assignees)
    if people == {"none"}:
        return not alert.assignees
    return not people or any(login.lower() in people for login in alert.assignees)


def list_org_alerts(call: Call) -> Answer:
    """GET /orgs/{org}/code-scanning/alerts: the default branches of all repositories the caller may see."""
    organization = managed_organization(call.world, call.caller, call.path["org"], call.needs)
    repositories = organization.repositories
    seen = {number for number in seen_repositories(call, organization) if repositories[number].analyzed}
    alerts, order = in_order(call, organization, organization.alerts, ("created", "updated"))
    chosen = _chosen(call, alerts, seen)
    page, links = page_of_organization(call, organization, chosen, order)
    shown = ((repositories[alert.repository_id], alert) for alert in page)
    items = ((repository, alert_item(call, organization, repository, alert)) for repository, alert in shown)
    return Answer(200, with_repositories(organization, items), links)


def _readable_repository(call: Call) -> tuple[Organization, Repository]:
    """The repository of a path, if the caller may read its alerts.

    Only owners, security managers and installations may here; GitHub lets everyone with write access.

    Raises:
        Refused: 401, 404 (hidden, or never analyzed), or 403 for a missing right or where code scanning is off.
    """
    require_token(call.caller, call.needs)
    organization, repository = visible_repository(call)
    caller, docs = call.caller, call.needs.docs
    if caller.kind == "classic":
        if not caller.has_scope(call.needs.scopes):
            raise refused(403, "You are not authorized to read code scanning alerts.", docs)
    elif not caller.has_permission("security_events", "read"):
        raise inaccessible(caller, call.needs)
    if caller.kind != "installation" and not organization.may_manage(caller.login):
        raise refused(403, "You are not authorized to read code scanning alerts.", docs)
    if not repository.code_scanning:
        raise refused(403, "Code scanning is not enabled for this repository.", docs)
    if not repository.analyzed:
        raise refused(404, "no analysis found", docs)
    return organization, repository


def list_repository_alerts(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/code-scanning/alerts: only the default branch has alerts here."""
    organization, repository = _readable_repository(call)
    on_branch = call.query.get("ref", _BRANCH) in {_BRANCH, _BRANCH.removeprefix("refs/heads/")}
    alerts, order = in_order(call, organization, organization.alerts, ("created", "updated", "number"))
    chosen = _chosen(call, alerts, {repository.id} if on_branch else set())
    page, links = page_of_repository(call, chosen, order)
    return Answer(200, [alert_item(call, organization, repository, alert) for alert in page], links)


def get_alert(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/code-scanning/alerts/{alert_number}: with the rule's help text."""
    organization, repository = _readable_repository(call)
    alert = organization.alerts.get(AlertKey(repository.id, number_in(call.path["alert_number"]) or 0))
    if alert is None:
        raise not_found(call.needs.docs)
    item = alert_item(call, organization, repository, alert)
    title = alert.rule.description
    help_text = f"# {title}\n\nCheck where the value comes from, and make it harmless before it is used."
    item["rule"] |= {"full_description": f"{title}.", "help": help_text, "help_uri": None}
    return Answer(200, {**item, "linked_pull_requests": []})
