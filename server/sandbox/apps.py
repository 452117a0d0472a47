"""GitHub App endpoints: the App itself, its installation in an organization, and tokens for that installation."""

from server.sandbox.answers import API, WEB, Answer, JsonObject, not_found, refused, timestamp, validation_failed
from server.sandbox.auth import Caller
from server.sandbox.people import organization_account
from server.sandbox.service import Call
from server.sandbox.world import Organization

PERMISSIONS = {
    "organization_campaigns": "write",
    "members": "read",
    "organization_custom_org_roles": "read",
    "security_events": "read",
    "secret_scanning_alerts": "read",
    "metadata": "read",
}
_SLUG = "sandbox-campaigns"


def _require_app(call: Call) -> int:
    """The signed-in App's id.

    Raises:
        Refused: 401, the credential is no JSON web token.
    """
    if call.caller.kind != "app" or call.options.app_id is None:
        raise refused(401, "A JSON web token could not be decoded", call.needs.docs)
    return call.options.app_id


def get_app(call: Call) -> Answer:
    """GET /app."""
    app_id = _require_app(call)
    organization = call.world.organization("octo-org")
    return Answer(
        200,
        {
            "id": app_id,
            "slug": _SLUG,
            "node_id": f"A_{app_id:08d}",
            "client_id": f"Iv1.{app_id:016x}",
            "owner": organization_account(organization),
            "name": "Sandbox campaigns",
            "description": None,
            "external_url": "https://example.com",
            "html_url": f"{WEB}/apps/{_SLUG}",
            "created_at": timestamp(organization.created_at),
            "updated_at": timestamp(organization.created_at),
            "permissions": dict(PERMISSIONS),
            "events": [],
            "installations_count": sum(bool(one.installation_id) for one in call.world.organizations.values()),
        },
    )


def get_installation(call: Call) -> Answer:
    """GET /orgs/{org}/installation: 404 where the App is not installed."""
    app_id = _require_app(call)
    organization = call.world.organizations.get(call.path["org"].lower())
    if organization is None or not organization.installation_id:
        raise not_found(call.needs.docs)
    number = organization.installation_id
    return Answer(
        200,
        {
            "id": number,
            "account": organization_account(organization),
            "repository_selection": "all",
            "access_tokens_url": f"{API}/app/installations/{number}/access_tokens",
            "repositories_url": f"{API}/installation/repositories",
            "html_url": f"{WEB}/organizations/{organization.login}/settings/installations/{number}",
            "app_id": app_id,
            "app_slug": _SLUG,
            "target_id": organization.id,
            "target_type": "Organization",
            "permissions": dict(PERMISSIONS),
            "events": [],
            "created_at": timestamp(organization.created_at),
            "updated_at": timestamp(organization.created_at),
            "single_file_name": None,
            "suspended_by": None,
            "suspended_at": None,
        },
    )


def create_installation_token(call: Call) -> Answer:
    """POST /app/installations/{installation_id}/access_tokens: 201; a body may narrow the token."""
    _require_app(call)
    organization = _installed(call)
    body = call.body()
    permissions = _narrowed_permissions(call, body)
    repository_ids = _narrowed_repositories(call, organization, body)
    caller = Caller(
        "installation",
        f"installation-{organization.installation_id}",
        permissions=permissions,
        installed_in=organization.login,
        repository_ids=repository_ids,
    )
    token, expires_at = call.service.sign_in.issue_token(caller, call.now)
    return Answer(
        201,
        {
            "token": token,
            "expires_at": timestamp(expires_at),
            "permissions": permissions,
            "repository_selection": "all" if repository_ids is None else "selected",
        },
    )


def _installed(call: Call) -> Organization:
    for organization in call.world.organizations.values():
        if organization.installation_id and call.path["installation_id"] == str(organization.installation_id):
            return organization
    raise not_found(call.needs.docs)


def _narrowed_permissions(call: Call, body: JsonObject) -> dict[str, str]:
    asked = body.get("permissions", PERMISSIONS)
    everything = Caller("installation", "", permissions=PERMISSIONS)
    levels = {"read", "write"}
    if not isinstance(asked, dict) or not all(
        level in levels and everything.has_permission(name, level) for name, level in asked.items()
    ):
        message = "The permissions requested are not granted to this installation."
        raise validation_failed("Installation", "permissions", message, call.needs.docs)
    return dict(asked)


def _narrowed_repositories(call: Call, organization: Organization, body: JsonObject) -> frozenset[int] | None:
    if "repositories" not in body and "repository_ids" not in body:
        return None
    names, numbers = body.get("repositories", []), body.get("repository_ids", [])
    if isinstance(names, list) and isinstance(numbers, list):
        known = organization.repositories.values()
        found = {repository.id for repository in known if repository.id in numbers or repository.name in names}
        if found and len(found) >= max(len(names), len(numbers)):
            return frozenset(found)
    message = "A repository does not exist or is not accessible to the installation."
    raise validation_failed("Installation", "repositories", message, call.needs.docs)
