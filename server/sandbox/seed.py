"""Fills a sandbox with organizations that look real. Nothing is random: the same clock gives the same world."""

from datetime import UTC, datetime, timedelta

from server.sandbox.options import SandboxOptions
from server.sandbox.seed_alerts import plant_history
from server.sandbox.seed_campaigns import seed_current_campaigns, seed_past_campaigns
from server.sandbox.seed_data import OUTSIDER, OWNERS, PEOPLE, REPOSITORIES, SECURITY_MANAGERS, TEAMS
from server.sandbox.seed_secrets import seed_secrets
from server.sandbox.seed_size import enlarge
from server.sandbox.world import Organization, Repository, Team, User, World

_FOUNDED = datetime(2019, 4, 2, 8, 30, tzinfo=UTC)


def seed_world(options: SandboxOptions) -> World:
    """A world with octo-org, busy for years, and octo-labs, small and without campaigns."""
    world = World(options.clock, touch_updated_at=options.touch_updated_at)
    now = world.now()
    for person in (*PEOPLE, OUTSIDER):
        world.add_user(User(person.id, person.login, person.name, _FOUNDED - timedelta(days=700)))
    octo_org = _octo_org(now)
    world.add_organization(octo_org)
    world.add_organization(_octo_labs(now))
    seed_past_campaigns(octo_org)
    for plan in REPOSITORIES:
        first = 1 + sum(key.repository_id == plan.id for key in octo_org.alerts)
        world.add_alerts(plant_history(octo_org.repositories[plan.id], plan.alerts, first=first, now=now))
    world.add_alerts(plant_history(world.repository("octo-labs", "lab-notes"), 6, first=1, now=now))
    seed_current_campaigns(octo_org, now)
    seed_secrets(octo_org, now)
    if options.alerts is not None:
        enlarge(octo_org, now, options.alerts, options.repositories)
    return world


def _octo_org(now: datetime) -> Organization:
    organization = Organization(9919001, "octo-org", "Octo", "Payments, checkout and all around them", _FOUNDED)
    organization.installation_id = 5520001
    for person in PEOPLE:
        organization.members[person.login] = "admin" if person.login in OWNERS else "member"
    organization.security_managers.extend(SECURITY_MANAGERS)
    for team in TEAMS:
        organization.teams[team.slug] = Team(
            team.id, team.slug, team.name, team.description, _FOUNDED, list(team.members), team.security_manager
        )
    for plan in REPOSITORIES:
        organization.repositories[plan.id] = Repository(
            id=plan.id,
            name=plan.name,
            description=plan.description,
            language=plan.language,
            topics=plan.topics,
            private=plan.private,
            created_at=_FOUNDED + timedelta(days=9 * (plan.id - REPOSITORIES[0].id)),
            pushed_at=now - timedelta(days=plan.pushed_days, hours=plan.id % 7),
            archived=plan.archived,
            code_scanning=plan.code_scanning,
            secret_scanning=plan.code_scanning,
        )
    return organization


def _octo_labs(now: datetime) -> Organization:
    founded = _FOUNDED + timedelta(days=900)
    organization = Organization(9919002, "octo-labs", "Octo Labs", "Experiments", founded)
    organization.members.update({"octo-bot": "admin", "priya-nair": "member"})
    organization.repositories[42001] = Repository(
        42001, "lab-notes", "Notebooks", "Python", (), True, founded, now - timedelta(days=30)
    )
    return organization
