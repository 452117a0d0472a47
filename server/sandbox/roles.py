"""Organization roles: the list, and who holds them. GitHub keeps them for owners with the `admin:org` scope."""

from server.sandbox.answers import Answer, JsonObject, not_found, timestamp
from server.sandbox.auth import require_permission, require_token, visible_organization
from server.sandbox.pages import by_number
from server.sandbox.people import organization_account, simple_team, simple_user
from server.sandbox.service import Call
from server.sandbox.world import Organization

SECURITY_MANAGER_ROLE_ID = 138
_PREDEFINED = (
    (8132, "all_repo_read", "read", "Reads every repository of the organization."),
    (8136, "all_repo_admin", "admin", "Administers every repository of the organization."),
    (SECURITY_MANAGER_ROLE_ID, "security_manager", "read", "Manages security alerts, settings and campaigns."),
)


def _owned_organization(call: Call) -> Organization:
    require_token(call.caller, call.needs)
    organization = visible_organization(call.world, call.caller, call.path["org"], call.needs)
    require_permission(call.caller, call.needs)
    if call.caller.kind != "installation" and organization.members[call.caller.login] != "admin":
        raise not_found(call.needs.docs)
    return organization


def _role_asked_for(call: Call) -> int:
    for role_id, *_ in _PREDEFINED:
        if call.path["role_id"] == str(role_id):
            return role_id
    raise not_found(call.needs.docs)


def list_roles(call: Call) -> Answer:
    """GET /orgs/{org}/organization-roles."""
    organization = _owned_organization(call)
    roles: list[JsonObject] = [
        {
            "id": role_id,
            "name": name,
            "description": description,
            "base_role": base_role,
            "source": "Predefined",
            "permissions": [],
            "organization": organization_account(organization),
            "created_at": timestamp(organization.created_at),
            "updated_at": timestamp(organization.created_at),
        }
        for role_id, name, base_role, description in _PREDEFINED
    ]
    return Answer(200, {"total_count": len(roles), "roles": roles})


def list_role_users(call: Call) -> Answer:
    """GET /orgs/{org}/organization-roles/{role_id}/users: holders by themselves, through a team, or both ways."""
    organization = _owned_organization(call)
    holders: list[JsonObject] = []
    if _role_asked_for(call) == SECURITY_MANAGER_ROLE_ID:
        for login in organization.members:
            teams = [team for team in organization.teams.values() if team.security_manager and login in team.members]
            direct = login in organization.security_managers
            if direct or teams:
                assignment = "mixed" if direct and teams else "direct" if direct else "indirect"
                inherited = [{**simple_team(organization, team)} for team in teams]
                user = simple_user(call.world.user(login))
                holders.append({**user, "assignment": assignment, "inherited_from": inherited})
    page, links = by_number(call, holders)
    return Answer(200, list(page), links)


def list_role_teams(call: Call) -> Answer:
    """GET /orgs/{org}/organization-roles/{role_id}/teams."""
    organization = _owned_organization(call)
    wanted = _role_asked_for(call) == SECURITY_MANAGER_ROLE_ID
    teams = [team for team in organization.teams.values() if wanted and team.security_manager]
    page, links = by_number(call, teams)
    return Answer(200, [{**simple_team(organization, team), "assignment": "direct"} for team in page], links)
