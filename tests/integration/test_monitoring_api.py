"""Follow-up over HTTP and on the command line."""

import json

from starlette.testclient import TestClient

from aia.corpora.sample import write_sample
from aia.ventures.monitoring import Proposal
from tests.e2e.test_cli import aia
from tests.integration.test_api import PROBLEM, body, client, client_of, finished, keys_of, locked

__all__ = ["client", "client_of", "locked"]


def test_a_watch_a_verdict_and_a_proposal_over_http(client: TestClient):
    mission = finished(client, client.post("/v1/discoveries", json=body()).json())["id"]
    made = client.post("/v1/watches", json={"name": "w", "corpus": "sample", "every": "12h"})
    assert made.status_code == 201
    assert client.post("/v1/watches", json={"name": "w", "corpus": "sample"}).status_code == 409
    bad = client.post("/v1/watches", json={"name": "v", "corpus": "sample", "every": "soon"})
    assert (bad.status_code, bad.headers["content-type"]) == (422, PROBLEM)
    app = client.app_state["aia"]
    client.portal.call(app.follow)
    (watch,) = client.get("/v1/watches").json()["data"]
    assert f"nothing new since mission {mission}" in [run["reason"] for run in watch["runs"]]
    client.portal.call(app.drain_outbox)
    client.portal.call(app.follow)
    changes = client.get("/v1/changes", params={"mission": mission}).json()
    assert {change["kind"] for change in changes["changes"]} == {"new"}
    assert client.get("/v1/alerts").status_code == 200
    need = client.get("/v1/ventures").json()["data"][0]["need"]
    address = f"/v1/reports/{mission}/needs/{need}"
    refused = client.get(f"{address}/proposal")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "not-pursued")
    assert client.post(f"{address}/verdicts", json={"decision": "pursue", "reason": ""}).status_code == 422
    assert client.post(f"{address}/verdicts", json={"decision": "pursue", "reason": "asked for"}).status_code == 201
    assert [v["decision"] for v in client.get(f"/v1/reports/{mission}/verdicts").json()["data"]] == ["pursue"]
    proposal = Proposal.model_validate(client.get(f"{address}/proposal", params={"ask": "250"}).json())
    assert proposal.asked.amount == "250"
    assert client.post(f"/v1/watches/{watch['id']}/pause").status_code == 204
    assert client.delete(f"/v1/watches/{watch['id']}").status_code == 204
    assert client.delete(f"/v1/watches/{watch['id']}").status_code == 404


def test_follow_up_of_one_organisation_is_not_anothers(locked: TestClient):
    one, two = keys_of(locked, "one", "two")
    made = locked.post("/v1/watches", json={"name": "w", "corpus": "c"}, headers=one).json()
    assert locked.get("/v1/watches", headers=two).json()["data"] == []
    assert locked.delete(f"/v1/watches/{made['id']}", headers=two).status_code == 404
    assert locked.get("/v1/changes", headers=two).status_code == 404
    assert locked.get("/v1/alerts").status_code == 401


def test_a_watch_on_the_command_line_from_first_run_to_proposal(tmp_path):
    home, sample = tmp_path / "home", write_sample(tmp_path, documents=250)
    added = aia(home, "ventures", "watch", "add", str(sample), "--every", "7d", "--json")
    assert added.returncode == 0, added.stderr
    (mission,) = json.loads(aia(home, "ventures", "watch", "run", "--json").stdout)["missions"]
    (listed,) = [json.loads(line) for line in aia(home, "ventures", "watch", "list", "--json").stdout.splitlines()]
    assert [run["mission"] for run in listed["runs"]] == [mission]
    changes = json.loads(aia(home, "ventures", "changes", "--json").stdout)
    assert (changes["mission"], changes["previous"]) == (mission, None)
    need = next(change["need"] for change in changes["changes"] if change["rank"] == 1)
    decided = aia(home, "ventures", "verdict", mission, need, "pursue", "--reason", "asked for", "--json")
    assert json.loads(decided.stdout)["decision"] == "pursue"
    out = tmp_path / "draft.json"
    assert aia(home, "ventures", "proposal", mission, need, "--out", str(out)).returncode == 0
    assert Proposal.model_validate(json.loads(out.read_text())).need.id == need
    refused = aia(home, "ventures", "proposal", mission, "need_none")
    assert refused.returncode == 2
    assert "no opportunity with the need 'need_none'" in refused.stderr
