"""Which lists of alerts are read, for whom, and what is said when some of them may not be."""

from __future__ import annotations

import gc
import pickle

import httpx
import pytest

from server.domain.alerts import AlertKind, AlertQuery
from server.errors import NotFound, PermissionMissing, Unauthenticated, UnexpectedAnswer
from server.github.credentials import Credentials, Token
from tests.github.paged import (
    API,
    CODE,
    SECRET_ALERTS,
    Item,
    Paged,
    code_item,
    items,
    make_alerts,
    numbers_of,
    secret_item,
)
from tests.github.scripted import SECRET, Renewing, Waits, told

pytestmark = pytest.mark.anyio
ALL = AlertQuery("code")
SECRETS = AlertQuery("secret")
FORBIDDEN = told(403, {"message": "Resource not accessible by personal access token"})
SIGHT = "This token sees only the repositories it was given."


class OfKind(Credentials):
    """A token of a kind."""

    def __init__(self, token: Token) -> None:
        self._token = token

    async def token(self, org: str | None) -> Token:  # noqa: ARG002 # the same everywhere
        return self._token

    async def renewed(self, org: str | None, refused: Token) -> Token | None:  # noqa: ARG002 # there is no other
        return None


def repositories(*names: str, count: int = 3) -> Paged:
    """Repositories with ids from 11 on, each with some alerts, whose items do not say where they belong."""
    paged = Paged()
    for number, name in enumerate(names, 11):
        paged.others[f"/repos/octo-org/{name}"] = told(200, {"id": number, "full_name": f"octo-org/{name}"})
        paged.lists[f"/repos/octo-org/{name}/code-scanning/alerts"] = [without_repository(n) for n in range(count)]
    return paged


def without_repository(number: int) -> Item:
    return {name: value for name, value in code_item(number + 1).items() if name != "repository"}


def of(*names: str) -> AlertQuery:
    return AlertQuery("code", repositories=names)


async def test_secret_alerts_are_always_asked_without_their_secrets(waits: Waits) -> None:
    paged = Paged()
    paged.lists[SECRET_ALERTS] = [secret_item(n) for n in range(1, 151)]
    reading = await make_alerts(paged, waits).read("octo-org", SECRETS)
    assert numbers_of(reading.alerts) == list(range(1, 151))
    assert {asked.path for asked in paged.asked} == {SECRET_ALERTS}
    assert all(asked.query["hide_secret"] == "true" for asked in paged.asked)
    assert paged.asked[0].query["state"] == "open"


