"""Bad arguments: a sentence that names the parameter and what is right, and not one request to GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.harness import Case, accept, connected, open_pairs, text_of
from tests.tools.expected import frozen

pytestmark = pytest.mark.anyio

SECRET = "ghp_" + "aB3dE6gH9" * 4
HUGE = 10**30
ALERTS = [{"repository_id": 41001, "alert_numbers": [1, 2]}]
CREATE = {"name": "Stop XSS", "description": "Encode.", "ends_at": "2099-01-08", "alerts": ALERTS}
FILTERED = {"alerts": None}
GOOD: dict[str, dict[str, Any]] = {
    "list_campaigns": {},
    "get_campaign": {"campaign_number": 5},
    "create_campaign": CREATE,
    "update_campaign": {"campaign_number": 5, "name": "Other"},
    "delete_campaign": {"campaign_number": 3},
    "find_alerts": {},
    "report_progress": {},
}
CRITERIA_OF = {"find_alerts": "", "create_campaign": "filter."}
WRITING = ("create_campaign", "update_campaign")
NUMBERED = ("get_campaign", "update_campaign", "delete_campaign", "report_progress")

INVISIBLE = {
    "control": "a\x07b",
    "newline in one line": "a\x0bb",
    "zero-width": "a\u200bb",
    "joiner": "a\u2060b",
    "bidirectional": "a\u202eb",
    "isolate": "a\u2066b",
    "tag": "a\U000e0041b",
    "variation selector": "a\U000e0100b",
    "filler": "a\u3164b",
    "line separator": "a\u2028b",
    "byte order mark": "\ufeffab",
    "half a character": "a\ud800b",
}


class Bad(NamedTuple):
    """A wrong argument, the parameter its refusal must name, and words of what would be right."""

    tool: str
    arguments: dict[str, Any]
    names: str
    right: str


def texts() -> Iterator[Bad]:
    for tool in WRITING:
        for field, limit in (("name", 50), ("description", 255)):
            for empty in ("", " ", "\u3000\u00a0", "\n"):
                yield Bad(tool, {field: empty}, field, f"is empty; give 1 to {limit} characters")
            yield Bad(
                tool, {field: "x" * (limit + 1)}, field, f"has {limit + 1} characters; GitHub takes at most {limit}"
            )
            yield Bad(tool, {field: "x" * 100_000}, field, f"GitHub takes at most {limit}")
            for wrong in (7, True, ["x"], {"x": 1}, 1.5):
                yield Bad(tool, {field: wrong}, field, "must be text")
            for hidden in INVISIBLE.values():
                yield Bad(tool, {field: hidden}, field, "contains invisible or control characters (U+")
            yield Bad(tool, {field: '"\ud800"'}, field, "contains half of a character")
        yield Bad(tool, {"name": "two\nlines"}, "name", "invisible or control characters (U+000A")
        yield Bad(tool, {"description": "carriage\r\nreturn"}, "description", "(U+000D")


def ends() -> Iterator[Bad]:
    for tool in WRITING:
        for wrong in (
            "soon",
            "",
            "2099",
            "2099-1-8",
            "08.01.2099",
            "2099-01-08T25:00:00Z",
            "2099-01-08T10:00Z",
            "2099-01-08T10:00:00+25:00",
            "2099-01-08\n",
            "".join(chr(ord(digit) + 0x630) if digit.isdigit() else digit for digit in "2099-01-08"),  # Arabic digits
            "99999-01-08",
            4070908800,
            20990108,
            True,
            ["2099-01-08"],
        ):
            yield Bad(tool, {"ends_at": wrong}, "ends_at", "give a date such as 2027-01-08")
        for no_day in ("2099-02-30", "2099-13-01", "0000-01-01"):
            yield Bad(
                tool, {"ends_at": no_day}, "ends_at", "is not a day of the calendar; give one that is, such as 20"
            )
        yield Bad(tool, {"ends_at": "2099-01-08T17:00:00"}, "ends_at", "the time has no zone; end it with Z")
        yield Bad(tool, {"ends_at": "9999-12-31T23:59:59-01:00"}, "ends_at", "the year must be between 1 and 9999")
        for past in ("2020-01-08", "0001-01-01", "2020-01-08T00:00:00+14:00"):
            yield Bad(tool, {"ends_at": past}, "ends_at", "is in the past; give a date from 20")


def people() -> Iterator[Bad]:
    for tool in WRITING:
        for field in ("managers", "team_managers"):
            yield Bad(tool, {field: [f"m{n}" for n in range(11)]}, field, "names 11; GitHub takes at most 10")
            yield Bad(tool, {field: ["mona-lisa", "mona-lisa"]}, field, "names the same one twice")
            yield Bad(tool, {field: ["mona-lisa", "hubot", "Mona-Lisa"]}, field, "names the same one twice")
            for wrong in ("@mona-lisa", "octo-org/appsec", "", " ", "a b", "a%2fb", "..", "a" * 101, "a\n", "é"):
                yield Bad(tool, {field: ["fine", wrong]}, field, "item 2 is not a ")
            for hidden in INVISIBLE.values():
                yield Bad(tool, {field: [hidden]}, field, "item 1 is not a ")
            for wrong_list in ("mona-lisa", 7, True, {"login": "mona-lisa"}):
                yield Bad(tool, {field: wrong_list}, field, "must be a list")
            yield Bad(tool, {field: [7]}, f"{field}[0]", "must be text")
            yield Bad(tool, {field: [None]}, f"{field}[0]", "cannot be null")
            yield Bad(tool, {field: [["mona-lisa"]]}, f"{field}[0]", "must be text")


def links() -> Iterator[Bad]:
    for tool in WRITING:
        for wrong in (
            "ftp://example.com/x",
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:security@example.com",
            "example.com",
            "//example.com",
            "https://",
            "https:///path",
            "http:example.com",
            "https://[::1",
            "https://example.com:port/",
            "https://example.com:99999/",
            "null",
            "",
        ):
            yield Bad(tool, {"contact_link": wrong}, "contact_link", "must be an http(s) address, such as https://")
        for wrong in (
            "https://user:pw@example.com",
            "https://user@example.com",
            "https://:pw@example.com",
            "https://@h",
        ):
            yield Bad(tool, {"contact_link": wrong}, "contact_link", "must not contain a user name or password")
        invisible = [f"https://example.com/{hidden}" for hidden in INVISIBLE.values()]
        for wrong in ("https://exa mple.com", " https://example.com", "https://example.com/\n", *invisible):
            yield Bad(tool, {"contact_link": wrong}, "contact_link", "must be one http(s) address without spaces")
        yield Bad(tool, {"contact_link": "https://example.com/" + "x" * 2000}, "contact_link", "one http(s) address")
        yield Bad(tool, {"contact_link": 7}, "contact_link", "must be text")


def organizations() -> Iterator[Bad]:
    hostile = (
        "../x",
        "a/b",
        "a%2fb",
        "a\\b",
        "..",
        ".",
        "",
        " ",
        "a b",
        "octo-org\n",
        "o\u0441to",
        "a?b",
        "a#b",
        "-a",
        "a" * 40,
    )
    for tool in GOOD:
        for wrong in (*hostile, *INVISIBLE.values()):
            yield Bad(tool, {"org": wrong}, "org", "give an organization's login: letters, digits and hyphens")
        for number in (7, True, ["octo-org"]):
            yield Bad(tool, {"org": number}, "org", "must be text")


def numbers() -> Iterator[Bad]:
    for tool, field, out_of_range in (
        *((tool, "campaign_number", "must be a positive whole number") for tool in NUMBERED),
        ("list_campaigns", "page", "must be a positive whole number"),
        ("list_campaigns", "per_page", "must be from 1 to 100"),
    ):
        for wrong in (0, -1, -HUGE):
            yield Bad(tool, {field: wrong}, field, out_of_range)
        for huge in (HUGE, 2**53):
            larger = "is larger than any number GitHub gives out" if field != "per_page" else out_of_range
            yield Bad(tool, {field: huge}, field, larger)
        for no_number in (1.5, 3.0, "3", "three", "", "../3", True, False, [3], {"n": 3}):
            yield Bad(tool, {field: no_number}, field, "must be a whole number without quotes or fraction, such as 3")
    yield Bad("list_campaigns", {"per_page": 101}, "per_page", "must be from 1 to 100")


def alerts() -> Iterator[Bad]:
    def one(**changes: Any) -> list[dict[str, Any]]:
        return [{**ALERTS[0], **changes}]

    whole = "must be a whole number without quotes or fraction, such as 3"
    table: list[tuple[Any, str, str]] = [
        ([], "alerts", "is empty; a campaign needs at least one alert"),
        ("all of them", "alerts", "must be a list"),
        ({"repository_id": 1, "alert_numbers": [1]}, "alerts", "must be a list"),
        (7, "alerts", "must be a list"),
        ([7], "alerts[0]", "must be an object"),
        (["41001"], "alerts[0]", "must be an object"),
        ([None], "alerts[0]", "cannot be null"),
        ([{}], "alerts[0].repository_id", "is required"),
        ([{"repository_id": 1}], "alerts[0].alert_numbers", "is required"),
        (one(alert_numbers=[]), "alerts", "has no alert_numbers for repository 41001"),
        (one(alert_numbers=3), "alerts[0].alert_numbers", "must be a list"),
        (one(alert_numbers="3"), "alerts[0].alert_numbers", "must be a list"),
        (one(alert_numbers=[3, 4, 3]), "alerts", "names alert 3 of repository 41001 twice"),
        (ALERTS * 2, "alerts", "names repository 41001 twice; put its alert_numbers into one list"),
        (one(alert_numbers=list(range(1, 1002))), "alerts", "holds 1001 alerts; a campaign takes at most 1000"),
        (one(priority="high"), "alerts[0].priority", "is not a known field here"),
        (one(repositry_id=1), "alerts[0].repositry_id", "is not a known field here"),
        (one(**{"../x\n": 1}), "alerts[0].(unprintable)", "is not a known field here"),
    ]
    table += [(one(repository_id=wrong), "alerts[0].repository_id", whole) for wrong in (True, 1.0, "41001", [1])]
    table += [(one(alert_numbers=[1, wrong]), "alerts[0].alert_numbers[1]", whole) for wrong in (True, 1.0, "1", [1])]
    impossible = "repository_id or alert number that GitHub cannot have given out"
    table += [(one(repository_id=wrong), "alerts", impossible) for wrong in (0, -1, HUGE)]
    table += [(one(alert_numbers=[1, wrong]), "alerts", impossible) for wrong in (0, -1, HUGE)]
    for wrong, names, right in table:
        yield Bad("create_campaign", {"alerts": wrong}, names, right)


def criteria() -> Iterator[Bad]:
    """Wrong criteria: the same sentences for find_alerts' parameters and for create_campaign's filter."""
    whole = "must be a whole number without quotes or fraction, such as 3"
    table: list[tuple[dict[str, Any], str, str]] = [
        ({"kind": "both"}, "kind", "must be one of 'code' or 'secret'"),
        ({"template": "xxs"}, "template", "must be one of 'cross-site-scripting', 'sql-injection',"),
        ({"template": ""}, "template", "must be one of 'cross-site-scripting'"),
        ({"template": 79}, "template", "must be one of 'cross-site-scripting'"),
        ({"severities": ["critcal"]}, "severities[0]", "must be one of 'critical', 'high', 'medium', 'low', 'error',"),
        ({"severities": ["high", ""]}, "severities[1]", "must be one of 'critical', 'high'"),
        ({"cwes": ["abc"]}, "cwes[0]", "is not a CWE; give a number such as 79 or CWE-79"),
        ({"cwes": ["79", "CWE-0"]}, "cwes[1]", "is not a number that a CWE can have; they go from 1 to 9999"),
        ({"cwes": [100_000]}, "cwes[0]", "they go from 1 to 9999"),
        ({"cwes": [True]}, "cwes[0]", "give a number such as 79 or CWE-79"),
        ({"cwes": [7.5]}, "cwes[0]", "give a number such as 79 or CWE-79"),
        ({"template": "all-critical", "severities": ["low"]}, "severities", "nothing in common with the template all-"),
        ({"rules": [" "]}, "rules[0]", "is empty; leave it out"),
        ({"rules": ["a\u202eb"]}, "rules[0]", "contains invisible or control characters (U+202E"),
        ({"rules": ["x" * 201]}, "rules[0]", "has 201 characters; give at most 200"),
        ({"tool": ""}, "tool", "is empty; leave it out"),
        ({"tool": "a\x07b"}, "tool", "contains invisible or control characters"),
        ({"repositories": ["octo-org/payments-web"]}, "repositories[0]", "must be a repository's name only, without"),
        ({"repositories": ["pay ments"]}, "repositories[0]", "must be a repository's name: letters, digits"),
        ({"repositories": [".."]}, "repositories[0]", "must be a repository's name"),
        ({"exclude_repositories": ["*"]}, "exclude_repositories", "leaves no repository; say which ones"),
        (
            {"repositories": ["checkout"], "exclude_repositories": ["checkout"]},
            "exclude_repositories",
            "names what `repositories` names too; take it out of one of them",
        ),
        ({"languages": ["phyton"]}, "languages[0]", "is not a known language; known are actions, c-cpp,"),
        ({"paths": ["/"]}, "paths[0]", "is the whole repository; leave it out"),
        ({"paths": ["a\nb"]}, "paths[0]", "contains invisible or control characters"),
        ({"min_age_days": -1}, "min_age_days", "must be a whole number of days from 0 to 36500"),
        ({"max_age_days": 40_000}, "max_age_days", "must be a whole number of days from 0 to 36500"),
        ({"min_age_days": "90"}, "min_age_days", whole),
        ({"max_age_days": 1.5}, "max_age_days", whole),
        ({"min_age_days": 90, "max_age_days": 30}, "max_age_days", "is less than `min_age_days`, so no alert can be"),
        ({"assignees": ["@mona-lisa"]}, "assignees", "item 1 is not a user's login, without @"),
        ({"assignees": ["none", "mona-lisa"]}, "assignees", '"none" must stand alone'),
        ({"kind": "secret", "severities": ["high"]}, "severities", "is a criterion for code scanning alerts"),
        ({"kind": "secret", "template": "xxe"}, "template", "is a criterion for code scanning alerts"),
        (
            {"providers": ["stripe"]},
            "providers",
            "is a criterion for secret scanning alerts; leave it out, or give kind",
        ),
        ({"secret_types": ["a"]}, "secret_types", "is a criterion for secret scanning alerts"),
        ({"validity": ["active"]}, "validity", "is a criterion for secret scanning alerts"),
        ({"publicly_leaked": True}, "publicly_leaked", "is a criterion for secret scanning alerts"),
        ({"kind": "secret", "validity": ["live"]}, "validity[0]", "must be one of 'active', 'inactive' or 'unknown'"),
        ({"kind": "secret", "providers": ["a b"]}, "providers[0]", "must be GitHub's identifier, such as"),
        ({"kind": "secret", "secret_types": ["a/b"]}, "secret_types[0]", "must be GitHub's identifier, such as"),
        ({"kind": "secret", "publicly_leaked": "yes"}, "publicly_leaked", "must be true or false"),
    ]
    for field in ("severities", "cwes", "rules", "repositories", "languages", "paths", "assignees"):
        table.append(({field: []}, field, "is empty; leave it out"))
        table.append(({field: "text"}, field, "must be a list"))
        table.append(({field: ["7"] * 51}, field, "has 51 items; give at most 50"))
    for tool, place in CRITERIA_OF.items():
        for given, names, right in table:
            arguments = {**FILTERED, "filter": given} if place else given
            yield Bad(tool, arguments, f"{place}{names}", right)
    for wrong, right in (("everything", "must be an object"), (["xxe"], "must be an object"), (7, "must be an object")):
        yield Bad("create_campaign", {**FILTERED, "filter": wrong}, "filter", right)
    yield Bad(
        "create_campaign",
        {**FILTERED, "filter": {"severity": ["high"]}},
        "filter",
        "`severity`: there is no such argument; use `severities`",
    )
    yield Bad("create_campaign", {"filter": {}}, "filter` and `alerts", "are both given; give one")
    misspelt = {**FILTERED, "filter": {"severity": ["high"]}}
    yield Bad("create_campaign", misspelt, "filter", "`severity`: there is no such argument; use `severities`")
    for everything in ({}, {"kind": "secret"}, {"cwes": None}):
        yield Bad(
            "create_campaign", {**FILTERED, "filter": everything}, "filter", "is empty, which would be every open"
        )
    yield Bad("create_campaign", {"if_too_many": "most_severe_first"}, "if_too_many", "is for what a filter yields")
    yield Bad("create_campaign", {**FILTERED, "filter": {"cwes": ["79"]}}, "preview", "is missing, so nobody has seen")
    for wrong in ("src/?.js", "{a,b}", "!x", "a\\b"):
        yield Bad("find_alerts", {"paths": [wrong]}, "paths[0]", "only `*` is special in a pattern")
    yield Bad("create_campaign", {**FILTERED}, "filter` and `alerts", "are both missing; give one")
    for wrong in ("take", "", True):
        yield Bad(
            "create_campaign", {"if_too_many": wrong}, "if_too_many", "must be one of 'refuse' or 'most_severe_first'"
        )
    for wrong in (0, -1):
        yield Bad("find_alerts", {"detail": wrong}, "detail", "must be a positive whole number")
    for no_page in (True, "1", 1.0):
        yield Bad("find_alerts", {"detail": no_page}, "detail", whole)


def since() -> Iterator[Bad]:
    for wrong in ("soon", "", "lastreport", "2026-1-8", "08.01.2026", 20260108, True, ["2026-01-08"]):
        yield Bad("report_progress", {"since": wrong}, "since", "give a date such as")
    yield Bad("report_progress", {"since": "2026-02-30"}, "since", "is not a day of the calendar")
    yield Bad("report_progress", {"since": "2026-01-08T17:00:00"}, "since", "the time has no zone")


def flags() -> Iterator[Bad]:
    for tool, field in (
        ("create_campaign", "generate_issues"),
        ("create_campaign", "dry_run"),
        ("update_campaign", "dry_run"),
    ):
        for wrong in ("yes", "true", "false", "", 1, 0, 1.0, [True]):
            yield Bad(tool, {field: wrong}, field, "must be true or false")
    for tool in WRITING:
        for no_text in (7, True, ["7ac163ebeb0f1775"]):
            yield Bad(tool, {"preview": no_text}, "preview", "must be text")


def choices() -> Iterator[Bad]:
    for tool, field, wrong_values, right in (
        ("list_campaigns", "state", ("both", "all", "OPEN", "", "null", '"open"', 1), "'open' or 'closed'"),
        ("list_campaigns", "sort", ("name", "created_at", "", 1), "'created', 'updated', 'ends_at' or 'published'"),
        ("list_campaigns", "direction", ("up", "ASC", "", True), "'asc' or 'desc'"),
        ("update_campaign", "state", ("shut", "deleted", "Closed", "", "null", True), "'open' or 'closed'"),
    ):
        for wrong in wrong_values:
            yield Bad(tool, {field: wrong}, field, f"must be one of {right}")


def unknown() -> Iterator[Bad]:
    for tool, misspelt, meant in (
        ("list_campaigns", "organization", "known are direction, org, page, per_page, sort, state"),
        ("list_campaigns", "perPage", "use `per_page`"),
        ("list_campaigns", "pag", "use `page`"),
        ("get_campaign", "number", "known are campaign_number, org"),
        ("get_campaign", "campaignNumber", "use `campaign_number`"),
        ("create_campaign", "desciption", "use `description`"),
        ("create_campaign", "team_manager", "use `team_managers`"),
        ("create_campaign", "state", "known are alerts, contact_link,"),
        ("create_campaign", "plan", "known are alerts, contact_link,"),
        ("update_campaign", "answer", "known are campaign_number, contact_link,"),
        ("update_campaign", "generate_issues", "known are campaign_number, contact_link,"),
        ("update_campaign", "stat", "use `state`"),
        ("update_campaign", "end_at", "use `ends_at`"),
        ("delete_campaign", "confirm", "known are campaign_number, org"),
        ("delete_campaign", "dry_run", "known are campaign_number, org"),
    ):
        for value in ("x", None):
            yield Bad(tool, {misspelt: value}, misspelt, f"there is no such argument; {meant}")
    for hostile in ("", "a b", "a\nb", "\u202e", "x" * 31, "../.."):
        yield Bad("get_campaign", {hostile: 1}, "(unprintable)", "there is no such argument; ")


def missing() -> Iterator[Bad]:
    for tool, fields in (
        ("get_campaign", ("campaign_number",)),
        ("create_campaign", ("name", "description", "ends_at")),
        ("update_campaign", ("campaign_number",)),
        ("delete_campaign", ("campaign_number",)),
    ):
        for field in fields:
            yield Bad(tool, {field: None}, field, "is required")  # null is omitted where nothing can be cleared
    yield Bad("update_campaign", {"name": None}, "name", "cannot be null; leave it out instead")


TABLE = [
    *texts(),
    *ends(),
    *people(),
    *links(),
    *organizations(),
    *numbers(),
    *alerts(),
    *criteria(),
    *since(),
    *flags(),
    *choices(),
    *unknown(),
    *missing(),
]


def assert_refused_here(case: Case, bad: Bad, text: str) -> None:
    shown = (bad, text[:500])
    assert text.startswith(f"{bad.tool}: `{bad.names}`"), shown
    assert bad.right in text, shown
    assert text.endswith(" Nothing was sent to GitHub."), shown
    assert len(text) < 600, shown
    for inside in ("validation error", "Input should be", "input should", "pydantic", "Traceback", "Error executing"):
        assert inside not in text, shown
    assert case.sent == [], shown
    assert case.asked == [], shown


@pytest.mark.parametrize("tool", GOOD)
async def test_each_wrong_argument_is_named_with_what_is_right_and_nothing_is_sent(era: str, tool: str) -> None:
    """One connection for a tool's whole table: what is refused leaves no trace, so the cases cannot disturb another."""
    async with connected(era, person=accept(go_ahead=True, campaign="octo-org/3")) as case:
        for bad in TABLE:
            if bad.tool == tool:
                result = await case.call(tool, **{**GOOD[tool], **bad.arguments})
                assert result.is_error, bad
                assert result.structured_content is None
                assert_refused_here(case, bad, text_of(result))


