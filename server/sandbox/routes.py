"""Which address leads to which endpoint, and what GitHub wants of a token there."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ExceptionHandler

from server.sandbox import alerts, apps, campaigns, meta, people, repositories, roles, secret_alerts
from server.sandbox.answers import Answer, not_found
from server.sandbox.auth import Needs
from server.sandbox.service import Call, Endpoint, Service

_Row = tuple[str, str, Endpoint, Needs]


def _campaign_needs(level: str, anchor: str) -> Needs:
    return Needs(f"/campaigns/campaigns#{anchor}", ("security_events",), (("organization_campaigns", level),))


def _campaign_rows() -> list[_Row]:
    one = "/orgs/{org}/campaigns/{campaign_number}"
    listing = _campaign_needs("read", "list-campaigns-for-an-organization")
    creating = _campaign_needs("write", "create-a-campaign-for-an-organization")
    return [
        ("GET", "/orgs/{org}/campaigns", campaigns.list_campaigns, listing),
        ("GET", "/organizations/{org}/campaigns", campaigns.list_campaigns, listing),
        ("POST", "/orgs/{org}/campaigns", campaigns.create_campaign, creating),
        ("GET", one, campaigns.get_campaign, _campaign_needs("read", "get-a-campaign-for-an-organization")),
        ("PATCH", one, campaigns.update_campaign, _campaign_needs("write", "update-a-campaign")),
        ("DELETE", one, campaigns.delete_campaign, _campaign_needs("write", "delete-a-campaign-for-an-organization")),
    ]


def _alert_rows() -> list[_Row]:
    anchor = "/code-scanning/code-scanning#"
    scopes, permission = ("security_events",), (("security_events", "read"),)
    of_org = Needs(f"{anchor}list-code-scanning-alerts-for-an-organization", scopes, permission)
    of_repository = Needs(f"{anchor}list-code-scanning-alerts-for-a-repository", scopes, permission)
    one = Needs(f"{anchor}get-a-code-scanning-alert", scopes, permission)
    path = "/repos/{owner}/{repo}/code-scanning/alerts"
    return [
        ("GET", "/orgs/{org}/code-scanning/alerts", alerts.list_org_alerts, of_org),
        ("GET", "/organizations/{org}/code-scanning/alerts", alerts.list_org_alerts, of_org),
        ("GET", path, alerts.list_repository_alerts, of_repository),
        ("GET", f"{path}/{{alert_number}}", alerts.get_alert, one),
    ]


def _secret_rows() -> list[_Row]:
    anchor = "/secret-scanning/secret-scanning#list-secret-scanning-alerts-for-"
    wanted = ("repo", "security_events"), (("secret_scanning_alerts", "read"),)
    of_org, of_repository = Needs(f"{anchor}an-organization", *wanted), Needs(f"{anchor}a-repository", *wanted)
    of_one = secret_alerts.list_repository_secret_alerts
    return [
        ("GET", "/orgs/{org}/secret-scanning/alerts", secret_alerts.list_org_secret_alerts, of_org),
        ("GET", "/organizations/{org}/secret-scanning/alerts", secret_alerts.list_org_secret_alerts, of_org),
        ("GET", "/repos/{owner}/{repo}/secret-scanning/alerts", of_one, of_repository),
    ]


def _people_rows() -> list[_Row]:
    members = (("members", "read"),)
    membership = Needs("/orgs/members", ("read:org",), members)
    role = Needs("/orgs/organization-roles", ("admin:org",), (("organization_custom_org_roles", "read"),))
    role_path = "/orgs/{org}/organization-roles"
    return [
        ("GET", "/user", people.get_user, Needs("/users/users#get-the-authenticated-user")),
        ("GET", "/user/orgs", people.list_user_orgs, Needs("/orgs/orgs", ("read:org", "user"))),
        ("GET", "/user/memberships/orgs/{org}", people.get_own_membership, membership),
        ("GET", "/orgs/{org}", people.get_organization, Needs("/orgs/orgs#get-an-organization")),
        ("GET", "/orgs/{org}/memberships/{username}", people.get_membership, membership),
        ("GET", "/orgs/{org}/teams/{team_slug}", people.get_team, Needs("/teams/teams", ("read:org",), members)),
        ("GET", role_path, roles.list_roles, role),
        ("GET", f"{role_path}/{{role_id}}/users", roles.list_role_users, role),
        ("GET", f"{role_path}/{{role_id}}/teams", roles.list_role_teams, role),
    ]


def _other_rows() -> list[_Row]:
    repository = Needs("/repos/repos", (), (("metadata", "read"),))
    app = Needs("/apps/apps")
    tokens = "/app/installations/{installation_id}/access_tokens"
    return [
        ("GET", "/rate_limit", meta.get_rate_limit, Needs("/rate-limit/rate-limit", free=True)),
        ("GET", "/versions", meta.list_versions, Needs("/meta/meta#get-all-api-versions")),
        ("GET", "/orgs/{org}/repos", repositories.list_org_repositories, repository),
        ("GET", "/organizations/{org}/repos", repositories.list_org_repositories, repository),
        ("GET", "/repos/{owner}/{repo}", repositories.get_repository, repository),
        ("GET", "/app", apps.get_app, app),
        ("GET", "/orgs/{org}/installation", apps.get_installation, app),
        ("POST", tokens, apps.create_installation_token, app),
    ]


def sandbox_routes(service: Service) -> list[Route]:
    """Every route of the sandbox."""
    rows = [*_campaign_rows(), *_alert_rows(), *_secret_rows(), *_people_rows(), *_other_rows()]
    return [_route(*row, service) for row in rows]


def unknown_routes(service: Service) -> dict[object, ExceptionHandler]:
    """What answers the rest, by the status that the framework would give.

    A method that an address does not have is a 404 at GitHub, not a 405.
    """

    async def serve(request: Request, _error: Exception) -> Response:
        return service.respond(request, b"", Needs(), _unknown)

    return {404: serve, 405: serve}


def _route(method: str, path: str, endpoint: Endpoint, needs: Needs, service: Service) -> Route:
    async def serve(request: Request) -> Response:
        return service.respond(request, await request.body(), needs, endpoint)

    return Route(path, serve, methods=[method])


def _unknown(call: Call) -> Answer:
    raise not_found(call.needs.docs)