async def test_a_secret_that_comes_anyway_stays_nowhere(waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    canary = "canary" + "-in-the-mine"
    paged = Paged()
    paged.lists[SECRET_ALERTS] = [secret_item(n, secret=f"{canary}{n}") for n in range(1, 251)]
    alerts = make_alerts(paged, waits)
    readings = [await alerts.read("octo-org", SECRETS) for _ in range(2)]
    assert canary not in caplog.text
    assert canary.encode() not in pickle.dumps((readings, alerts._shared, alerts._client._distilled))
    assert len(alerts._client._distilled._stored) == 3
    assert len(alerts._client._bodies._stored) == 0
    paged.lists.clear()
    gc.collect()
    for held in gc.get_objects():
        if isinstance(held, dict | list | tuple | httpx.Response | BaseException):
            parts = held.values() if isinstance(held, dict) else held if isinstance(held, list | tuple) else [held]
            for part in parts:
                assert not (isinstance(part, str | bytes | bytearray) and _holds(part, f"{canary}1")), type(held)
                assert not (isinstance(part, httpx.Response) and canary.encode() in part.content)


def _holds(part: str | bytes | bytearray, text: str) -> bool:
    return text in part if isinstance(part, str) else text.encode() in part


@pytest.mark.parametrize(
    ("kind", "path", "name"),
    [("code", CODE, "Code scanning alerts: read"), ("secret", SECRET_ALERTS, "Secret scanning alerts: read")],
)
async def test_alerts_that_are_hidden_name_what_is_needed(waits: Waits, kind: AlertKind, path: str, name: str) -> None:
    paged = Paged()
    del paged.lists[CODE]
    paged.others["/orgs/octo-org"] = told(200, {"login": "octo-org"})
    with pytest.raises(PermissionMissing, match=f'it lacks the permission "{name}"') as caught:
        await make_alerts(paged, waits).read("octo-org", AlertQuery(kind))
    text = str(caught.value)
    assert f"the {kind} scanning alerts of octo-org" in text
    assert "scope security_events or repo" in text
    assert "neither owner nor security manager" in text
    assert "Run `security-campaigns-mcp doctor --org octo-org`." in text
    assert "ampaigns:" not in text
    assert caught.value.status == 404
    assert [asked.path for asked in paged.asked] == [path, "/orgs/octo-org"]


@pytest.mark.parametrize(
    ("kind", "name"), [("code", "Code scanning alerts: read"), ("secret", "Secret scanning alerts: read")]
)
async def test_alerts_that_are_forbidden_name_what_is_needed(waits: Waits, kind: AlertKind, name: str) -> None:
    paged = Paged()
    paged.others[f"/orgs/octo-org/{kind}-scanning/alerts"] = FORBIDDEN
    with pytest.raises(PermissionMissing, match=f"may not read the {kind} scanning alerts of octo-org") as caught:
        await make_alerts(paged, waits).read("octo-org", AlertQuery(kind))
    assert f'"{name}" (classic tokens: scope security_events or repo)' in str(caught.value)
    assert ("Resource not accessible" in str(caught.value)) is (kind == "code")
    assert "doctor --org octo-org" in str(caught.value)
    assert len(paged.asked) == 1


async def test_an_unknown_organization_is_named(waits: Waits) -> None:
    with pytest.raises(NotFound, match="There is no organization nowhere"):
        await make_alerts(Paged(), waits).read("nowhere", ALL)


async def test_when_the_wider_look_fails_githubs_refusal_stays(waits: Waits) -> None:
    paged = Paged()
    paged.others["/orgs/nowhere"] = told(422, {})
    with pytest.raises(NotFound, match='GitHub answers "not found" for the code scanning alerts of nowhere'):
        await make_alerts(paged, waits).read("nowhere", ALL)


async def test_a_token_that_github_refuses_is_an_error(waits: Waits) -> None:
    paged = Paged()
    paged.others[CODE] = told(401, {"message": "Bad credentials"})
    with pytest.raises(Unauthenticated):
        await make_alerts(paged, waits).read("octo-org", ALL)


async def test_repositories_are_read_one_by_one(waits: Waits) -> None:
    paged = repositories("web", "api")
    reading = await make_alerts(paged, waits).read("octo-org", of("web", "api", "WEB"))
    found = [(alert.repository_id, alert.repository, alert.alert_number) for alert in reading.alerts]
    assert sorted(found) == [
        (11, "web", 1),
        (11, "web", 2),
        (11, "web", 3),
        (12, "api", 1),
        (12, "api", 2),
        (12, "api", 3),
    ]
    assert sorted(asked.path.lower() for asked in paged.asked) == [
        "/repos/octo-org/api",
        "/repos/octo-org/api/code-scanning/alerts",
        "/repos/octo-org/web",
        "/repos/octo-org/web/code-scanning/alerts",
    ]
    assert (reading.gaps, reading.notes, reading.requests) == ((), (), 4)


async def test_the_pages_of_several_repositories_are_kept_apart(waits: Waits) -> None:
    paged = repositories("web", "api", count=250)
    alerts = make_alerts(paged, waits)
    for statuses in ({200, 304}, {200, 304}):
        reading = await alerts.read("octo-org", of("web", "api"))
        assert len({(alert.repository_id, alert.alert_number) for alert in reading.alerts}) == 500
        assert {asked.status for asked in paged.asked} == statuses
        assert (reading.gaps, reading.notes) == ((), ())


async def test_secret_alerts_of_a_repository_are_read(waits: Waits) -> None:
    paged = repositories("web")
    path = "/repos/octo-org/web/secret-scanning/alerts"
    paged.lists[path] = [secret_item(1)]
    reading = await make_alerts(paged, waits).read("octo-org", AlertQuery("secret", repositories=("web",)))
    assert [(alert.repository, alert.repository_id) for alert in reading.alerts] == [("web", 11)]
    assert (paged.asked[1].path, paged.asked[1].query["hide_secret"]) == (path, "true")


async def test_a_repository_that_is_not_there_is_an_error(waits: Waits) -> None:
    paged = repositories("web")
    with pytest.raises(
        NotFound, match="There is no repository octo-org/wbe, or this token may not know of it"
    ) as caught:
        await make_alerts(paged, waits).read("octo-org", of("web", "wbe"))
    assert caught.value.status == 404


def leading_to(called: object) -> Paged:
    """A repository, and another one whose address leads to one that is called something else."""
    paged = repositories("web", "api")
    paged.others["/repos/octo-org/api"] = told(301, location=f"{API}/repositories/12")
    paged.others["/repositories/12"] = told(200, {"id": 12, "name": "api", "full_name": called})
    return paged


@pytest.mark.parametrize(
    ("called", "says"),
    [
        ("octo-org/api-new", 'octo-org/api is called "octo-org/api-new" now; give that name.'),
        ("Octo-Org/api-new", 'octo-org/api is called "Octo-Org/api-new" now; give that name.'),
        (
            "other-org/api",
            'octo-org/api moved to another organization; it is called "other-org/api" now. Leave it out: only '
            "repositories of octo-org are read.",
        ),
        (
            'octo-org/x/say "hi"\u202e\n',
            'octo-org/api moved to another organization; it is called "octo-org/x/say \\"hi\\"" now. Leave it out: '
            "only repositories of octo-org are read.",
        ),
    ],
)
async def test_a_repository_that_was_renamed_or_moved_is_not_read(waits: Waits, called: str, says: str) -> None:
    paged = leading_to(called)
    with pytest.raises(NotFound) as caught:
        await make_alerts(paged, waits, at_once=1).read("octo-org", of("api", "web"))
    assert str(caught.value) == says
    assert not any(asked.path.startswith("/repos/octo-org/api/") for asked in paged.asked)


async def test_a_redirect_to_the_same_name_in_other_letters_is_followed(waits: Waits) -> None:
    reading = await make_alerts(leading_to("Octo-Org/API"), waits).read("octo-org", of("api"))
    assert {(alert.repository_id, alert.repository) for alert in reading.alerts} == {(12, "API")}


@pytest.mark.parametrize("called", [None, 7])
async def test_a_repository_without_a_name_is_unexpected(waits: Waits, called: object) -> None:
    with pytest.raises(UnexpectedAnswer, match="the repository octo-org/api is not what its reference describes"):
        await make_alerts(leading_to(called), waits).read("octo-org", of("api"))


async def test_a_repository_whose_alerts_are_forbidden_is_told_as_missing(waits: Waits) -> None:
    paged = repositories("web", "api", "pay")
    for name in ("api", "pay"):
        paged.others[f"/repos/octo-org/{name}/code-scanning/alerts"] = FORBIDDEN
    reading = await make_alerts(paged, waits).read("octo-org", of("web", "api", "pay"))
    assert {alert.repository for alert in reading.alerts} == {"web"}
    (gap,) = reading.gaps
    assert gap.startswith("Missing are the code scanning alerts of api and pay. This token may not read ")
    assert '"Code scanning alerts: read"' in gap
    assert gap.endswith("So it is with the others.")


async def test_when_every_repository_is_forbidden_it_is_an_error(waits: Waits) -> None:
    paged = repositories("web", "api")
    for name in ("web", "api"):
        paged.others[f"/repos/octo-org/{name}/code-scanning/alerts"] = FORBIDDEN
    with pytest.raises(PermissionMissing, match="may not read the code scanning alerts of octo-org/web"):
        await make_alerts(paged, waits).read("octo-org", of("web", "api"))


async def test_a_repository_that_may_not_be_looked_at_is_missing_too(waits: Waits) -> None:
    paged = repositories("web")
    paged.others["/repos/octo-org/api"] = told(403, {}, x_github_sso="required")
    reading = await make_alerts(paged, waits).read("octo-org", of("web", "api"))
    assert "single sign-on" in reading.gaps[0]


@pytest.mark.parametrize(
    "message",
    ["Code scanning is not enabled for this repository.", "Advanced Security must be enabled for this repository."],
)
async def test_a_repository_without_scanning_is_told(waits: Waits, message: str) -> None:
    paged = repositories("web", "api")
    paged.others["/repos/octo-org/api/code-scanning/alerts"] = told(403, {"message": message})
    reading = await make_alerts(paged, waits).read("octo-org", of("web", "api"))
    assert reading.gaps == ("Code scanning is not enabled for api, or this token may not see its alerts.",)


async def test_repositories_that_all_have_no_scanning_are_no_error(waits: Waits) -> None:
    paged = repositories("api")
    message = {"message": "Code scanning is not enabled for this repository."}
    paged.others["/repos/octo-org/api/code-scanning/alerts"] = told(403, message)
    reading = await make_alerts(paged, waits).read("octo-org", of("api"))
    assert (reading.alerts, len(reading.gaps)) == ([], 1)


async def test_a_repository_that_was_never_analyzed_is_a_note(waits: Waits) -> None:
    names = [f"r{number}" for number in range(7)]
    paged = repositories("web", *names)
    for name in names:
        paged.others[f"/repos/octo-org/{name}/code-scanning/alerts"] = told(404, {"message": "No analysis found"})
    reading = await make_alerts(paged, waits).read("octo-org", of("web", *names))
    assert reading.gaps == ()
    assert reading.notes == ("GitHub has no analysis of r0, r1, r2, r3, r4 and 2 more, so there are no alerts.",)


@pytest.mark.parametrize("body", [{"message": "Not Found"}, {"message": None}, {}, None])
@pytest.mark.parametrize(
    ("names", "named"), [(("API",), "API"), (("API", "pay"), "API and pay"), (("API", "web"), "API")]
)
async def test_any_other_not_found_is_a_gap(waits: Waits, names: tuple[str, ...], named: str, body: object) -> None:
    paged = repositories(*names)
    for name in {*names} - {"web"}:
        paged.others[f"/repos/octo-org/{name}/code-scanning/alerts"] = told(404, body)
    reading = await make_alerts(paged, waits).read("octo-org", of(*names))
    assert reading.gaps == (
        f"The code scanning alerts of {named} could not be read: GitHub does not have them, or hides them from this "
        "token.",
    )
    assert reading.notes == ()


async def test_what_is_forbidden_hidden_off_and_never_analyzed_is_told_apart(waits: Waits) -> None:
    refusals = {
        "disabled": FORBIDDEN,
        "hidden": told(404, {"message": "Not Found"}),
        "off": told(403, {"message": "Code scanning is not enabled for this repository."}),
        "new": told(404, {"message": "no analysis found"}),
    }
    paged = repositories(*refusals)
    for name, refusal in refusals.items():
        paged.others[f"/repos/octo-org/{name}/code-scanning/alerts"] = refusal
    reading = await make_alerts(paged, waits).read("octo-org", of(*refusals))
    assert [gap.split(" alerts of ")[-1].split(" for ")[-1].split(maxsplit=1)[0] for gap in reading.gaps] == [
        "octo-org/disabled:",
        "hidden",
        "off,",
    ]
    assert reading.notes == ("GitHub has no analysis of new, so there are no alerts.",)


@pytest.mark.parametrize(
    ("message", "gap"),
    [
        ("Secret scanning is disabled on this repository.", "Secret scanning is not enabled for web, or this token"),
        ("Forbidden", None),
    ],
)
async def test_what_github_says_of_secrets_is_weighed_though_never_shown(
    waits: Waits, message: str, gap: str | None
) -> None:
    paged = repositories("web")
    paged.others["/repos/octo-org/web/secret-scanning/alerts"] = told(403, {"message": message})
    read = make_alerts(paged, waits).read
    if gap is None:
        with pytest.raises(PermissionMissing):
            await read("octo-org", AlertQuery("secret", repositories=("web",)))
    else:
        reading = await read("octo-org", AlertQuery("secret", repositories=("web",)))
        assert reading.gaps[0].startswith(gap)


async def test_for_secrets_not_found_means_that_scanning_is_off(waits: Waits) -> None:
    paged = repositories("web")
    reading = await make_alerts(paged, waits).read("octo-org", AlertQuery("secret", repositories=("web",)))
    assert reading.gaps == ("Secret scanning is not enabled for web, or this token may not see its alerts.",)
    assert reading.notes == ()


async def test_progress_knows_its_total_though_a_repository_is_refused(waits: Waits) -> None:
    paged = repositories("web", "api", count=250)
    paged.others["/repos/octo-org/api/code-scanning/alerts"] = FORBIDDEN
    seen: list[tuple[int, int | None]] = []

    async def progress(done: int, total: int | None) -> None:
        seen.append((done, total))

    await make_alerts(paged, waits, at_once=1).read("octo-org", of("api", "web"), progress=progress)
    assert seen[-1] == (5, 5)


@pytest.mark.parametrize(
    ("token", "notes"),
    [
        (Token("github_pat_x", "fine-grained personal access token", "test"), (SIGHT,)),
        (Token("ghs_x", "installation token", "test"), (SIGHT,)),
        (Token("ghs_x", "installation token", "test", every_repository=False), (SIGHT,)),
        (Token("ghs_x", "installation token", "test", every_repository=True), ()),
        (Token("ghp_x", "classic personal access token", "test"), ()),
    ],
)
async def test_a_token_with_a_narrow_sight_is_told_of(waits: Waits, token: Token, notes: tuple[str, ...]) -> None:
    reading = await make_alerts(Paged(items([1])), waits, credentials=OfKind(token)).read("octo-org", ALL)
    assert (reading.gaps, reading.notes) == ((), notes)


async def test_another_token_is_not_shown_what_was_remembered_for_one(waits: Waits) -> None:
    paged = Paged(items(range(1, 151)))
    credentials = Renewing("first", "second")
    alerts = make_alerts(paged, waits, credentials=credentials)
    await alerts.read("octo-org", ALL)
    paged.forget()
    credentials.values.pop(0)
    await alerts.read("octo-org", ALL)
    assert [asked.conditional for asked in paged.asked] == [False, False, True, True]


async def test_the_token_is_in_nothing_that_is_told(waits: Waits) -> None:
    assert SECRET not in repr(await make_alerts(Paged(items([1])), waits).read("octo-org", ALL))
