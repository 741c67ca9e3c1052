"""The HTTP face, in process: what it answers, to whom, and how it refuses."""

import json
import re
from collections.abc import Iterator
from functools import partial

import pytest
from starlette.testclient import TestClient

from aia.api.server import create_api
from aia.app import open_app
from aia.config import Settings
from aia.core.principal import Principal
from aia.corpora.sample import generate
from aia.reports import parse_report

PROBLEM = "application/problem+json"


def client_of(settings: Settings) -> TestClient:
    return TestClient(create_api(settings, partial(open_app, settings, durable=False)), raise_server_exceptions=False)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with client_of(settings) as opened:
        yield opened


@pytest.fixture
def locked(settings: Settings) -> Iterator[TestClient]:
    """An API that asks for a key, as in staging."""
    with client_of(settings.model_copy(update={"environment": "staging"})) as opened:
        yield opened


def body(documents: int = 300, **more) -> dict:
    rows = [{k: row[k] for k in ("id", "text", "date", "author")} for row in generate(0, documents)[0]]
    return {"documents": rows, "name": "sample"} | more


def finished(client: TestClient, started: dict) -> dict:
    app = client.app_state["aia"]
    client.portal.call(app.engine.wait, started["id"])
    return client.get(f"/v1/discoveries/{started['id']}").json()


def keys_of(client: TestClient, *organisations: str) -> list[dict]:
    app = client.app_state["aia"]

    async def make(organisation: str) -> dict:
        await app.create_organisation(organisation, organisation)
        async with app.database.begin(Principal(organisation, "t")) as tx:
            _, key = await app.identity.create_key(tx, "t")
        return {"Authorization": f"Bearer {key}"}

    return [client.portal.call(make, organisation) for organisation in organisations]


def test_a_discovery_over_http_from_documents_to_its_page(client: TestClient):
    answer = client.post("/v1/discoveries", json=body(budget="50", top=10))
    assert answer.status_code == 202
    started = answer.json()
    assert answer.headers["location"] == f"/v1/discoveries/{started['id']}"
    mission = finished(client, started)
    assert mission["state"] == "completed"
    assert float(mission["spent"]) < 50 == float(mission["budget"])
    report = parse_report(client.get(mission["report"]).content)
    ventures = client.get("/v1/ventures").json()["data"]
    assert [v["title"] for v in ventures] == [o["name"] for o in report["opportunities"]]
    assert 1 <= len(ventures) <= 10
    page = client.get(mission["report"], headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    tree = client.get(f"/v1/missions/{mission['id']}/tree").json()["data"]
    assert {task["state"] for task in tree} == {"done"}
    assert client.get("/v1/facts").json()["data"]
    entries = client.get("/v1/accounts/agent:default:scout-1/entries").json()["data"]
    assert entries[0]["balance_after"] == client.get("/v1/accounts/agent:default:scout-1").json()["balance"]


def test_agents_accounts_and_missions_are_listed_by_pages(client: TestClient):
    agents = client.get("/v1/agents").json()["data"]
    assert {agent["level"] for agent in agents} == {1, 2, 3}
    assert client.get("/v1/agents/scout-1").json()["manager"] == "scouting-lead"
    seen, cursor = [], None
    while True:
        page = client.get("/v1/accounts", params={"limit": 5} | ({"cursor": cursor} if cursor else {})).json()
        seen += [account["id"] for account in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == len(agents) + 2  # and the organisation's wallets of both tokens
    assert client.get("/v1/missions").json() == {"data": [], "next_cursor": None}
    assert client.get("/v1/rankings").json()["data"] == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/missions/msn_none", 404, "mission-not-found"),
        ("GET", "/v1/agents/nobody", 404, "agent-not-found"),
        ("GET", "/v1/accounts/none", 404, "account-not-found"),
        ("GET", "/v1/reports/none", 404, "report-not-found"),
        ("GET", "/v1/nowhere", 404, "not-found"),
        ("DELETE", "/v1/missions", 405, "method-not-allowed"),
        ("GET", "/v1/missions?limit=999", 422, "invalid"),
        ("GET", "/v1/missions?cursor=zzz", 422, "invalid"),
        ("POST", "/v1/missions/msn_none/cancel", 404, "mission-not-found"),
    ],
)
def test_every_refusal_is_a_problem_with_its_code_and_request_id(client, method, path, status, code):
    answer = client.request(method, path, headers={"X-Request-Id": "my-id.1"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "my-id.1"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"documents": []}, "documents"),
        ({"documents": [{"text": 5}]}, "text"),
        ({"documents": [{"text": "One row only is broken."}]}, "at least 10"),
        ({"budget": "-3"}, "budget"),
        ({"budget": "0.5"}, "needs|may cost"),
        ({"seed": -1}, "seed"),
        ({"top": 99}, "top"),
        ({"colour": "red"}, "colour"),
        ({"title": "a\u0000b"}, "title"),
    ],
)
def test_a_request_that_cannot_be_used_names_the_field_and_starts_nothing(client, change, says):
    answer = client.post("/v1/discoveries", json=body(60) | change)
    assert answer.status_code == 422
    assert any(word in answer.json()["detail"] for word in says.split("|"))
    assert client.get("/v1/missions").json()["data"] == []


