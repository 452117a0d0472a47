"""Users, organizations and teams: their JSON and their endpoints."""

from server.sandbox.answers import API, WEB, Answer, JsonObject, not_found, refused, timestamp
from server.sandbox.auth import require_permission, require_token, visible_organization
from server.sandbox.pages import by_number
from server.sandbox.service import Call
from server.sandbox.world import Organization, Team, User


def account(account_id: int, login: str, kind: str = "User") -> JsonObject:
    """The complete `simple-user` object; organizations have the same shape where they own something."""
    url = f"{API}/users/{login}"
    return {
        "login": login,
        "id": account_id,
        "node_id": f"U_{account_id:08d}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account_id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def simple_user(user: User) -> JsonObject:
    """A user as part of other objects."""
    return account(user.id, user.login)


def organization_account(organization: Organization) -> JsonObject:
    """An organization as the owner of something."""
    return account(organization.id, organization.login, "Organization")


def simple_organization(organization: Organization) -> JsonObject:
    """The `organization-simple` object."""
    url = f"{API}/orgs/{organization.login}"
    return {
        "login": organization.login,
        "id": organization.id,
        "node_id": f"O_{organization.id:08d}",
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{organization.id}?v=4",
        "description": organization.description,
    }


def full_organization(organization: Organization) -> JsonObject:
    """The `organization-full` object, as far as everybody may see it."""
    private = [repository.private for repository in organization.repositories.values()]
    return {
        **simple_organization(organization),
        "name": organization.name,
        "html_url": f"{WEB}/{organization.login}",
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": private.count(False),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": timestamp(organization.created_at),
        "updated_at": timestamp(organization.created_at),
        "archived_at": None,
    }


def simple_team(organization: Organization, team: Team) -> JsonObject:
    """The `team` object."""
    url = f"{API}/organizations/{organization.id}/team/{team.id}"
    return {
        "name": team.name,
        "id": team.id,
        "node_id": f"T_{team.id:08d}",
        "slug": team.slug,
        "description": team.description,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "type": "organization",
        "organization_id": organization.id,
        "url": url,
        "html_url": f"{WEB}/orgs/{organization.login}/teams/{team.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "parent": None,
    }


def _membership(organization: Organization, user: User) -> JsonObject:
    organization_url = f"{API}/orgs/{organization.login}"
    return {
        "url": f"{organization_url}/memberships/{user.login}",
        "state": "active",
        "role": organization.members[user.login],
        "direct_membership": True,
        "organization_url": organization_url,
        "organization": simple_organization(organization),
        "user": simple_user(user),
    }


def get_user(call: Call) -> Answer:
    """GET /user: the public view, since no sandbox token has the `user` scope."""
    require_token(call.caller, call.needs)
    if call.caller.kind == "installation":
        raise refused(403, "Resource not accessible by integration", call.needs.docs)
    user = call.world.user(call.caller.login)
    return Answer(
        200,
        {
            **simple_user(user),
            "name": user.name,
            "company": None,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": timestamp(user.created_at),
            "updated_at": timestamp(user.created_at),
        },
    )


def list_user_orgs(call: Call) -> Answer:
    """GET /user/orgs: 403 without `read:org`; always empty for a fine-grained token (both documented)."""
    caller = call.caller
    require_token(caller, call.needs)
    if caller.kind == "installation":
        raise refused(403, "Resource not accessible by integration", call.needs.docs)
    if caller.kind == "fine_grained":
        return Answer(200, [])
    if not caller.has_scope(call.needs.scopes):
        raise refused(
            403, "You need at least read:org scope or user scope to list your organizations.", call.needs.docs
        )
    mine = [one for one in call.world.organizations.values() if caller.login in one.members]
    page, links = by_number(call, mine)
    return Answer(200, [simple_organization(one) for one in page], links)


def get_own_membership(call: Call) -> Answer:
    """GET /user/memberships/orgs/{org}: 404 for someone who is not in the organization."""
    require_token(call.caller, call.needs)
    if call.caller.kind == "installation":
        raise refused(403, "Resource not accessible by integration", call.needs.docs)
    organization = visible_organization(call.world, call.caller, call.path["org"], call.needs)
    _require_reading_members(call)
    return Answer(200, _membership(organization, call.world.user(call.caller.login)))


def get_membership(call: Call) -> Answer:
    """GET /orgs/{org}/memberships/{username}: 404 for a user who is not in the organization."""
    require_token(call.caller, call.needs)
    organization = visible_organization(call.world, call.caller, call.path["org"], call.needs)
    _require_reading_members(call)
    user = call.world.users.get(call.path["username"].lower())
    if user is None or user.login not in organization.members:
        raise not_found(call.needs.docs)
    return Answer(200, _membership(organization, user))


def _require_reading_members(call: Call) -> None:
    """GitHub documents 403 here, so a missing scope is not hidden behind a 404."""
    if call.caller.kind == "classic" and not call.caller.has_scope(call.needs.scopes):
        raise refused(403, "The token needs the read:org scope to see memberships.", call.needs.docs)
    require_permission(call.caller, call.needs)


def get_organization(call: Call) -> Answer:
    """GET /orgs/{org}: an organization's profile is public."""
    organization = call.world.organizations.get(call.path["org"].lower())
    if organization is None:
        raise not_found(call.needs.docs)
    return Answer(200, full_organization(organization))


def get_team(call: Call) -> Answer:
    """GET /orgs/{org}/teams/{team_slug}."""
    require_token(call.caller, call.needs)
    organization = visible_organization(call.world, call.caller, call.path["org"], call.needs)
    require_permission(call.caller, call.needs)
    team = organization.teams.get(call.path["team_slug"].lower())
    if team is None:
        raise not_found(call.needs.docs)
    full = {
        **simple_team(organization, team),
        "members_count": len(team.members),
        "repos_count": 0,
        "created_at": timestamp(team.created_at),
        "updated_at": timestamp(team.created_at),
        "organization": full_organization(organization),
    }
    return Answer(200, full)
