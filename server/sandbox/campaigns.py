"""The five campaign endpoints."""

from datetime import UTC, datetime

from server.sandbox.answers import (
    Answer,
    JsonObject,
    not_found,
    number_in,
    optional_timestamp,
    timestamp,
    validation_failed,
)
from server.sandbox.auth import managed_organization
from server.sandbox.campaign_alerts import open_alerts
from server.sandbox.campaign_input import (
    CREATE_FIELDS,
    CREATE_REQUIRED,
    SECRET_CREATE_FIELDS,
    SECRET_CREATE_REQUIRED,
    UPDATE_FIELDS,
    canonical_managers,
    check_rules,
    check_shape,
    parse_time,
)
from server.sandbox.pages import by_number, numbered_url
from server.sandbox.people import simple_team, simple_user
from server.sandbox.query import one_of
from server.sandbox.service import Call
from server.sandbox.world import Campaign, Organization

MOST_OPEN_CAMPAIGNS = 10
MOST_ALERTS = 1000
_SORTS = {"created": "created_at", "updated": "updated_at", "ends_at": "ends_at", "published": "published_at"}


def campaign_summary(call: Call, organization: Organization, campaign: Campaign, *, listed: bool = False) -> JsonObject:
    """The `campaign-summary` object, in the shape the sandbox was asked for."""
    summary: JsonObject = {
        "number": campaign.number,
        "created_at": timestamp(campaign.created_at),
        "updated_at": timestamp(campaign.updated_at),
        "name": campaign.name,
        "description": campaign.description,
        "managers": [simple_user(call.world.user(login)) for login in campaign.managers],
        "team_managers": [simple_team(organization, organization.teams[slug]) for slug in campaign.team_managers],
        "published_at": timestamp(campaign.published_at),
        "ends_at": timestamp(campaign.ends_at),
        "closed_at": optional_timestamp(campaign.closed_at),
        "state": campaign.state,
        "contact_link": campaign.contact_link,
        "alert_stats": organization.stats(campaign)._asdict(),
    }
    if call.options.shape == "examples":
        missing = {"contact_link", "alert_stats", "published_at"} if listed else {"contact_link"}
        if not campaign.team_managers:
            missing.add("team_managers")
        summary = {name: value for name, value in summary.items() if name not in missing}
    return summary


def _organization(call: Call) -> Organization:
    return managed_organization(call.world, call.caller, call.path["org"], call.needs)


def _campaign(call: Call, organization: Organization) -> Campaign:
    campaign = organization.campaigns.get(number_in(call.path["campaign_number"]) or 0)
    if campaign is None:
        raise not_found(call.needs.docs)
    return campaign


def list_campaigns(call: Call) -> Answer:
    """GET /orgs/{org}/campaigns: sort, direction, state, page, per_page."""
    organization = _organization(call)
    state = one_of(call, "state", ("open", "closed"), "")
    attribute = _SORTS[one_of(call, "sort", tuple(_SORTS), "created")]
    descending = one_of(call, "direction", ("asc", "desc"), "desc") == "desc"
    chosen = [campaign for campaign in organization.campaigns.values() if state in {"", campaign.state}]
    chosen.sort(key=lambda campaign: (getattr(campaign, attribute), campaign.number), reverse=descending)
    page, links = by_number(call, chosen, numbered_url(call, organization.id))
    return Answer(200, [campaign_summary(call, organization, campaign, listed=True) for campaign in page], links)


def get_campaign(call: Call) -> Answer:
    """GET /orgs/{org}/campaigns/{campaign_number}."""
    organization = _organization(call)
    return Answer(200, campaign_summary(call, organization, _campaign(call, organization)))


def create_campaign(call: Call) -> Answer:
    """POST /orgs/{org}/campaigns: 200, not 201, with the campaign."""
    organization = _organization(call)
    body, docs = call.body(), call.needs.docs
    secret = call.options.secret_campaigns and "secret_scanning_alerts" in body
    if secret:
        check_shape(body, SECRET_CREATE_FIELDS, SECRET_CREATE_REQUIRED, docs)
    else:
        check_shape(body, CREATE_FIELDS, CREATE_REQUIRED, docs)
    check_rules(body, organization, call.now, docs)
    keys = open_alerts(call, organization, body, secret=secret, most=MOST_ALERTS)
    _require_room(call, organization)
    organization.last_campaign_number += 1
    campaign = Campaign(
        number=organization.last_campaign_number,
        name=body["name"],
        description=body["description"],
        managers=canonical_managers(body.get("managers", []), organization),
        team_managers=_slugs(body.get("team_managers", [])),
        created_at=call.now,
        updated_at=call.now,
        published_at=call.now,
        ends_at=_time(body["ends_at"]),
        contact_link=body.get("contact_link"),
        alerts=() if secret else keys,
        secret_alerts=keys if secret else (),
    )
    organization.campaigns[campaign.number] = campaign
    if body.get("generate_issues", False):
        for repository_id in dict.fromkeys(key.repository_id for key in keys):
            repository = organization.repositories[repository_id]
            repository.issue_count += 1
            campaign.issues[repository_id] = repository.issue_count
    return Answer(200, campaign_summary(call, organization, campaign))


def update_campaign(call: Call) -> Answer:
    """PATCH /orgs/{org}/campaigns/{campaign_number}: lists replace; an empty body changes nothing."""
    organization = _organization(call)
    campaign = _campaign(call, organization)
    body, docs = call.body(), call.needs.docs
    check_shape(body, UPDATE_FIELDS, (), docs)
    unchanged_end = "ends_at" in body and _time(body["ends_at"]) == campaign.ends_at
    check_rules({**body, "ends_at": None} if unchanged_end else body, organization, call.now, docs)
    if body.get("state") == "open" and campaign.state == "closed":
        _require_room(call, organization)
    for name in ("name", "description", "contact_link"):
        if name in body:
            setattr(campaign, name, body[name])
    if "managers" in body:
        campaign.managers = canonical_managers(body["managers"], organization)
    if "team_managers" in body:
        campaign.team_managers = _slugs(body["team_managers"])
    if "ends_at" in body:
        campaign.ends_at = _time(body["ends_at"])
    if body.get("state", campaign.state) != campaign.state:
        campaign.state = body["state"]
        campaign.closed_at = call.now if campaign.state == "closed" else None
    if body:
        campaign.updated_at = call.now
    return Answer(200, campaign_summary(call, organization, campaign))


def delete_campaign(call: Call) -> Answer:
    """DELETE /orgs/{org}/campaigns/{campaign_number}: 204; the alerts stay, the number is not used again."""
    organization = _organization(call)
    del organization.campaigns[_campaign(call, organization).number]
    return Answer(204)


def _slugs(slugs: list[str]) -> list[str]:
    return list(dict.fromkeys(slug.lower() for slug in slugs))


def _time(text: str) -> datetime:
    moment = parse_time(text)
    assert moment is not None  # noqa: S101 - check_shape has let it through
    return moment.astimezone(UTC).replace(microsecond=0)


def _require_room(call: Call, organization: Organization) -> None:
    """Refuse an eleventh open campaign (product documentation: at most 10 active campaigns)."""
    count = sum(campaign.state == "open" for campaign in organization.campaigns.values())
    if call.options.limits and count >= MOST_OPEN_CAMPAIGNS:
        message = f"An organization can have at most {MOST_OPEN_CAMPAIGNS} open campaigns"
        raise validation_failed("Campaign", "state", message, call.needs.docs, "unprocessable")