def test_a_body_above_its_bound_is_refused_whether_it_says_its_length_or_not(settings: Settings):
    small = settings.model_copy(update={"aia_body_bytes_max": 2_000})
    with client_of(small) as client:
        for content in (b"x" * 3_000, iter([b"x" * 1_500, b"x" * 1_500])):
            answer = client.post("/v1/discoveries", content=content, headers={"content-type": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_health_and_metrics_are_open_and_count_by_route(locked: TestClient):
    assert locked.get("/livez").json()["status"] == "ok"
    assert locked.get("/readyz").json()["checks"]["database"] in {"sqlite", "postgresql"}
    assert locked.get("/health").status_code == 200
    text = locked.get("/metrics").text
    assert 'aia_http_requests_total{method="GET",route="/livez",status="200"} 1.0' in text


def test_without_a_key_nothing_is_answered_outside_development(locked: TestClient):
    for path in ("/v1/missions", "/v1/accounts", "/v1/agents", "/v1/reports", "/v1/facts", "/v1/ventures"):
        answer = locked.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = locked.get("/v1/missions", headers={"Authorization": "Bearer aia_guess"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown-key")


def test_a_key_opens_its_own_organisation_and_no_other(locked: TestClient):
    north, south = keys_of(locked, "north", "south")
    started = locked.post("/v1/discoveries", json=body(60), headers=north).json()
    app = locked.app_state["aia"]
    locked.portal.call(app.engine.wait, started["id"])
    mission = started["id"]
    assert locked.get(f"/v1/missions/{mission}", headers=north).json()["state"] == "completed"
    for path in (
        f"/v1/missions/{mission}",
        f"/v1/discoveries/{mission}",
        f"/v1/missions/{mission}/tree",
        f"/v1/reports/{mission}",
        f"/v1/ventures?mission={mission}",
        "/v1/accounts/organisation:north",
        "/v1/accounts/organisation:north/entries",
        f"/v1/accounts/mission:{mission}",
    ):
        assert locked.get(path, headers=north).status_code == 200, path
        assert locked.get(path, headers=south).status_code == 404, path
    assert locked.post(f"/v1/missions/{mission}/cancel", headers=south).status_code == 404
    for path in ("/v1/missions", "/v1/reports", "/v1/facts", "/v1/rankings", "/v1/ventures"):
        assert locked.get(path, headers=south).json()["data"] == [], path
    wallets = [a["id"] for a in locked.get("/v1/accounts", headers=south).json()["data"]]
    assert all(":south" in wallet for wallet in wallets)


def test_a_finished_mission_cannot_be_cancelled(client: TestClient):
    mission = finished(client, client.post("/v1/discoveries", json=body(60)).json())
    answer = client.post(f"/v1/missions/{mission['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "mission-ended")


def test_the_api_description_names_every_route_and_the_root_leads_to_it(client: TestClient):
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/discoveries", "/v1/missions", "/v1/agents", "/v1/accounts", "/v1/reports", "/readyz"} <= set(paths)
    assert client.get("/", follow_redirects=False).headers["location"] == "/docs"


def test_the_page_of_the_description_loads_nothing_from_elsewhere(client: TestClient):
    page = client.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 3
    for url in loaded:
        assert "://" not in url
        assert client.get(f"/{url}").status_code == 200


def test_the_api_description_tells_of_problems_and_of_nothing_else_that_is_refused(client: TestClient):
    description = client.get("/openapi.json").json()
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 60
    assert {"start_discovery", "put_corpus", "make_transfer"} <= set(names)
    for operation in operations:
        assert set(operation["responses"]["default"]["content"]) == {PROBLEM}
        assert not [status for status in operation["responses"] if status.startswith(("4", "5"))]
    told = description["components"]["schemas"]["Problem"]
    refused = client.get("/v1/missions/msn_none").json()
    assert set(told["required"]) <= set(refused) <= set(told["properties"])
    assert "HTTPValidationError" not in json.dumps(description)


def test_a_fault_of_ours_is_a_problem_without_details(client: TestClient, monkeypatch):
    async def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("aia.agents.service.Agents.roster", broken)
    answer = client.get("/v1/agents")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in answer.text
