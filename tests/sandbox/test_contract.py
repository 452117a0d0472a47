"""Checks the checker: that the fixture holds what GitHub says, and that the transport notices what does not fit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts import write_openapi_fixture
from server.sandbox.app import Sandbox
from server.sandbox.options import SANDBOX_TOKEN
from tests.sandbox.connections import campaign_body
from tests.sandbox.contract import ContractTransport, fixture, operation_of, problems

LIST = "/orgs/octo-org/campaigns"
CREATE = "POST /orgs/{org}/campaigns"
SECRETS = "/orgs/octo-org/secret-scanning/alerts"


def _create_schema() -> Any:
    return fixture()["operations"][CREATE]["requestBody"]


def test_the_fixture_names_its_source() -> None:
    source = fixture()["source"]
    assert source["package"] == "@octokit/openapi"
    assert source["version"][0].isdigit()


def test_the_fixture_holds_no_prose() -> None:
    def keys(schema: Any, *, names: bool = False) -> set[str]:
        if isinstance(schema, list):
            return set().union(*(keys(item) for item in schema))
        if not isinstance(schema, dict):
            return set()
        inner = [keys(value, names=key == "properties" and not names) for key, value in schema.items()]
        return (set() if names else set(schema)).union(*inner)

    assert keys(list(fixture()["schemas"].values())) <= write_openapi_fixture.FACTS


def test_the_limits_of_a_campaign_are_those_the_sandbox_holds() -> None:
    fields = _create_schema()["properties"]
    assert (fields["name"]["maxLength"], fields["description"]["maxLength"]) == (50, 255)
    assert (fields["managers"]["maxItems"], fields["team_managers"]["maxItems"]) == (10, 10)
    assert _create_schema()["required"] == ["name", "description", "ends_at"]
    assert "200" in fixture()["operations"][CREATE]["responses"]


def test_githubs_schema_asks_for_secret_scanning_alerts_and_forbids_them(sandbox: Sandbox) -> None:
    body = campaign_body(sandbox)
    alerts = body.pop("code_scanning_alerts")
    assert _create_schema()["oneOf"][1] == {"required": ["secret_scanning_alerts"]}
    assert list(problems({**body, "secret_scanning_alerts": alerts}, _create_schema()))
    assert list(problems(body, _create_schema()))
    assert not list(problems({**body, "code_scanning_alerts": alerts}, _create_schema()))
    assert not list(problems({**body, "code_scanning_alerts": None}, _create_schema()))


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", LIST, "GET /orgs/{org}/campaigns"),
        ("GET", "/organizations/9919001/campaigns", "GET /orgs/{org}/campaigns"),
        ("PATCH", f"{LIST}/3", "PATCH /orgs/{org}/campaigns/{campaign_number}"),
        ("GET", "/organizations/9919001/secret-scanning/alerts", "GET /orgs/{org}/secret-scanning/alerts"),
        ("PUT", f"{LIST}/3", None),
        ("GET", f"{LIST}/3/alerts", None),
    ],
)
def test_requests_are_known_by_their_path(method: str, path: str, operation: str | None) -> None:
    assert operation_of(method, path) == operation


def _answering(status: int, body: Any, **headers: str) -> httpx.MockTransport:
    if isinstance(body, bytes):
        return httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=headers))
    return httpx.MockTransport(lambda _: httpx.Response(status, json=body))


async def _exchange(inner: httpx.AsyncBaseTransport, method: str, path: str, **parts: Any) -> ContractTransport:
    transport = ContractTransport(inner)
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.github.com", headers=headers) as client:
        await client.request(method, path, **parts)
    return transport


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "parts", "complaint"),
    [
        ("GET", f"{LIST}?manager=octo-bot", {}, "no query parameter manager"),
        ("GET", f"{LIST}?state=draft", {}, "query parameter state"),
        ("GET", f"{LIST}?page=two", {}, "query parameter page"),
        ("GET", f"{SECRETS}?hide_secret=yes", {}, "query parameter hide_secret"),
        ("GET", f"{SECRETS}?page=two&hide_secret=true", {}, "query parameter page"),
        ("GET", LIST, {"json": {}}, "a body where none belongs"),
        ("PATCH", f"{LIST}/5", {"json": {"title": "XSS"}}, "title"),
        ("PATCH", f"{LIST}/5", {"json": {"name": "x" * 51}}, r"\$\.name"),
        ("PATCH", f"{LIST}/5", {"json": {"ends_at": "2026-09-01"}}, "date-time"),
        ("PATCH", f"{LIST}/5", {"json": {"ends_at": "soon"}}, "date-time"),
        ("PATCH", f"{LIST}/5", {"json": {"contact_link": "nowhere"}}, "uri"),
        ("PATCH", f"{LIST}/5", {"content": b'{"name": "XSS"}'}, "not declared"),
    ],
)
async def test_a_request_that_does_not_fit_is_noticed(
    sandbox: Sandbox, method: str, path: str, parts: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        await _exchange(httpx.ASGITransport(sandbox), method, path, **parts)


def _change(name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda body: {**body, name: value}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_change("number", "three"), r"\$\.number"),
        (_change("state", "done"), r"\$\.state"),
        (_change("ends_at", "yesterday"), r"\$\.ends_at"),
        (_change("managers", [{"login": "octo-bot"}]), "avatar_url"),
        (lambda body: [body], "not of type 'object'"),
        (lambda body: {name: value for name, value in body.items() if name != "contact_link"}, "contact_link"),
    ],
)
async def test_an_answer_that_does_not_fit_is_noticed(
    sandbox: Sandbox, change: Callable[[dict[str, Any]], Any], complaint: str
) -> None:
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    real = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="https://api.github.com", headers=headers)
    async with real:
        body = (await real.get(f"{LIST}/3")).json()
    with pytest.raises(AssertionError, match=complaint):
        await _exchange(_answering(200, change(body)), "GET", f"{LIST}/3")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (_answering(201, {}), "status is not documented"),
        (_answering(404, {"message": 5}), r"\$\.message"),
        (_answering(200, b"<html></html>", **{"Content-Type": "text/html"}), "not declared"),
        (_answering(304, b"something"), "a body where none belongs"),
    ],
)
async def test_an_answer_of_the_wrong_kind_is_noticed(answer: httpx.MockTransport, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        await _exchange(answer, "GET", f"{LIST}/3")


@pytest.mark.anyio
async def test_what_was_checked_is_counted_and_the_rest_passes_unseen(sandbox: Sandbox) -> None:
    asgi = httpx.ASGITransport(sandbox)
    transport = await _exchange(asgi, "GET", "/repos/octo-org/payments-web/code-scanning/alerts?severity=high&page=1")
    assert transport.exchanges == [("GET /repos/{owner}/{repo}/code-scanning/alerts", 200)]
    assert (await _exchange(asgi, "GET", "/nowhere?x=1")).exchanges == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("allowed", "change", "complaint"),
    [
        (False, {}, "secret_scanning_alerts"),
        (True, {"secret_scanning_alerts": [{"repository_id": 41001, "alert_numbers": ["2"]}]}, "alert_numbers"),
        (True, {"code_scanning_alerts": None}, "secret_scanning_alerts"),
        (True, {"secret": True}, "secret"),
    ],
)
async def test_secret_campaigns_have_to_look_like_the_others_where_they_are_allowed(
    sandbox: Sandbox, allowed: bool, change: dict[str, Any], complaint: str
) -> None:
    alerts = {"secret_scanning_alerts": [{"repository_id": 41001, "alert_numbers": [2]}], "code_scanning_alerts": None}
    body = campaign_body(sandbox, **alerts)
    answering = _answering(404, {"message": "Not Found"})
    transport = ContractTransport(answering, secret_campaigns=allowed)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.github.com") as client:
        if allowed:
            assert (await client.post(LIST, json=body)).status_code == 404
        with pytest.raises(AssertionError, match=complaint):
            await client.post(LIST, json={**body, **change})


def _small_openapi(folder: Path) -> dict[str, Any]:
    """An OpenAPI document with every path the script wants, as small as can be."""
    answer = {"description": "prose", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/a"}}}}
    operation = {
        "summary": "prose",
        "parameters": [{"$ref": "#/components/parameters/page"}],
        "responses": {"200": {"$ref": "#/components/responses/fine"}, "204": {"description": "prose"}},
        "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}},
    }
    schemas = {
        "a": {"type": "object", "title": "prose", "properties": {"description": {"$ref": "#/components/schemas/b"}}},
        "b": {"type": "array", "items": {"$ref": "#/components/schemas/a"}},
        "basic-error": {"type": "object"},
        "validation-error": {"type": "object"},
    }
    page = {"name": "page", "in": "query", "description": "prose", "schema": {"type": "integer"}}
    document: dict[str, Any] = {
        "info": {"version": "1.2.3"},
        "paths": {path: {"get": operation, "patch": operation} for path in write_openapi_fixture.PATHS},
        "components": {"schemas": schemas, "parameters": {"page": page}, "responses": {"fine": answer}},
    }
    (folder / write_openapi_fixture.SOURCE).write_text(json.dumps(document))
    return document


def test_the_script_writes_a_fixture_and_notices_when_it_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "fixtures" / "github_openapi.json"
    monkeypatch.setattr(write_openapi_fixture, "FIXTURE", target)
    document = _small_openapi(tmp_path)
    assert write_openapi_fixture.main([str(tmp_path), "--check"]) == 1
    assert "1.2.3" in capsys.readouterr().err
    assert write_openapi_fixture.main([str(tmp_path)]) == 0
    assert write_openapi_fixture.main([str(tmp_path), "--check"]) == 0
    written = json.loads(target.read_text())
    assert "prose" not in target.read_text()
    assert sorted(written["schemas"]) == ["a", "b", "basic-error", "validation-error"]
    assert "PATCH /user" not in written["operations"]
    assert written["operations"]["GET /user"] == {
        "parameters": {"page": {"in": "query", "schema": {"type": "integer"}}},
        "requestBody": None,
        "responses": {"200": {"$ref": "#/components/schemas/a"}, "204": None},
    }
    document["components"]["schemas"]["a"]["maxProperties"] = 1
    document["components"]["schemas"]["a"]["type"] = "array"
    (tmp_path / write_openapi_fixture.SOURCE).write_text(json.dumps(document))
    assert write_openapi_fixture.main([str(tmp_path), "--check"]) == 1
