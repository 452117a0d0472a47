"""Repositories: their JSON and their endpoints."""

from functools import lru_cache
from typing import NamedTuple

from server.sandbox.answers import API, WEB, Answer, JsonObject, json_text, not_found, timestamp
from server.sandbox.auth import Caller, require_token, visible_organization
from server.sandbox.pages import by_number, numbered_url
from server.sandbox.people import account
from server.sandbox.query import one_of
from server.sandbox.service import Call
from server.sandbox.world import Organization, Repository

_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_SORTS = {"created": "created_at", "updated": "pushed_at", "pushed": "pushed_at", "full_name": "name"}


class _Facts(NamedTuple):
    """All that a `simple-repository` object says."""

    id: int
    name: str
    private: bool
    description: str | None
    owner_id: int
    owner: str


def _facts(organization: Organization, repository: Repository) -> _Facts:
    return _Facts(
        repository.id,
        repository.name,
        repository.private,
        repository.description,
        organization.id,
        organization.login,
    )


def _simple_repository(facts: _Facts) -> JsonObject:
    full_name = f"{facts.owner}/{facts.name}"
    url = f"{API}/repos/{full_name}"
    return {
        "id": facts.id,
        "node_id": f"R_{facts.id:08d}",
        "name": facts.name,
        "full_name": full_name,
        "owner": account(facts.owner_id, facts.owner, "Organization"),
        "private": facts.private,
        "html_url": f"{WEB}/{full_name}",
        "description": facts.description,
        "fork": False,
        "url": url,
        **{name: url + tail for name, tail in _LINKS.items()},
    }


@lru_cache(maxsize=2000)
def _simple_repository_text(facts: _Facts) -> str:
    return json_text(_simple_repository(facts))


def simple_repository_text(organization: Organization, repository: Repository) -> str:
    """The `simple-repository` object as JSON. It comes with each alert of an organization's list and is most of it."""
    return _simple_repository_text(_facts(organization, repository))


def full_repository(call: Call, organization: Organization, repository: Repository) -> JsonObject:
    """The `full-repository` object, which holds everything of `minimal-repository` too."""
    open_issues = repository.issue_count
    address = f"github.com/{organization.login}/{repository.name}.git"
    body: JsonObject = {
        **_simple_repository(_facts(organization, repository)),
        "clone_url": f"https://{address}",
        "git_url": f"git://{address}",
        "ssh_url": f"git@github.com:{organization.login}/{repository.name}.git",
        "svn_url": f"https://{address.removesuffix('.git')}",
        "mirror_url": None,
        "homepage": None,
        "language": repository.language,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "size": 2048,
        "default_branch": "main",
        "open_issues_count": open_issues,
        "is_template": False,
        "topics": list(repository.topics),
        "has_issues": True,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "archived": repository.archived,
        "disabled": False,
        "visibility": "private" if repository.private else "public",
        "pushed_at": timestamp(repository.pushed_at),
        "created_at": timestamp(repository.created_at),
        "updated_at": timestamp(repository.pushed_at),
        "subscribers_count": 0,
        "network_count": 0,
        "license": None,
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
    }
    # API version 2026-03-10 removed the field.
    return {**body, "has_downloads": False} if call.version == "2022-11-28" else body


def may_see(caller: Caller, organization: Organization, repository: Repository) -> bool:
    """Whether a repository exists for a caller: public ones do for all, private ones for the organization's members."""
    if not repository.private:
        return True
    if caller.kind == "installation":
        narrowed = caller.repository_ids is not None and repository.id not in caller.repository_ids
        return caller.installed_in == organization.login and not narrowed
    return caller.login in organization.members and (caller.kind != "classic" or "repo" in caller.scopes)


def visible_repository(call: Call) -> tuple[Organization, Repository]:
    """The repository that `owner` and `repo` of a path name.

    Raises:
        Refused: 404, it does not exist for the caller.
    """
    try:
        organization = call.world.organization(call.path["owner"])
        repository = call.world.repository(call.path["owner"], call.path["repo"])
    except KeyError:
        raise not_found(call.needs.docs) from None
    if not may_see(call.caller, organization, repository):
        raise not_found(call.needs.docs)
    return organization, repository


def get_repository(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return Answer(200, full_repository(call, *visible_repository(call)))


def list_org_repositories(call: Call) -> Answer:
    """GET /orgs/{org}/repos: type, sort, direction, page, per_page."""
    require_token(call.caller, call.needs)
    organization = visible_organization(call.world, call.caller, call.path["org"], call.needs)
    kind = one_of(call, "type", ("all", "public", "private", "forks", "sources", "member"), "all")
    sort = one_of(call, "sort", tuple(_SORTS), "created")
    default_direction = "asc" if sort == "full_name" else "desc"
    descending = one_of(call, "direction", ("asc", "desc"), default_direction) == "desc"
    chosen = [
        repository
        for repository in organization.repositories.values()
        if may_see(call.caller, organization, repository)
        and (kind in {"all", "sources", "member"} or kind == ("private" if repository.private else "public"))
    ]
    chosen.sort(key=lambda repository: (getattr(repository, _SORTS[sort]), repository.id), reverse=descending)
    page, links = by_number(call, chosen, numbered_url(call, organization.id))
    return Answer(200, [full_repository(call, organization, repository) for repository in page], links)
