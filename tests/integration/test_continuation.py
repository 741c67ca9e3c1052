"""A discovery of a corpus that grew: what was read is not read again, and needs keep their ids."""

import pytest

from aia.app import App
from aia.core.principal import Principal
from aia.corpora.model import Corpus
from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions, read_rows
from aia.missions import Mission, MissionState
from aia.reports import OF_THE_RUN, parse_report
from aia.ventures import DiscoveryRequest

pytestmark = pytest.mark.anyio

STRANGE = (
    "The drone loses its compass above the orchard and lands in the {} trees.",
    "My drone cannot find its compass over the {} orchard and crashes.",
)


def rows(documents: int) -> list[dict]:
    distinct = {row["text"].lower(): row for row in generate(0, 1_000)[0]}
    return list(distinct.values())[:documents]


def corpus(given: list[dict]) -> Corpus:
    return read_rows("sample", given, ReadOptions())


async def discover(app: App, principal: Principal, given: Corpus, **request) -> tuple[Mission, dict]:
    async with app.database.begin(principal) as tx:
        mission = await app.ventures.start(tx, await app.corpora.keep(tx, given), DiscoveryRequest(**request))
    await app.engine.start(mission.id)
    await app.engine.wait(mission.id)
    async with app.database.read(principal) as read:
        mission = await app.missions.get(read, mission.id)
        assert mission.state is MissionState.COMPLETED, mission.reason
        return mission, parse_report(await app.reports.document(read, mission.id))


async def test_a_corpus_that_grew_is_read_where_it_grew_and_its_needs_keep_their_ids(app: App, principal: Principal):
    first, before = await discover(app, principal, corpus(rows(800)))
    second, now = await discover(app, principal, corpus(rows(840)))
    assert second.brief["continues"]["mission"] == first.id
    assert second.brief["continues"]["new"] == "800-840"
    async with app.database.read(principal) as read:
        earlier = await app.missions.results(read, first.id)
        tasks = await app.missions.results(read, second.id)
        verified = await app.ventures.verify_report(read, now)
    read_anew = [t for t in tasks if t.skill == "extract" and not t.input.get("recalls")]
    (recalled,) = [t for t in tasks if t.input.get("recalls")]
    assert [t.input["ranges"] for t in read_anew] == ["800-840"]
    assert (recalled.paid, recalled.state) == (0, "done")
    assert verified.findings == ()
    read_before = [t for t in earlier if t.skill == "extract"]
    assert sum(t.paid for t in read_anew) < 0.1 * sum(t.paid for t in read_before)
    old, new = ({n["need"]: set(n["members"].split()) for n in r["grouped"]} for r in (before, now))
    assert len(set(old) & set(new)) >= 0.95 * len(old)
    assert any("40 are new" in note for note in now["notes"])
    assert now["corpus"]["documents"] == 840


async def test_going_on_and_on_still_counts_everything_again(app: App, principal: Principal):
    missions = []
    for documents in (700, 730, 760, 800):
        mission, report = await discover(app, principal, corpus(rows(documents)))
        missions.append(mission)
        async with app.database.read(principal) as read:
            assert (await app.ventures.verify_report(read, report)).findings == ()
    assert [m.brief.get("continues", {}).get("mission") for m in missions] == [None, *(m.id for m in missions[:-1])]
    assert {m.brief["continues"]["grouped"] for m in missions[1:]} == {700}
    grown, _ = await discover(app, principal, corpus(rows(900)))
    assert "continues" not in grown.brief, "more than a fifth was added since all was grouped together"


async def test_the_same_growth_gives_the_same_bytes_and_is_not_paid_twice(app: App, principal: Principal):
    await discover(app, principal, corpus(rows(700)))
    second, report = await discover(app, principal, corpus(rows(720)))
    async with app.database.begin(principal) as tx:
        kept = await app.corpora.keep(tx, corpus(rows(720)))
        assert (await app.ventures.earlier(tx, kept, DiscoveryRequest())) == second
    _, again = await discover(app, principal, corpus(rows(720)))
    assert {k: v for k, v in again.items() if k not in OF_THE_RUN} == {
        k: v for k, v in report.items() if k not in OF_THE_RUN
    }


async def test_text_that_drifted_is_grouped_anew_and_what_stands_keeps_its_id(app: App, principal: Principal):
    _, before = await discover(app, principal, corpus(rows(800)))
    strange = [
        {"id": f"x{i}", "text": STRANGE[i % 2].format(f"old number {i} plum"), "date": "2024-05-01"}
        for i in range(80)
    ]
    mission, now = await discover(app, principal, corpus([*rows(800), *strange]))
    assert "continues" in mission.brief
    assert any("grouped anew" in note for note in now["notes"])
    old, new = ({n["need"] for n in r["grouped"]} for r in (before, now))
    assert len(old & new) >= 0.7 * len(old)
    async with app.database.read(principal) as read:
        assert (await app.ventures.verify_report(read, now)).findings == ()


async def test_regrouping_can_be_asked_for(app: App, principal: Principal):
    await discover(app, principal, corpus(rows(700)))
    mission, _ = await discover(app, principal, corpus(rows(720)), regroup=True)
    assert "continues" not in mission.brief


async def test_counting_on_from_what_an_earlier_discovery_left_gives_the_same_report(app: App, principal: Principal):
    first, _ = await discover(app, principal, corpus(rows(800)))
    left = await app.ventures.playbook.memory.left_by(principal, first.id, "")
    second, now = await discover(app, principal, corpus(rows(840)))
    forgotten = await app.ventures.playbook.memory.left_by(principal, first.id, "")
    third, again = await discover(app, principal, corpus(rows(840)))
    assert left
    assert not forgotten
    assert second.brief["continues"]["mission"] == third.brief["continues"]["mission"] == first.id
    assert {k: v for k, v in now.items() if k not in OF_THE_RUN} == {
        k: v for k, v in again.items() if k not in OF_THE_RUN
    }


async def test_a_document_that_came_before_the_others_is_counted_with_them(app: App, principal: Principal):
    await discover(app, principal, corpus(rows(800)))
    second, now = await discover(app, principal, corpus([*rows(840)[800:], *rows(800)]))
    async with app.database.read(principal) as read:
        verified = await app.ventures.verify_report(read, now)
    assert second.brief["continues"] is not None
    assert not second.brief["continues"]["behind"]
    assert verified.findings == ()
