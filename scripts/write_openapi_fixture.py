"""Writes tests/fixtures/github_openapi.json: the facts of GitHub's OpenAPI about the paths that this project uses.

Input is the `generated` folder of the npm package @octokit/openapi. Only what a checker needs is kept: types, formats,
limits, enums, defaults, required, nullable, additionalProperties and parameters; no prose and no examples.

    python scripts/write_openapi_fixture.py node_modules/@octokit/openapi/generated [--check]

With `--check` nothing is written; the exit status is 1 when the committed fixture differs from what would be.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parent.parent / "tests" / "fixtures" / "github_openapi.json"
SOURCE = "api.github.com.json"
METHODS = ("get", "post", "patch", "delete")
PATHS = (
    "/app",
    "/app/installations/{installation_id}/access_tokens",
    "/orgs/{org}",
    "/orgs/{org}/campaigns",
    "/orgs/{org}/campaigns/{campaign_number}",
    "/orgs/{org}/code-scanning/alerts",
    "/orgs/{org}/installation",
    "/orgs/{org}/memberships/{username}",
    "/orgs/{org}/organization-roles",
    "/orgs/{org}/organization-roles/{role_id}/teams",
    "/orgs/{org}/organization-roles/{role_id}/users",
    "/orgs/{org}/repos",
    "/orgs/{org}/secret-scanning/alerts",
    "/orgs/{org}/teams/{team_slug}",
    "/rate_limit",
    "/repos/{owner}/{repo}",
    "/repos/{owner}/{repo}/code-scanning/alerts",
    "/repos/{owner}/{repo}/code-scanning/alerts/{alert_number}",
    "/repos/{owner}/{repo}/secret-scanning/alerts",
    "/user",
    "/user/memberships/orgs/{org}",
    "/user/orgs",
    "/versions",
)
# These paths have writes too, which nothing here uses.
UNUSED = {
    ("/orgs/{org}", "patch"),
    ("/orgs/{org}", "delete"),
    ("/orgs/{org}/memberships/{username}", "delete"),
    ("/orgs/{org}/repos", "post"),
    ("/orgs/{org}/teams/{team_slug}", "patch"),
    ("/orgs/{org}/teams/{team_slug}", "delete"),
    ("/repos/{owner}/{repo}", "patch"),
    ("/repos/{owner}/{repo}", "delete"),
    ("/repos/{owner}/{repo}/code-scanning/alerts/{alert_number}", "patch"),
    ("/user", "patch"),
    ("/user/memberships/orgs/{org}", "patch"),
}
FACTS = frozenset(
    {
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "default",
        "enum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "nullable",
        "oneOf",
        "pattern",
        "properties",
        "required",
        "type",
    }
)
REF = "#/components/schemas/"


def facts(schema: Any) -> Any:
    """A schema without everything that is not in FACTS; properties keep their names whatever those are."""
    if isinstance(schema, list):
        return [facts(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for name, value in schema.items():
        if name == "properties":
            kept[name] = {key: facts(inner) for key, inner in value.items()}
        elif name in FACTS:
            kept[name] = facts(value)
    return kept


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A parameter or response, looked up when it is a reference."""
    while "$ref" in part:
        target: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def json_schema(content: dict[str, Any]) -> Any:
    """The schema of the JSON form of a body, or None when there is none."""
    return facts(content["application/json"]["schema"]) if "application/json" in content else None


def operation_facts(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """Parameters by name, the request body, and the responses by status (null: documented, but without a schema)."""
    kept: dict[str, Any] = {"parameters": {}, "responses": {}}
    for reference in operation.get("parameters", []):
        parameter = resolved(document, reference)
        kept["parameters"][parameter["name"]] = {"in": parameter["in"], "schema": facts(parameter["schema"])}
    if "requestBody" in operation:
        kept["requestBody"] = json_schema(operation["requestBody"]["content"])
    for status, reference in operation["responses"].items():
        kept["responses"][status] = json_schema(resolved(document, reference).get("content", {}))
    return kept


def references(part: Any) -> set[str]:
    """The names of the schemas that a piece of facts points to."""
    if isinstance(part, dict):
        own = {part["$ref"].removeprefix(REF)} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    return set().union(*(references(item) for item in part)) if isinstance(part, list) else set()


def collect(document: dict[str, Any]) -> dict[str, Any]:
    """The fixture as one object."""
    paths: dict[str, Any] = {}
    for path in PATHS:
        operations = document["paths"][path]
        for method in METHODS:
            if method in operations and (path, method) not in UNUSED:
                paths[f"{method.upper()} {path}"] = operation_facts(document, operations[method])
    schemas: dict[str, Any] = {}
    wanted = references(paths) | {"basic-error", "validation-error"}
    while wanted:
        name = wanted.pop()
        schemas[name] = facts(document["components"]["schemas"][name])
        wanted |= references(schemas[name]) - schemas.keys()
    return {
        "source": {"package": "@octokit/openapi", "version": document["info"]["version"], "file": SOURCE},
        "operations": paths,
        "schemas": dict(sorted(schemas.items())),
    }


def text_of(fixture: dict[str, Any]) -> str:
    """The fixture as JSON with a line for each operation and each schema, so that a change shows where it is."""
    sections = []
    for name, section in fixture.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value, sort_keys=True)}" for key, value in section.items()]
        sections.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def main(arguments: list[str] | None = None) -> int:
    """Write or check the fixture; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write the facts of GitHub's OpenAPI that the tests check against.")
    parser.add_argument("generated", type=Path, help="the folder `generated` of the npm package @octokit/openapi")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the fixture is not current")
    chosen = parser.parse_args(arguments)
    document = json.loads((chosen.generated / SOURCE).read_text(encoding="utf-8"))
    wanted = text_of(collect(document))
    if not chosen.check:
        FIXTURE.parent.mkdir(exist_ok=True)
        FIXTURE.write_text(wanted, encoding="utf-8")
        return 0
    if FIXTURE.exists() and FIXTURE.read_text(encoding="utf-8") == wanted:
        return 0
    sys.stderr.write(f"{FIXTURE.name} differs from @octokit/openapi {document['info']['version']}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
