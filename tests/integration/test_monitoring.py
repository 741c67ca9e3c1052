"""Recurring discoveries on real databases: fired once, compared once, alerts, verdicts, proposals."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from aia.app import App, open_app
from aia.config import Settings
from aia.core.errors import Invalid
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.corpora.resume import options_key
from aia.corpora.resume.store import newest as marks_of
from aia.corpora.sample import generate
from aia.reports import BadProof, parse_report, verify_proof
from aia.ventures.monitoring import Decision, NotCompared, NotPursued, Proposal, WatchState
from aia.ventures.monitoring.model import NeedNotFound, WatchExists, WatchNotFound
from tests.conftest import make_settings

pytestmark = pytest.mark.anyio
DAY = 86_400


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1_000)  # ids sort by milliseconds
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(settings: Settings, clock: Clock) -> AsyncGenerator[App]:
    async with open_app(settings, durable=False, background=False, clock=clock) as opened:
        yield opened


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "said.jsonl"
    write(path, until=months()[-4])
    return path


def write(path: Path, *, until: str, more: int = 0) -> None:
    """The sample up to a month; `more` documents state a need that was not there before."""
    rows = [row for row in generate(0, 700)[0] if row["date"][:7] <= until]
    for i in range(more):
        text = f"The drone battery swells after {i + 2} flights. I cannot buy a safe drone battery anywhere."
        rows.append({"id": f"new-{i}", "text": text, "date": f"{until}-{1 + i % 27:02d}", "author": f"pilot {i}"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def months() -> list[str]:
    return sorted({row["date"][:7] for row in generate(0, 700)[0]})


async def watch(app: App, principal: Principal, path: Path, every_s: int = DAY, **request) -> str:
    async with app.database.begin(principal) as tx:
        source = {"kind": "path", "path": str(path)}
        return (await app.monitoring.watch(tx, "said", source, request, every_s)).id


async def run_due(app: App) -> list[str]:
    started = await app.monitoring.start_due(app.engine.start)
    for mission in started:
        await app.engine.wait(mission)
    await app.drain_outbox()
    await app.monitoring.compare_pending()
    await app.drain_outbox()
    return started


async def runs(app: App, principal: Principal, watch_id: str) -> list:
    async with app.database.read(principal) as read:
        return await app.monitoring.runs(read, watch_id)


async def test_a_watch_fires_once_at_each_time_and_makes_up_missed_times_by_one_run(app, principal, clock, corpus):
    watch_id = await watch(app, principal, corpus)
    first = await asyncio.gather(*(app.monitoring.start_due(app.engine.start) for _ in range(4)))
    assert sum(len(started) for started in first) == 1
    assert await app.monitoring.start_due(app.engine.start) == []
    await app.engine.wait(next(m for started in first for m in started))
    clock.now += timedelta(days=5)
    assert await run_due(app) == [], "nothing is new: the same input is not paid for twice"
    clock.now += timedelta(hours=30)
    write(corpus, until=months()[-1])
    assert len(await run_due(app)) == 1
    found = await runs(app, principal, watch_id)
    assert [run.mission is not None for run in found] == [True, False, True]
    assert "nothing new since mission" in found[1].reason
    async with app.database.read(principal) as read:
        (kept,) = await app.monitoring.watches(read)
        assert kept.next_at > read.now


async def test_a_watch_reads_a_file_that_was_appended_to_where_it_grew(app, principal, clock, tmp_path):
    lines = [json.dumps(row) + "\n" for row in generate(0, 1_240)[0]]
    path = tmp_path / "said.jsonl"
    path.write_text("".join(lines[:1_200]))
    await watch(app, principal, path)
    assert len(await run_due(app)) == 1
    with path.open("a") as file:
        file.writelines(lines[1_200:])
    clock.now += timedelta(days=1)
    (mission,) = await run_due(app)
    async with app.database.read(principal) as read:
        brief = (await app.missions.get(read, mission)).brief
        key = options_key(app.ingestion.reading, app.ingestion.cleaning)
        marks = await marks_of(read, key, path.stat().st_size, 5)
    assert "continues" in brief
    assert [(corpus, length) for corpus, length, _ in marks] == [(brief["corpus"], path.stat().st_size)], (
        "the mark of before went, as the file was read on from it"
    )


async def test_a_run_that_cannot_start_says_why_and_the_next_one_is_tried(app, principal, clock, corpus):
    watch_id = await watch(app, principal, corpus, budget="0.1")
    text = corpus.read_text()
    corpus.unlink()
    assert await run_due(app) == []
    corpus.write_text(text)
    clock.now += timedelta(days=1)
    assert await run_due(app) == []
    found = await runs(app, principal, watch_id)
    assert "budget is 0.1 AIA" in found[0].reason
    assert "said.jsonl" in found[1].reason


async def test_a_paused_watch_rests_and_a_removed_one_is_gone(app, principal, corpus):
    watch_id = await watch(app, principal, corpus)
    async with app.database.begin(principal) as tx:
        with pytest.raises(WatchExists, match="stands already"):
            await app.monitoring.watch(tx, "said", {"kind": "path", "path": "x"}, {}, DAY)
        await app.monitoring.set_state(tx, watch_id, WatchState.PAUSED)
    assert await run_due(app) == []
    async with app.database.begin(Principal("default", "test")) as tx:
        await app.monitoring.set_state(tx, watch_id, WatchState.ACTIVE)
        await app.monitoring.remove(tx, watch_id)
        with pytest.raises(WatchNotFound):
            await app.monitoring.remove(tx, watch_id)
        with pytest.raises(Invalid, match="request has 'to'"):
            await app.monitoring.watch(tx, "b", {"kind": "path", "path": "x"}, {"to": 1}, DAY)


async def test_a_second_run_tells_what_is_new_raises_each_alert_once_and_scores_the_forecasts(
    app, principal, clock, corpus
):
    every = months()
    write(corpus, until=every[-5])
    await watch(app, principal, corpus)
    (first,) = await run_due(app)
    async with app.database.read(principal) as read:
        changes = await app.monitoring.changes(read, None)
        assert changes["mission"] == first
        assert changes["previous"] is None
        baseline = (await app.monitoring.alerts(read, PageRequest(200))).items
    assert {alert.kind for alert in baseline} <= {"growing"}
    clock.now += timedelta(days=1)
    write(corpus, until=every[-1], more=30)
    (second,) = await run_due(app)
    async with app.database.read(principal) as read:
        changes = await app.monitoring.changes(read, second)
        alerts = (await app.monitoring.alerts(read, PageRequest(200))).items
        ratings = {r.agent: r.scores for r in await app.performance.ratings(read) if r.skill == "forecast"}
    assert changes["previous"] == first
    (new,) = [c for c in changes["changes"] if "drone" in c["title"]]
    assert new["kind"] == "new"
    assert new["new_evidence"][0]["quotation"] in corpus.read_text()
    assert any(c["lineage"] == c["was"] and c["kind"] != "gone" for c in changes["changes"])
    raised = [(alert.kind, alert.need) for alert in alerts if alert.need == new["need"]]
    assert ("new-need", new["need"]) in raised
    assert len({alert.id for alert in alerts}) == len(alerts)
    assert ratings == {"forecaster-1": 1, "forecaster-2": 1}
    assert await app.monitoring.compare_pending() == 0


async def test_forecasts_that_the_next_run_cannot_resolve_are_scored_by_a_later_one_once(
    app, principal, clock, corpus
):
    """The second run has new text of months that were there before; the third has a newer month."""

    async def scored() -> dict[str, int]:
        async with app.database.read(principal) as read:
            return {r.agent: r.scores for r in await app.performance.ratings(read) if r.skill == "forecast"}

    every = months()
    write(corpus, until=every[-5])
    await watch(app, principal, corpus)
    assert len(await run_due(app)) == 1
    clock.now += timedelta(days=1)
    write(corpus, until=every[-5], more=5)
    assert len(await run_due(app)) == 1
    assert await scored() == {}
    clock.now += timedelta(days=1)
    write(corpus, until=every[-2], more=5)
    assert len(await run_due(app)) == 1
    assert await scored() == {"forecaster-1": 2, "forecaster-2": 2}, "the first and the second run's"
    clock.now += timedelta(days=1)
    write(corpus, until=every[-1], more=5)
    assert len(await run_due(app)) == 1
    assert await scored() == {"forecaster-1": 3, "forecaster-2": 3}


async def test_a_watch_by_cron_runs_at_its_times_and_makes_up_missed_ones_by_one_run(app, principal, clock, corpus):
    async with app.database.begin(principal) as tx:
        source = {"kind": "path", "path": str(corpus)}
        with pytest.raises(Invalid, match="cron is 'soon'"):
            await app.monitoring.watch(tx, "said", source, {}, DAY, "soon")
        made = await app.monitoring.watch(tx, "said", source, {}, DAY, "30 5 * * *")
        begun = tx.now
    assert (made.next_at.hour, made.next_at.minute) == (5, 30)
    assert begun < made.next_at <= begun + timedelta(days=1)
    assert await run_due(app) == []
    clock.now = made.next_at + timedelta(days=3, hours=1)
    assert len(await run_due(app)) == 1
    async with app.database.read(principal) as read:
        (kept,) = await app.monitoring.watches(read)
    assert kept.next_at == made.next_at + timedelta(days=4)
    assert kept.cron == "30 5 * * *"


async def test_what_a_repeat_finds_again_raises_no_second_alert(app, principal, clock, corpus):
    every = months()
    write(corpus, until=every[-3])
    await watch(app, principal, corpus)
    await run_due(app)
    for more in (30, 31):
        clock.now += timedelta(days=1)
        write(corpus, until=every[-1], more=more)
        assert len(await run_due(app)) == 1
    async with app.database.read(principal) as read:
        alerts = (await app.monitoring.alerts(read, PageRequest(200))).items
    assert len([a for a in alerts if "drone" in a.title and a.kind == "new-need"]) == 1


async def test_a_mission_that_cannot_be_compared_is_put_aside_and_others_go_on(app, principal, clock, corpus):
    mission, _ = await pursued(app, principal, corpus)
    async with app.database.begin(principal) as tx:
        await tx.conn.execute(text("update comparison set state = 'pending', mission = 'msn_0none'"))
    assert await app.monitoring.compare_pending() == 0
    assert await app.monitoring.compare_pending() == 0
    clock.now += timedelta(days=1)
    write(corpus, until=months()[-1])
    (second,) = await run_due(app)
    async with app.database.read(principal) as read:
        assert (await app.monitoring.changes(read, second))["previous"] is None
    assert mission < second


async def pursued(app: App, principal: Principal, corpus: Path) -> tuple[str, str]:
    await watch(app, principal, corpus)
    (mission,) = await run_due(app)
    async with app.database.read(principal) as read:
        report = parse_report(await app.reports.document(read, mission))
    return mission, report["opportunities"][0]["need"]


async def test_verdicts_keep_their_history_and_move_the_ratings_of_those_behind_a_need(app, principal, corpus):
    mission, need = await pursued(app, principal, corpus)

    async def ratings() -> dict:
        await app.drain_outbox()
        async with app.database.read(principal) as read:
            return {(r.agent, r.skill): r.scores for r in await app.performance.ratings(read)}

    before = await ratings()
    for decision in (Decision.PARK, Decision.PURSUE, Decision.PURSUE):
        async with app.database.begin(principal) as tx:
            await app.monitoring.decide(tx, mission, need, decision, "people asked us for it")
    async with app.database.begin(Principal("default", "other")) as tx:
        await app.monitoring.decide(tx, mission, need, Decision.REJECT, "too small")
    async with app.database.read(principal) as read:
        found = await app.monitoring.verdicts(read, mission, need)
    assert [(v.person, v.number, v.decision) for v in found] == [
        ("other", 1, "reject"),
        ("test", 1, "park"),
        ("test", 2, "pursue"),
        ("test", 3, "pursue"),
    ]
    after = await ratings()
    moved = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
    assert {skill for _, skill in moved} == {"assess", "extract"}
    assert set(moved.values()) == {3}, "park, pursue and reject once each, the repeat not again"


async def test_a_verdict_needs_a_reason_and_an_opportunity_that_is_there(app, principal, corpus):
    mission, need = await pursued(app, principal, corpus)
    async with app.database.begin(principal) as tx:
        with pytest.raises(Invalid, match="reason"):
            await app.monitoring.decide(tx, mission, need, Decision.PARK, "  ")
        with pytest.raises(NeedNotFound):
            await app.monitoring.decide(tx, mission, "need_none", Decision.PARK, "no")


async def test_a_pursued_need_becomes_a_signed_typed_proposal_and_no_other_does(app, principal, corpus):
    mission, need = await pursued(app, principal, corpus)
    async with app.database.read(principal) as read:
        with pytest.raises(NotPursued, match="no standing verdict"):
            await app.monitoring.proposal(read, mission, need, None)
    async with app.database.begin(principal) as tx:
        await app.monitoring.decide(tx, mission, need, Decision.PURSUE, "we can build it")
    async with app.database.read(principal) as read:
        document = await app.monitoring.proposal(read, mission, need, None)
        report = parse_report(await app.reports.document(read, mission))
    typed = Proposal.model_validate(document)
    assert typed.need.id == need
    assert typed.report == report["contentDigest"]
    quotations = {q["id"]: q["quotation"] for q in report["quotations"]}
    assert all(quotations[q.id] == q.quotation for q in typed.evidence)
    cited = {link for claim in typed.claims for link in claim.evidence}
    assert cited == {q.id for q in typed.evidence}
    assert sum(float(m.amount) for m in typed.milestones) == pytest.approx(float(typed.asked.amount))
    verify_proof(document)
    with pytest.raises(BadProof):
        verify_proof(document | {"asked": {"token": "AIA", "amount": "1000000"}})
    async with app.database.begin(principal) as tx:
        await app.monitoring.decide(tx, mission, need, Decision.REJECT, "on second thought")
    async with app.database.read(principal) as read:
        with pytest.raises(NotPursued):
            await app.monitoring.proposal(read, mission, need, None)


async def test_one_organisation_sees_no_watch_change_alert_or_verdict_of_another(app, principal, corpus):
    mission, need = await pursued(app, principal, corpus)
    async with app.database.begin(principal) as tx:
        await app.monitoring.decide(tx, mission, need, Decision.PURSUE, "yes")
        watch_id = (await app.monitoring.watches(tx))[0].id
    await app.create_organisation("other", "Other")
    async with app.database.begin(Principal("other", "test")) as tx:
        assert await app.monitoring.watches(tx) == []
        assert await app.monitoring.verdicts(tx, mission) == []
        assert (await app.monitoring.alerts(tx, PageRequest())).items == ()
        with pytest.raises(NotCompared):
            await app.monitoring.changes(tx, mission)
        with pytest.raises(WatchNotFound):
            await app.monitoring.remove(tx, watch_id)


@pytest.mark.timeout(240)
async def test_the_background_loop_starts_what_is_due_on_the_durable_engine(tmp_path, corpus):
    settings = make_settings(aia_home=tmp_path / "home", aia_follow_every_s=0.1)
    owner = Principal("default", "test")
    async with open_app(settings) as app:
        watch_id = await watch(app, owner, corpus)
        async with asyncio.timeout(180):
            while not (found := await runs(app, owner, watch_id)):
                await asyncio.sleep(0.1)
            await app.engine.wait(found[0].mission)
            while True:
                async with app.database.read(owner) as read:
                    try:
                        changes = await app.monitoring.changes(read, found[0].mission)
                    except NotCompared:
                        await asyncio.sleep(0.1)
                        continue
                    break
    assert changes["subject"] == f"watch:{watch_id}"


async def test_a_watch_goes_on_from_its_last_run_and_keeps_nothing_personal(app, principal, clock, corpus):
    await watch(app, principal, corpus)
    (first,) = await run_due(app)
    clock.now += timedelta(days=1)
    said = "The app cannot export my invoices. Write to jane.doe@example.com about it."
    with corpus.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "late", "text": said, "date": f"{months()[0]}-02"}) + "\n")
    (second,) = await run_due(app)
    async with app.database.read(principal) as read:
        mission = await app.missions.get(read, second)
        documents = await app.knowledge.documents(read, mission.brief["corpus"])
    assert mission.brief["continues"]["mission"] == first
    assert documents[-1].id == "late"
    assert "jane.doe" not in documents[-1].text
