"""Missions on real databases: reserve, think, settle, publish; failing, cancelling, never overspending."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from aia.app import App, open_app
from aia.config import Settings
from aia.core.errors import Invalid
from aia.core.money import Units
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.ledger import InsufficientFunds, agent_wallet, wallet
from aia.ledger.audit.verify import audit
from aia.missions import (
    BudgetTooSmall,
    KeyReused,
    Mission,
    MissionEnded,
    MissionNotFound,
    MissionState,
    TaskFailed,
    TaskState,
    bill_of,
    mission_account,
)
from aia.tokens import treasury_transfer
from aia.tokens.treasury import Action
from tests.support.playbooks import SHARE, TrialPlaybook

pytestmark = pytest.mark.anyio


@pytest.fixture
def playbook() -> TrialPlaybook:
    return TrialPlaybook()


@pytest.fixture
async def app(settings: Settings, playbook: TrialPlaybook) -> AsyncGenerator[App]:
    async with open_app(settings, durable=False, background=False, playbooks=[playbook]) as opened:
        yield opened


async def start(app: App, principal: Principal, budget: int | None = None, key: str | None = None) -> Mission:
    async with app.database.begin(principal) as tx:
        held = None if budget is None else Units(budget)
        mission = await app.missions.create(tx, "trial", {"title": "t"}, seed=0, budget=held, key=key)
    await app.engine.start(mission.id)
    return mission


async def finished(app: App, principal: Principal, mission: Mission) -> Mission:
    await app.engine.wait(mission.id)
    async with app.database.read(principal) as read:
        return await app.missions.get(read, mission.id)


async def balance(app: App, principal: Principal, account: str) -> int:
    async with app.database.read(principal) as read:
        return (await app.ledger.account(read, account)).posted


async def assert_books_hold(app: App) -> None:
    async with app.database.read(Principal.system()) as read:
        result = await audit(read)
    assert result.problems == ()
    assert result.trial_balance == 0


async def test_a_mission_pays_each_agent_its_price_and_gives_the_rest_back(app: App, principal: Principal):
    before = await balance(app, principal, wallet("default"))
    mission = await finished(app, principal, await start(app, principal, 20 * SHARE))
    assert mission.state is MissionState.COMPLETED
    async with app.database.read(principal) as read:
        tasks = await app.missions.tree(read, mission.id)
        roster = await app.agents.roster(read)
    assert all(task.state is TaskState.DONE for task in tasks)
    assert all(task.paid == min(roster.get(task.agent).price(10), task.share) for task in tasks)
    assert mission.spent == sum(task.paid for task in tasks) > 0
    assert sum(task.share for task in tasks) == mission.budget
    assert await balance(app, principal, mission_account(mission.id)) == 0
    assert await balance(app, principal, wallet("default")) == before - mission.spent
    earned = sum(task.earned for task in tasks if task.agent == "scout-1")
    assert await balance(app, principal, agent_wallet("default", "scout-1")) == earned
    assert all(abs(task.earned * 10 - task.paid * 7) < 10 for task in tasks)
    treasury = await balance(app, Principal.system(), "treasury:AIA")
    assert treasury == 150_000_000 * 10**6 + sum(task.paid - task.earned for task in tasks)
    await assert_books_hold(app)


async def test_a_missions_statement_sums_to_what_it_spent_and_names_its_transfers(app: App, principal: Principal):
    mission = await finished(app, principal, await start(app, principal))
    async with app.database.read(principal) as read:
        statement = bill_of(mission, await app.missions.tree(read, mission.id))
        entries = (await app.ledger.entries(read, mission_account(mission.id), PageRequest(200))).items
    moved = {entry.id: entry.amount for entry in entries}
    assert sum(line.price for line in statement.lines) == mission.spent
    for line in statement.lines:
        assert sum(moved[t] for t in line.transfers) == line.earned
        assert sum(moved.get(treasury_transfer(t), 0) for t in line.transfers) == line.treasury > 0
        assert line.price == line.earned + line.treasury
    assert sum(price for _, price, _ in statement.agents()) == mission.spent
    scout = bill_of(mission, [], "scout-1")
    assert (scout.lines, scout.spent) == ((), mission.spent)


async def test_the_share_of_the_treasury_is_the_one_in_force_when_work_is_settled(app: App, principal: Principal):
    async with app.database.begin(Principal.system()) as tx:
        change = {"parameter": "agent_share_bps", "value": 10_000}
        await app.tokens.treasury.order(tx, "ord_1", Action.SET_PARAMETER, "test", change)
    mission = await finished(app, principal, await start(app, principal))
    async with app.database.read(principal) as read:
        tasks = await app.missions.tree(read, mission.id)
    assert all(task.earned == task.paid > 0 for task in tasks)
    await assert_books_hold(app)


async def test_later_waves_see_the_results_of_earlier_ones(app: App, principal: Principal, playbook: TrialPlaybook):
    await finished(app, principal, await start(app, principal))
    assert sorted(playbook.worked[:6]) == [f"leaf/{i:03d}" for i in range(6)]
    assert playbook.worked[6:] == ["lead", "root"]


async def test_a_failed_attempt_is_recorded_tried_again_and_paid_once(
    app: App, principal: Principal, playbook: TrialPlaybook
):
    failures = iter([True, True, False])

    def behave(task):
        if task.key == "leaf/002" and next(failures):
            raise TaskFailed("not today")

    playbook.behave = behave
    mission = await finished(app, principal, await start(app, principal))
    assert mission.state is MissionState.COMPLETED
    async with app.database.read(principal) as read:
        tasks = {task.key: task for task in await app.missions.tree(read, mission.id)}
    assert tasks["leaf/002"].attempts == 3
    assert tasks["leaf/002"].paid == tasks["leaf/001"].paid
    await assert_books_hold(app)


async def test_a_task_that_never_succeeds_fails_the_mission_and_frees_what_was_held(
    app: App, principal: Principal, playbook: TrialPlaybook
):
    def behave(task):
        if task.key == "leaf/004":
            raise ValueError("broken tool")

    playbook.behave = behave
    mission = await finished(app, principal, await start(app, principal))
    assert mission.state is MissionState.FAILED
    assert mission.reason is not None
    assert "leaf/004 failed 3 times" in mission.reason
    assert playbook.published == []
    assert await balance(app, principal, mission_account(mission.id)) == 0
    await assert_books_hold(app)


async def test_a_cancelled_mission_stops_and_returns_what_it_did_not_spend(
    app: App, principal: Principal, playbook: TrialPlaybook
):
    release = asyncio.Event()
    playbook.behave = lambda task: release.wait() if task.key != "leaf/000" else None
    before = await balance(app, principal, wallet("default"))
    mission = await start(app, principal)
    while "leaf/003" not in playbook.worked:
        await asyncio.sleep(0.01)
    async with app.database.begin(principal) as tx:
        cancelled = await app.missions.cancel(tx, mission.id)
    assert cancelled.state is MissionState.CANCELLED
    release.set()
    ended = await finished(app, principal, mission)
    assert ended.state is MissionState.CANCELLED
    assert playbook.published == []
    assert await balance(app, principal, wallet("default")) == before - ended.spent
    await assert_books_hold(app)
    async with app.database.begin(principal) as tx:
        with pytest.raises(MissionEnded):
            await app.missions.cancel(tx, mission.id)


async def test_a_queued_mission_can_be_cancelled_before_it_ran(app: App, principal: Principal):
    before = await balance(app, principal, wallet("default"))
    async with app.database.begin(principal) as tx:
        mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
    async with app.database.begin(principal) as tx:
        await app.missions.cancel(tx, mission.id)
    await app.engine.start(mission.id)
    assert (await finished(app, principal, mission)).state is MissionState.CANCELLED
    assert await balance(app, principal, wallet("default")) == before
    await assert_books_hold(app)


async def test_a_budget_below_the_worst_case_is_refused_with_both_numbers_and_nothing_is_held(
    app: App, principal: Principal
):
    with pytest.raises(BudgetTooSmall, match=r"7\.999999 AIA.*8 AIA"):
        await start(app, principal, 8 * SHARE - 1)
    async with app.database.read(principal) as read:
        assert (await app.ledger.account(read, wallet("default"))).held == 0
        assert (await app.missions.page(read, _first_page())).items == ()


async def test_a_wallet_cannot_promise_more_than_it_has(settings: Settings, principal: Principal):
    poor = settings.model_copy(update={"aia_organisation_grant": "20"})
    async with open_app(poor, durable=False, background=False, playbooks=[TrialPlaybook()]) as app:
        async with app.database.begin(principal) as tx:
            for _ in range(2):
                await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        with pytest.raises(InsufficientFunds, match="4 are available"):
            await start(app, principal)
        await assert_books_hold(app)


@pytest.mark.parametrize(("seed", "budget"), [(-1, None), (2**53, None), (0, 10**15)])
async def test_a_seed_or_budget_out_of_bounds_is_refused_by_name(app: App, principal: Principal, seed, budget):
    async with app.database.begin(principal) as tx:
        with pytest.raises(Invalid, match="seed is|budget is"):
            await app.missions.create(tx, "trial", {}, seed=seed, budget=budget)


async def test_a_key_has_one_mission_however_often_and_at_once_it_is_asked_for(app: App, principal: Principal):
    before = await balance(app, principal, wallet("default"))
    asked = await asyncio.gather(*(start(app, principal, 9 * SHARE, key="order 1") for _ in range(6)))
    assert len({mission.id for mission in asked}) == 1
    done = await finished(app, principal, asked[0])
    assert before - await balance(app, principal, wallet("default")) == done.spent > 0
    again = await start(app, principal, 9 * SHARE, key="order 1")
    assert (again.id, again.state) == (done.id, MissionState.COMPLETED)
    with pytest.raises(KeyReused, match=done.id):
        await start(app, principal, 10 * SHARE, key="order 1")
    assert (await start(app, principal, 9 * SHARE, key="order 2")).id != done.id
    await assert_books_hold(app)


async def test_a_key_whose_mission_was_refused_is_free(app: App, principal: Principal):
    with pytest.raises(BudgetTooSmall):
        await start(app, principal, 1, key="order 1")
    assert (await start(app, principal, key="order 1")).state is MissionState.QUEUED


async def test_running_a_finished_mission_again_changes_nothing(
    app: App, principal: Principal, playbook: TrialPlaybook
):
    mission = await finished(app, principal, await start(app, principal))
    worked = list(playbook.worked)

    async def step(_, work):
        return await work()

    assert await app.runner.run(mission.id, step) == MissionState.COMPLETED
    assert playbook.worked == worked
    assert (await finished(app, principal, mission)).spent == mission.spent
    await assert_books_hold(app)


async def test_scores_become_ratings_exactly_once(app: App, principal: Principal):
    await finished(app, principal, await start(app, principal))
    assert await app.drain_outbox() > 0
    assert await app.drain_outbox() == 0
    async with app.database.read(principal) as read:
        (rating,) = await app.performance.ratings(read)
    assert (rating.agent, rating.skill, rating.scores, rating.total) == ("scout-1", "extract", 1, 0.75)
    async with app.database.begin(principal) as tx:
        await app.performance.rebuild(tx)
        assert [(r.scores, r.total) for r in await app.performance.ratings(tx)] == [(1, 0.75)]


async def test_one_organisation_sees_nothing_of_another(app: App, principal: Principal):
    mission = await finished(app, principal, await start(app, principal))
    assert await app.create_organisation("other", "Other")
    stranger = Principal("other", "test")
    async with app.database.read(stranger) as read:
        assert (await app.missions.page(read, _first_page())).items == ()
        for look in (
            app.missions.get(read, mission.id),
            app.missions.tree(read, mission.id),
            app.ledger.account(read, mission_account(mission.id)),
            app.ledger.entries(read, wallet("default"), _first_page()),
            app.reports.document(read, mission.id),
            app.knowledge.corpus(read, "crp_any"),
        ):
            with pytest.raises(Exception, match="in this organisation"):
                await look
        accounts = (await app.ledger.accounts(read, _first_page())).items
        assert {account.id.split(":")[1] for account in accounts} == {"other"}
        assert await app.performance.ratings(read) == []
        assert (await app.knowledge.facts(read, _first_page())).items == ()
    async with app.database.begin(stranger) as tx:
        with pytest.raises(MissionNotFound):
            await app.missions.cancel(tx, mission.id)


def _first_page():
    from aia.core.pages import PageRequest

    return PageRequest()