async def test_every_parameter_of_every_tool_stands_in_the_table() -> None:
    async with connected() as case:
        tools = (await case.client.list_tools()).tools
    tried = {(bad.tool, argument) for bad in TABLE for argument in bad.arguments}
    assert {(tool.name, field) for tool in tools for field in tool.input_schema["properties"]} <= tried


async def test_all_that_is_wrong_is_said_at_once() -> None:
    async with connected() as case:
        text = await case.refused("create_campaign", **{**CREATE, "name": "", "ends_at": "soon", "managers": ["@me"]})
    assert [part.split(":")[0] for part in text.removeprefix("create_campaign: ").split("; `")] == [
        "`name`",
        "ends_at`",
        "managers`",
    ]
    assert case.sent == []


async def test_several_unknown_arguments_are_all_named() -> None:
    async with connected() as case:
        text = await case.refused("get_campaign", campaign_number=5, numbr=1, orgg="x")
    assert "`numbr`: there is no such argument" in text
    assert "`orgg`: there is no such argument; use `org`" in text


async def test_what_is_just_within_the_limits_is_taken(era: str) -> None:
    sandbox = frozen()
    name, description = "é" * 50, "😀" * 200 + "\n" + "x" * 54
    async with connected(era, sandbox=sandbox) as case:
        await case.done(
            "create_campaign",
            name=name,
            description=description,
            ends_at="2099-01-08T00:00:00.123456789+14:00",
            alerts=open_pairs(sandbox),
            contact_link="https://example.com/" + "x" * 1980,
        )
    body = case.writes[0].body
    assert (body["name"], body["description"], body["ends_at"]) == (name, description, "2099-01-07T10:00:00Z")


