"""Holds every exchange that goes through a transport against GitHub's OpenAPI."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import httpx
from jsonschema import Draft202012Validator, FormatChecker

FIXTURE = Path(__file__).parent.parent / "fixtures" / "github_openapi.json"
_REF = "#/components/schemas/"
# GitHub documents few errors; these have the form of basic-error wherever they turn up.
_ERRORS_ANYWHERE = frozenset({400, 401, 403, 404, 422, 429})
# The Link header of an organization's list names it by number; the path is the same otherwise.
_BY_NUMBER = re.compile(r"^/organizations/\d+(?=/(campaigns|repos|(code|secret)-scanning/alerts)$)")
# What the repository's alert list takes although this edition of the OpenAPI leaves it out; githubkit's has them all.
_ALSO_TAKEN = {
    "GET /repos/{owner}/{repo}/code-scanning/alerts": frozenset({"before", "after", "severity", "assignees", "pr"})
}
_CREATE = "POST /orgs/{org}/campaigns"
# API version 2026-03-10 removed these, and the OpenAPI used here describes 2022-11-28.
_REMOVED = {"2026-03-10": {"rate-limit-overview": frozenset({"rate"})}}

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value)
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value) is not None


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def json_schema(openapi: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` becomes one more type, references point into `$defs`."""
    if isinstance(openapi, list):
        return [json_schema(item) for item in openapi]
    if not isinstance(openapi, dict):
        return openapi
    schema = {name: json_schema(value) for name, value in openapi.items() if name not in {"nullable", "properties"}}
    if "properties" in openapi:
        schema["properties"] = {name: json_schema(value) for name, value in openapi["properties"].items()}
    if isinstance(schema.get("$ref"), str):
        schema["$ref"] = schema["$ref"].replace(_REF, "#/$defs/")
    if openapi.get("nullable") is not True:
        return schema
    if not isinstance(schema.get("type"), str):
        return {"anyOf": [schema, {"type": "null"}]}
    choices = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **choices}


@cache
def fixture() -> dict[str, Any]:
    """The fixture as it is on disk."""
    loaded: dict[str, Any] = json.loads(FIXTURE.read_text(encoding="utf-8"))
    return loaded


@cache
def _definitions(shape: str, version: str) -> dict[str, Any]:
    schemas = {name: json_schema(schema) for name, schema in fixture()["schemas"].items()}
    dropped = dict(_REMOVED.get(version, {}))
    if shape == "examples":
        dropped["campaign-summary"] = frozenset({"contact_link"})
    for name, fields in dropped.items():
        required = [field for field in schemas[name]["required"] if field not in fields]
        schemas[name] = {**schemas[name], "required": required}
    return schemas


@cache
def _templates() -> list[tuple[str, re.Pattern[str], str]]:
    found = []
    for operation in fixture()["operations"]:
        method, _, path = operation.partition(" ")
        found.append((method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation))
    return found


def operation_of(method: str, path: str) -> str | None:
    """The operation, as "GET /orgs/{org}/campaigns", that a request is for; None when it is none of the fixture's."""
    path = _BY_NUMBER.sub("/orgs/-", path)
    for known_method, pattern, operation in _templates():
        if known_method == method and pattern.fullmatch(path):
            return operation
    return None


def problems(value: Any, openapi: Any, *, shape: str = "schema", version: str = "2022-11-28") -> Iterator[str]:
    """What is wrong with a JSON value, each with its place; nothing when it fits the OpenAPI schema."""
    schema = {**json_schema(openapi), "$defs": _definitions(shape, version)}
    validator = Draft202012Validator(schema, format_checker=_FORMATS)
    for error in validator.iter_errors(value):
        message = error.message if len(error.message) < 300 else f"{error.message[:140]} ... {error.message[-140:]}"
        yield f"at {error.json_path}: {message}"


