"""What the manifests say is what pyproject.toml and the command line say, in the form that was published for each."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError

import tools
from server.app import build_server
from server.options import OPTIONS, read_options, settings_from
from server.setup.clients import NAME
from tests.manifests.reading import BUNDLE, EXTENSION, HELP, PROJECT, ROOT, SERVER, TOKEN, manifest

SCHEMAS = manifest("tests/fixtures/manifest_schemas.json")
[PACKAGE] = SERVER["packages"]
LAUNCH = BUNDLE["server"]["mcp_config"]
[(EXTENSION_SERVER, EXTENSION_LAUNCH)] = EXTENSION["mcpServers"].items()
# Hosts hand on few variables, so that uv would know nothing of a company's certificates but for the system's.
OF_UV = {"UV_NATIVE_TLS": "true"}
ALL = pytest.mark.parametrize("made", [SERVER, BUNDLE, EXTENSION], ids=["server.json", "mcpb", "gemini"])


def asked_for(made: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """Return what a manifest asks for: by environment variable, what it says of it, and whether it is hidden."""
    if made is SERVER:
        listed = PACKAGE["environmentVariables"]
        return {each["name"]: (each["description"], each.get("isSecret", False)) for each in listed}
    if made is EXTENSION:
        return {each["envVar"]: (each["description"], each["sensitive"]) for each in made["settings"]}
    fields = {f"${{user_config.{key}}}": each for key, each in made["user_config"].items()}
    return {
        env: (fields[value]["description"], fields[value].get("sensitive", False))
        for env, value in LAUNCH["env"].items()
        if env not in OF_UV
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_as_its_published_schema_asks(name: str) -> None:
    schema = SCHEMAS[name]["schema"]
    Draft7Validator.check_schema(schema)
    Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).validate(manifest(name))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("server.json", ["description"], "x" * 101),
        ("server.json", ["name"], "no-namespace"),
        ("server.json", ["packages", 0, "version"], "latest"),
        ("server.json", ["packages", 0, "transport"], {"type": "carrier-pigeon"}),
        ("mcpb/manifest.json", ["server", "type"], "cobol"),
        ("mcpb/manifest.json", ["user_config", "org", "secret"], True),
    ],
)
def test_the_kept_schema_facts_refuse_what_the_published_schema_refuses(name: str, path: list[Any], value: Any) -> None:
    made = copy.deepcopy(manifest(name))
    place = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValidationError):
        Draft7Validator(SCHEMAS[name]["schema"]).validate(made)


def test_the_schema_that_server_json_names_is_the_one_it_is_held_to() -> None:
    assert SERVER["$schema"] == SCHEMAS["server.json"]["schema"]["$id"]
    assert BUNDLE["manifest_version"] in SCHEMAS["mcpb/manifest.json"]["source"]["file"]


@ALL
def test_version_and_description_are_those_of_the_project(made: dict[str, Any]) -> None:
    assert (made["version"], made["description"]) == (PROJECT["version"], PROJECT["description"])


def test_each_is_named_as_the_project() -> None:
    assert SERVER["name"].split("/")[1] == BUNDLE["name"] == EXTENSION["name"] == PROJECT["name"]
    assert (PACKAGE["identifier"], PACKAGE["version"]) == (PROJECT["name"], PROJECT["version"])
    assert (BUNDLE["license"], BUNDLE["keywords"]) == (PROJECT["license"], PROJECT["keywords"])
    assert BUNDLE["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]


def test_people_see_the_title_that_the_server_itself_gives() -> None:
    title = build_server(settings_from({"sandbox": True, "no_store": True})).title
    assert title == SERVER["title"] == BUNDLE["display_name"]


def test_the_extension_and_setup_name_the_server_alike_so_that_it_runs_once() -> None:
    assert EXTENSION_SERVER == NAME


def test_the_package_page_proves_whose_the_name_in_the_registry_is() -> None:
    told = re.findall(r"mcp-name: (\S+)", (ROOT / PROJECT["readme"]).read_text(encoding="utf-8"))
    assert told == [SERVER["name"]]


@ALL
def test_what_is_asked_for_is_an_option_in_its_own_words(made: dict[str, Any]) -> None:
    asked = asked_for(made)
    assert len(asked) > 2
    assert {env: told for env, (told, _) in asked.items() if env != TOKEN} == {
        env: HELP[env] for env in asked if env != TOKEN
    }


@ALL
def test_only_the_token_is_a_secret_and_it_is_asked_for_as_one(made: dict[str, Any]) -> None:
    assert [env for env, (_, hidden) in asked_for(made).items() if hidden] == [TOKEN]


def test_the_three_say_the_same_of_the_token() -> None:
    assert len({asked_for(made)[TOKEN][0] for made in (SERVER, BUNDLE, EXTENSION)}) == 1


def test_the_registry_offers_the_choices_and_kinds_of_value_that_the_command_line_takes() -> None:
    options = {option.env: option for option in OPTIONS}
    for each in PACKAGE["environmentVariables"][1:]:
        option = options[each["name"]]
        assert tuple(each.get("choices", ())) == option.choices
        assert (each["format"] == "boolean") == option.switch
        assert (each["format"] == "filepath") == option.flag.endswith("-file")


def test_the_bundle_lists_the_tools_as_they_are() -> None:
    assert [(each["name"], each["description"]) for each in BUNDLE["tools"]] == [
        (spec.run.__name__, spec.title) for spec in tools.TOOLS
    ]


@pytest.mark.parametrize("filled", [False, True])
def test_what_a_host_makes_of_the_bundle_s_form_is_understood(filled: bool) -> None:
    typed: dict[str, Any] = {"org": "octo-org", "read_only": True} if filled else {}
    values = {key: typed.get(key, each["default"]) for key, each in BUNDLE["user_config"].items()}
    texts = {
        f"${{user_config.{key}}}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }
    environ = {env: texts[told] for env, told in LAUNCH["env"].items() if env not in OF_UV}
    settings = settings_from(read_options({}, environ))
    assert (settings.org, settings.read_only) == (("octo-org", True) if filled else (None, False))
    assert environ[TOKEN] == ""


def test_every_setting_of_the_extension_reaches_the_server_and_none_is_taken_literally_when_it_is_not_set() -> None:
    settings = {each["envVar"]: f"${{{each['envVar']}:-}}" for each in EXTENSION["settings"]}
    assert EXTENSION_LAUNCH["env"] == settings | OF_UV
    assert settings_from(read_options({}, dict.fromkeys(settings, ""))).org is None


@pytest.mark.parametrize(
    ("launch", "top"), [(LAUNCH, "${__dirname}"), (EXTENSION_LAUNCH, "${extensionPath}")], ids=["mcpb", "gemini"]
)
def test_both_start_this_very_checkout_with_the_locked_packages(launch: dict[str, Any], top: str) -> None:
    words = [launch["command"], *launch["args"]]
    assert words[-1] in PROJECT["scripts"]
    named = [Path(word.removeprefix(f"{top}/")) for word in words if word.startswith(f"{top}/")]
    assert named == [Path("requirements/runtime.txt"), Path("requirements/build.txt")]
    assert all((ROOT / file).is_file() for file in named)
    assert launch["env"].items() >= OF_UV.items()
    assert words[words.index("--from") + 1] == top
    assert (ROOT / BUNDLE["server"]["entry_point"]).is_file()


@ALL
def test_no_manifest_holds_a_token_or_leads_to_a_package_index(made: dict[str, Any]) -> None:
    text = json.dumps(made)
    assert not re.search(r"gh[pousr]_|github_pat_|registryBaseUrl|pypi\.org|npmjs", text)