def places(schema: dict[str, Any], secret: str) -> list[Any]:
    """Every form in which a secret can be put into an argument."""
    forms: list[Any] = [secret, [secret], {secret: secret}, f"see {secret}", f'"{secret}"']
    if schema.get("type") == "array" and "properties" in schema["items"]:
        forms += [
            [{**ALERTS[0], secret: 1}],
            [{"repository_id": secret, "alert_numbers": [1]}],
            [{"repository_id": 41001, "alert_numbers": [secret]}],
        ]
    elif schema.get("type") == "array":
        forms += [["mona-lisa", secret], [secret, secret]]
    else:
        forms += [f"https://example.com/?token={secret}", f"https://{secret}@example.com"]
    return forms


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("secret", [SECRET, "github_pat_" + "a" * 22 + "_" + "b" * 59, "gho_" + "x" * 36])
@pytest.mark.parametrize("tool", GOOD)
async def test_a_token_in_any_argument_never_comes_back_and_never_leaves(tool: str, secret: str, dry_run: bool) -> None:
    dry = {"dry_run": True} if dry_run and tool in WRITING else {}
    async with connected(person=accept(go_ahead=True, campaign="octo-org/3")) as case:
        schema = next(item for item in (await case.client.list_tools()).tools if item.name == tool).input_schema
        for argument, described in schema["properties"].items():
            for form in places(described, secret):
                text = await case.refused(tool, **{**GOOD[tool], **dry, argument: form})
                assert secret not in text
                assert f"`{argument}" in text
                assert text.endswith("Nothing was sent to GitHub.")
        text = await case.refused(tool, **{**GOOD[tool], secret: 1})
        assert secret not in text
    assert case.sent == []


async def test_words_that_only_begin_like_a_token_are_just_words() -> None:
    async with connected(sandbox=frozen()) as case:
        await case.done(
            "update_campaign", campaign_number=5, description="Rotate ghp_ tokens, and github_pat_ ones too."
        )
    assert len(case.writes) == 1
