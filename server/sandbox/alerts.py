"""Code scanning alerts: their JSON and the endpoints that list and read them."""

from collections.abc import Iterable

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
    validation_failed,
)
from server.sandbox.auth import inaccessible, managed_organization, require_token
from server.sandbox.pages import SortKey, by_cursor, by_number, numbered_url
from server.sandbox.people import simple_user
from server.sandbox.query import one_of
from server.sandbox.repositories import may_see, simple_repository, visible_repository
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


def _chosen(call: Call, alerts: Iterable[Alert], states: tuple[str, ...]) -> list[Alert]:
    """The alerts that pass the filters tool_name, tool_guid, state, severity and assignees of a query."""
    query = call.query
    if "tool_name" in query and "tool_guid" in query:
        raise validation_failed("Query", "tool_guid", "give tool_name or tool_guid, not both", call.needs.docs)
    state = one_of(call, "state", states, "")
    severity = one_of(call, "severity", _SEVERITIES, "")
    wanted_states = {"closed": {"fixed", "dismissed"}, "": {"open", "fixed", "dismissed"}}.get(state, {state})
    people = {login.strip().lower() for login in query.get("assignees", "").split(",")} - {""}

    def passes(alert: Alert) -> bool:
        rule = alert.rule
        level = rule.security_severity_level if severity in _SECURITY_LEVELS else rule.severity
        return (
            alert.state in wanted_states
            and query.get("tool_name", rule.tool.name) == rule.tool.name
            and query.get("tool_guid", rule.tool.guid) == rule.tool.guid
            and severity in {"", level}
            and _assigned(alert, people)
        )

    return [alert for alert in alerts if passes(alert)]


def _assigned(alert: Alert, people: set[str]) -> bool:
    """Whether an alert's assignees fit: any of some logins, `*` for anyone, `none` for nobody, nothing for all."""
    if people == {"*"}:
        return bool(alert.assignees)
    if people == {"none"}:
        return not alert.assignees
    return not people or any(login.lower() in people for login in alert.assignees)


def _page(
    call: Call, alerts: list[Alert], sorts: tuple[str, ...], url: str = ""
) -> tuple[Iterable[Alert], dict[str, str]]:
    """One page in the order asked for: by number when `page` is given, otherwise by cursor."""
    sort = one_of(call, "sort", sorts, "created")
    descending = one_of(call, "direction", ("asc", "desc"), "desc") == "desc"

    def sort_key(alert: Alert) -> SortKey:
        moment = {"created": timestamp(alert.created_at), "updated": timestamp(alert.updated_at)}
        return moment.get(sort, ""), alert.repository_id, alert.number

    ordered = sorted(((sort_key(alert), alert) for alert in alerts), key=lambda pair: pair[0], reverse=descending)
    if "page" in call.query:
        return by_number(call, [alert for _, alert in ordered], url)
    return by_cursor(call, ordered, descending=descending, url=url)


def list_org_alerts(call: Call) -> Answer:
    """GET /orgs/{org}/code-scanning/alerts: the default branches of all repositories the caller may see."""
    organization = managed_organization(call.world, call.caller, call.path["org"], call.needs)
    seen = {
        repository.id
        for repository in organization.repositories.values()
        if may_see(call.caller, organization, repository)
    }
    alerts = (alert for alert in organization.alerts.values() if alert.repository_id in seen)
    chosen = _chosen(call, alerts, ("open", "closed", "dismissed", "fixed"))
    page, links = _page(call, chosen, ("created", "updated"), numbered_url(call, organization.id))
    items = []
    for alert in page:
        repository = organization.repositories[alert.repository_id]
        item = alert_item(call, organization, repository, alert)
        items.append({**item, "repository": simple_repository(organization, repository)})
    return Answer(200, items, links)


def _readable_repository(call: Call) -> tuple[Organization, Repository]:
    """The repository of a path, if the caller may read its alerts.

    Only owners, security managers and installations may here; GitHub lets everyone with write access.

    Raises:
        Refused: 401, 404, or 403 for a missing right or where code scanning is off.
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
    return organization, repository


def list_repository_alerts(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/code-scanning/alerts: only the default branch has alerts here."""
    organization, repository = _readable_repository(call)
    on_branch = call.query.get("ref", _BRANCH) in {_BRANCH, _BRANCH.removeprefix("refs/heads/")}
    alerts = (alert for alert in organization.alerts.values() if alert.repository_id == repository.id and on_branch)
    chosen = _chosen(call, alerts, ("open", "closed", "dismissed", "fixed"))
    page, links = _page(call, chosen, ("created", "updated", "number"))
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