class ContractTransport(httpx.AsyncBaseTransport):
    """Passes requests on to another transport, and raises AssertionError when an exchange does not fit the OpenAPI.

    Paths that are not in the fixture pass unseen. Answers always have to fit; in the shape "examples" without a
    contact_link. A request has to fit too, or with `hold_requests=False` only when it was accepted (2xx), for tests
    that send wrong ones on purpose. GitHub's schema names `secret_scanning_alerts` and forbids them; with
    `secret_campaigns` they are held against what it says of `code_scanning_alerts`.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        shape: Literal["schema", "examples"] = "schema",
        hold_requests: bool = True,
        secret_campaigns: bool = False,
    ) -> None:
        self._inner = inner
        self._shape = shape
        self._hold_requests = hold_requests
        self._secret_campaigns = secret_campaigns
        self.exchanges: list[tuple[str, int]] = []
        """Every operation that was checked, with the status it was answered with."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        response = await self._inner.handle_async_request(request)
        await response.aread()
        operation = operation_of(request.method, request.url.path)
        if operation is not None:
            self._check(operation, request, response)
            self.exchanges.append((operation, response.status_code))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _check(self, operation: str, request: httpx.Request, response: httpx.Response) -> None:
        facts = fixture()["operations"][operation]
        found: list[str] = []
        if self._hold_requests or response.is_success:
            found += _query_problems(operation, facts, request)
            found += _body_problems(facts, request, secret_campaigns=self._secret_campaigns and operation == _CREATE)
        found += _response_problems(facts, request, response, self._shape)
        if found:
            where = f"{request.method} {request.url.path} -> {response.status_code}"
            raise AssertionError(f"{where}: " + "; ".join(found))


def _query_problems(operation: str, facts: Mapping[str, Any], request: httpx.Request) -> Iterator[str]:
    allowed = {name: one["schema"] for name, one in facts["parameters"].items() if one["in"] == "query"}
    for name, text in parse_qsl(request.url.query.decode(), keep_blank_values=True):
        if name in _ALSO_TAKEN.get(operation, frozenset()):
            continue
        if name not in allowed:
            yield f"request: no query parameter {name}"
        else:
            for problem in problems(_query_value(text, allowed[name].get("type")), allowed[name]):
                yield f"request: query parameter {name}: {problem}"


def _query_value(text: str, kind: str | None) -> str | int | bool:
    if kind == "integer" and text.isdigit():
        return int(text)
    return text == "true" if kind == "boolean" and text in {"true", "false"} else text


def _body_problems(facts: Mapping[str, Any], request: httpx.Request, *, secret_campaigns: bool) -> Iterator[str]:
    if request.content and facts.get("requestBody") is None:
        yield "request: a body where none belongs"
    elif request.content:
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            yield "request: the body is not declared as application/json"
        body = json.loads(request.content)
        if secret_campaigns and "secret_scanning_alerts" in body and "code_scanning_alerts" not in body:
            body["code_scanning_alerts"] = body.pop("secret_scanning_alerts")
        for problem in problems(body, facts["requestBody"]):
            yield f"request: {problem}"


def _response_problems(
    facts: Mapping[str, Any], request: httpx.Request, response: httpx.Response, shape: str
) -> Iterator[str]:
    if not request.headers.get("User-Agent"):
        return  # refused before the API sees it, in no documented form
    status = response.status_code
    schema = facts["responses"].get(str(status))
    if schema is None and status in _ERRORS_ANYWHERE:
        schema = {"$ref": f"{_REF}basic-error"}
    elif str(status) not in facts["responses"] and status != 304:
        yield "response: the status is not documented"
        return
    if schema is None:
        if response.content:
            yield "response: a body where none belongs"
        return
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        yield "response: the body is not declared as application/json"
        return
    version = request.headers.get("X-GitHub-Api-Version", "2022-11-28")
    for problem in problems(response.json(), schema, shape=shape, version=version):
        yield f"response: {problem}"
