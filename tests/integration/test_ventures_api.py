"""Needs, market sizes and backtests over HTTP and on the command line, and reports that carry sizes."""

import copy
import json

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from aia.app import App
from aia.core.principal import Principal
from aia.corpora.sample import write_sample
from aia.reports import dumps, parse_report
from aia.ventures.market_size import BadAssumptions, parse_assumptions
from aia.ventures.service import ReportDoesNotHold
from tests.e2e.test_cli import aia
from tests.integration.test_api import PROBLEM, body, client, client_of, finished, keys_of, locked
from tests.integration.test_discovery import discover, sample

__all__ = ["client", "client_of", "locked"]

FACTORS = {
    "people": {"value": 1000, "unit": "people", "url": "https://example.org/count"},
    "price": {"low": 5, "mid": 10, "high": 20, "unit": "EUR/person/month", "assumption": "two rivals"},
    "hit": {"count": "voices", "of": "corpusVoices"},
}
SIZES = {"size": [{"tam": "people * hit * price", "factor": FACTORS}]}


def test_needs_sizes_and_a_backtest_over_http(client: TestClient):
    mission = finished(client, client.post("/v1/discoveries", json=body(500, assumptions=SIZES)).json())["id"]
    report = parse_report(client.get(f"/v1/reports/{mission}").content)
    assert all(o["sizes"][0]["figures"][0]["unit"] == "EUR/year" for o in report["opportunities"])
    needs = client.get(f"/v1/discoveries/{mission}/needs").json()["data"]
    assert len(needs) == len(report["grouped"])
    placed = {need["position"]: need for need in needs if need["position"]}
    for o in report["opportunities"]:
        assert (placed[o["position"]]["need"], placed[o["position"]]["documents"]) == (
            o["need"],
            o["table"]["documents"],
        )
    held = {need: theme["theme"] for theme in report["themes"] for need in theme["holds"]}
    assert {f"urn:aia:need:{need['need']}": need["theme"] for need in needs} == held
    assert all(need["theme_words"] for need in needs)
    first = report["opportunities"][0]["need"]
    sized = client.post(f"/v1/reports/{mission}/sizes", json=SIZES | {"need": first}).json()["data"]
    assert [row["need"] for row in sized] == [first]
    (figure,) = sized[0]["sizes"][0]["figures"]
    assert float(figure["interval"][0]) < float(figure["median"]) < float(figure["interval"][1])
    assert figure["driver"] == "price"
    tested = client.post(
        "/v1/backtests", json={"corpus": "sample", "cutoffs": ["2024-09-01"], "window_months": 8, "horizon_months": 3}
    )
    assert tested.status_code == 200, tested.text
    assert set(tested.json()["mean"]["spearman"]) == {"aia", "momentum", "inverse_popularity", "popularity", "random"}


def test_what_cannot_be_sized_or_tested_is_a_problem(client: TestClient):
    mission = finished(client, client.post("/v1/discoveries", json=body()).json())["id"]
    bad = copy.deepcopy(SIZES)
    del bad["size"][0]["factor"]["price"]["assumption"]
    about = copy.deepcopy(SIZES) | {"need": "need_of_nobody"}
    asked = [
        (f"/v1/reports/{mission}/sizes", bad, 422, "bad-assumptions"),
        (f"/v1/reports/{mission}/sizes", about, 404, "need-not-sized"),
        ("/v1/reports/msn_none/sizes", SIZES, 404, "report-not-found"),
        ("/v1/backtests", {"corpus": "nobody"}, 404, "corpus-not-found"),
        ("/v1/backtests", {"corpus": "sample", "window_months": 1}, 422, "invalid"),
        ("/v1/backtests", {"corpus": "sample", "cutoffs": ["1999-01-01"]}, 422, "history-too-thin"),
        ("/v1/discoveries", body(assumptions=bad), 422, "bad-assumptions"),
    ]
    for path, sent, status, code in asked:
        answer = client.post(path, json=sent)
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
        assert answer.json()["code"] == code
    assert client.get("/v1/discoveries/msn_none/needs").status_code == 404


def test_needs_and_sizes_of_one_organisation_are_not_anothers(locked: TestClient):
    one, two = keys_of(locked, "one", "two")
    app = locked.app_state["aia"]
    started = locked.post("/v1/discoveries", json=body(), headers=one)
    assert started.status_code == 202, started.text
    mission = started.json()["id"]
    locked.portal.call(app.engine.wait, mission)
    assert locked.get(f"/v1/discoveries/{mission}/needs", headers=one).status_code == 200
    assert locked.get(f"/v1/discoveries/{mission}/needs", headers=two).status_code == 404
    assert locked.post(f"/v1/reports/{mission}/sizes", json=SIZES, headers=two).status_code == 404
    assert locked.post("/v1/backtests", json={"corpus": "sample"}, headers=two).status_code == 404
    assert locked.post("/v1/backtests", json={"corpus": "sample"}).status_code == 401


