"""Pay by outcome on real databases: holds that wait for a verdict, stakes, and books that hold."""

from collections.abc import AsyncGenerator

import pytest

from aia.app import App, open_app
from aia.config import Settings
from aia.core.ids import content_id
from aia.core.money import Units
from aia.core.principal import Principal
from aia.ledger import TransferKind, agent_wallet, transfer, wallet
from aia.ledger.audit.verify import audit
from aia.missions import Mission, MissionState, TaskFailed, mission_account
from tests.support.playbooks import SHARE, JudgedPlaybook

pytestmark = pytest.mark.anyio
OUTCOME = 1_000  # what one outcome of a scout is worth in the default roster, in units


@pytest.fixture
def playbook() -> JudgedPlaybook:
    return JudgedPlaybook()


@pytest.fixture
async def app(settings: Settings, playbook: JudgedPlaybook) -> AsyncGenerator[App]:
    async with open_app(settings, durable=False, background=False, playbooks=[playbook]) as opened:
        yield opened


async def run(app: App, principal: Principal) -> Mission:
    async with app.database.begin(principal) as tx:
        mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
    await app.engine.start(mission.id)
    await app.engine.wait(mission.id)
    async with app.database.read(principal) as read:
        return await app.missions.get(read, mission.id)


async def balance(app: App, principal: Principal, account: str) -> int:
    async with app.database.read(principal) as read:
        found = await app.ledger.account(read, account)
    assert found.held == 0, "a hold is still open"
    return found.posted


async def fund(app: App, principal: Principal, agent: str, units: int) -> None:
    async with app.database.begin(principal) as tx:
        gift = transfer(
            content_id("tfr", "gift", agent), wallet("default"), agent_wallet("default", agent), Units(units)
        )
        await app.ledger.require(tx, [gift])


async def assert_books_hold(app: App) -> None:
    async with app.database.read(Principal.system()) as read:
        result = await audit(read)
    assert result.problems == ()
    assert result.trial_balance == 0


async def test_an_outcome_is_paid_when_it_is_judged_and_never_above_what_was_held(
    app: App, principal: Principal, playbook: JudgedPlaybook
):
    playbook.verdicts = {f"leaf/{i:03d}": (n, 0) for i, n in enumerate((0, 1, 7, 10_000, 3, 0))}
    mission = await run(app, principal)
    assert mission.state is MissionState.COMPLETED
    async with app.database.read(principal) as read:
        tasks = {task.key: task for task in await app.missions.tree(read, mission.id)}
    base = tasks["leaf/000"].paid
    earned = [tasks[f"leaf/{i:03d}"].paid - base for i in range(6)]
    assert earned == [0, OUTCOME, 7 * OUTCOME, SHARE // 2, 3 * OUTCOME, 0]
    assert all(task.judged for task in tasks.values())
    assert mission.spent == sum(task.paid for task in tasks.values())
    assert await balance(app, principal, mission_account(mission.id)) == 0
    earned = {key: t.earned for key, t in tasks.items() if t.agent == "scout-2"}
    assert await balance(app, principal, agent_wallet("default", "scout-2")) == sum(earned.values())
    assert all(abs(10 * task.earned - 7 * task.paid) < 20 for task in tasks.values())
    await assert_books_hold(app)


async def test_work_that_nobody_ruled_on_earns_nothing_for_its_outcome_and_its_hold_is_freed(
    app: App, principal: Principal
):
    before = await balance(app, principal, wallet("default"))
    mission = await run(app, principal)
    assert mission.state is MissionState.COMPLETED
    assert await balance(app, principal, wallet("default")) == before - mission.spent
    await assert_books_hold(app)


async def test_false_alarms_cost_the_stake_and_no_more_and_an_empty_wallet_stakes_nothing(
    app: App, principal: Principal, playbook: JudgedPlaybook
):
    await fund(app, principal, "scout-1", 2_500)  # has two tasks: stakes 2,500 on the first, nothing on the second
    await fund(app, principal, "scout-2", 5 * SHARE)
    playbook.verdicts = {f"leaf/{i:03d}": (1, 4 if i in {0, 1, 2} else 0) for i in range(6)}
    before = await balance(app, principal, wallet("default"))
    mission = await run(app, principal)
    async with app.database.read(principal) as read:
        tasks = {task.key: task for task in await app.missions.tree(read, mission.id)}
    assert [tasks[f"leaf/{i:03d}"].stake for i in range(6)] == [2_500, SHARE, 0, 0, 0, SHARE]
    assert [tasks[f"leaf/{i:03d}"].forfeited for i in range(6)] == [2_500, 4 * OUTCOME, 0, 0, 0, 0]
    assert await balance(app, principal, wallet("default")) == before - mission.spent + 2_500 + 4 * OUTCOME
    earned = sum(task.earned for task in tasks.values() if task.agent == "scout-2")
    assert await balance(app, principal, agent_wallet("default", "scout-2")) == 5 * SHARE - 4 * OUTCOME + earned
    await assert_books_hold(app)


async def test_a_mission_that_fails_before_judgement_frees_outcomes_and_stakes(
    app: App, principal: Principal, playbook: JudgedPlaybook
):
    await fund(app, principal, "scout-1", SHARE)

    def behave(task):
        if task.key == "lead":
            raise TaskFailed("no verdict")

    playbook.behave = behave
    before = await balance(app, principal, wallet("default"))
    mission = await run(app, principal)
    assert mission.state is MissionState.FAILED
    assert await balance(app, principal, wallet("default")) == before - mission.spent
    async with app.database.read(principal) as read:
        earned = sum(task.earned for task in await app.missions.tree(read, mission.id) if task.agent == "scout-1")
    assert await balance(app, principal, agent_wallet("default", "scout-1")) == SHARE + earned
    await assert_books_hold(app)


async def test_a_verdict_on_a_task_of_another_judge_fails_the_mission_and_pays_nothing_for_it(
    app: App, principal: Principal, playbook: JudgedPlaybook
):
    playbook.verdicts = {"root": (5, 0)}
    mission = await run(app, principal)
    assert mission.state is MissionState.FAILED
    assert mission.reason is not None
    assert "lead ruled on root" in mission.reason
    assert await balance(app, principal, mission_account(mission.id)) == 0
    await assert_books_hold(app)


async def test_an_outcome_is_settled_once_however_often_the_mission_is_run(
    app: App, principal: Principal, playbook: JudgedPlaybook
):
    playbook.verdicts = {"leaf/000": (9, 0)}
    mission = await run(app, principal)

    async def step(_, work):
        return await work()

    assert await app.runner.run(mission.id, step) == MissionState.COMPLETED
    async with app.database.read(principal) as read:
        assert (await app.missions.get(read, mission.id)).spent == mission.spent
        account = agent_wallet("default", "scout-1")
        entries = await app.ledger.entries(read, account, _first_page())
    paid = [entry for entry in entries.items if entry.kind is TransferKind.POST and "outcome" in entry.memo]
    assert len(paid) == 1
    await assert_books_hold(app)


def _first_page():
    from aia.core.pages import PageRequest

    return PageRequest(200)