@pytest.mark.anyio
async def test_sizes_of_a_report_are_drawn_again_and_any_change_is_found(app: App, principal: Principal):
    document = await discover(app, principal, assumptions=parse_assumptions(SIZES))
    assert document["opportunities"][0]["sizes"]
    async with app.database.read(principal) as read:
        assert (await app.ventures.verify_report(read, document)).findings == ()
        for change in (
            lambda size: size["figures"][0].update(median="1"),
            lambda size: size["figures"][0].update(driver="people"),
            lambda size: size["factors"][0].update(median="2000"),
            lambda size: size["factors"][0].update(counted=size["factors"][0]["counted"] + 1),
            lambda size: size["factors"][1].update(median="2000"),
            lambda size: size["factors"][0].update(median="2000"),
            lambda size: size["factors"][2].update(unit="EUR/person"),
            lambda size: size["factors"].pop(),
        ):
            other = copy.deepcopy(document)
            change(other["opportunities"][0]["sizes"][0])
            findings = (await app.ventures.verify_report(read, other)).findings
            assert any("sizes" in f.what or "worked out again" in f.what for f in findings)


@pytest.mark.anyio
async def test_a_quote_of_the_corpus_is_cited_and_one_that_does_not_stand_is_refused(app: App, principal: Principal):
    documents = list(sample().documents)
    said = next(d for d in documents if any(c.isdigit() for c in d.text))
    digits = "".join(c if c.isdigit() else " " for c in said.text).split()[0]
    factor = {"value": digits, "unit": "people", "document": said.id, "quote": said.text}
    given = {"size": [{"tam": "n * price", "factor": {"n": factor, "price": FACTORS["price"]}}]}
    document = await discover(app, principal, assumptions=parse_assumptions(given))
    cited = document["opportunities"][0]["sizes"][0]["factors"][0]["evidence"]
    assert cited[0] in {q["id"] for q in document["quotations"]}
    async with app.database.read(principal) as read:
        assert (await app.ventures.verify_report(read, document)).findings == ()
    factor["quote"] = f"we are {digits} people"
    with pytest.raises(BadAssumptions, match="does not stand in the document"):
        await discover(app, principal, assumptions=parse_assumptions(given))


@pytest.mark.anyio
async def test_a_report_that_was_changed_is_not_signed_again(app: App, principal: Principal):
    document = await discover(app, principal)
    assumptions = parse_assumptions(SIZES)
    async with app.database.read(principal) as read:
        sized, found = await app.ventures.size_report(read, document, assumptions)
        assert len(found) == len(document["opportunities"])
        assert (await app.ventures.verify_report(read, parse_report(dumps(sized)))).findings == ()
        document["opportunities"][0]["name"] = "anything"
        with pytest.raises(ReportDoesNotHold):
            await app.ventures.size_report(read, document, assumptions)


@pytest.mark.anyio
async def test_a_changed_author_or_day_of_any_document_is_found(app: App, principal: Principal):
    document = await discover(app, principal)
    for change in ("author = 'somebody else'", "date = '2024-02-03'", "source = 'elsewhere'"):
        async with app.database.begin(principal) as tx:
            before = (await tx.conn.execute(text("select id, author, date, source from document limit 1"))).one()
            await tx.conn.execute(text(f"update document set {change} where id = :id"), {"id": before.id})
        async with app.database.read(principal) as read:
            findings = (await app.ventures.verify_report(read, document)).findings
        assert any("date, author, source" in finding.what for finding in findings), change
        async with app.database.begin(principal) as tx:
            await tx.conn.execute(
                text("update document set author = :author, date = :date, source = :source where id = :id"),
                dict(before._mapping),
            )


def test_sizes_on_the_command_line_from_discovery_to_a_report_signed_anew(tmp_path):
    home, corpus = tmp_path / "home", write_sample(tmp_path, documents=300)
    assumptions = tmp_path / "a.json"
    assumptions.write_text(json.dumps(SIZES))
    told = aia(home, "discover", str(corpus), "--top", "3", "--json", "--assumptions", str(assumptions))
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["opportunities"][0]["sizes"][0][0]["figure"] == "tam"
    report, out = answer["report"]["jsonld"], tmp_path / "sized.jsonld"
    made = aia(home, "ventures", "size", report, "--assumptions", str(assumptions), "--out", str(out), "--json")
    assert made.returncode == 0, made.stderr
    assert aia(home, "report", "verify", str(out), "--input", str(corpus)).returncode == 0
    missing = aia(home, "ventures", "size", "none.jsonld", "--assumptions", str(assumptions))
    assert (missing.returncode, "there is no such report" in missing.stderr) == (2, True)
