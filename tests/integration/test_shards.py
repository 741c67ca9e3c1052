"""Grouping in parts, on real databases: the same report and the same money, and nothing left behind."""

import pytest
import sqlalchemy as sa

from aia.app import open_app
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.ledger.audit.verify import audit
from aia.missions import MissionState, TaskFailed
from tests.conftest import make_settings
from tests.integration.test_discovery import discover
from tests.support.playbooks import TrialPlaybook

pytestmark = pytest.mark.anyio

OF_THE_RUN = {"run", "proof"}
GROUPING = ("sift", "embed", "compare", "group")


async def in_parts(settings, principal: Principal, size: int):
    """The report of a discovery in parts of that size, its tasks of grouping, and how many artefacts are left."""
    changed = settings.model_copy(update={"aia_part_documents": size})
    async with open_app(changed, durable=False, background=False) as app:
        document = await discover(app, principal)
        async with app.database.read(principal) as read:
            mission = (await app.missions.page(read, PageRequest(1))).items[0]
            tasks = [t for t in await app.missions.tree(read, mission.id) if t.skill in GROUPING]
            left = await read.row(sa.text("select count(*) as number from artefact"))
            assert ((found := await audit(read)).problems, found.trial_balance) == ((), 0)
    return {key: value for key, value in document.items() if key not in OF_THE_RUN}, tasks, left.number


async def test_the_report_is_the_same_whatever_the_number_of_parts(settings, tmp_path, principal: Principal):
    """In one piece on SQLite, beside five parts on either database and four that are not of one size."""
    alone = make_settings(aia_home=tmp_path / "alone")
    whole, (group,), _ = await in_parts(alone, principal, 10_000)
    parts, tasks, left = await in_parts(settings, principal, 100)
    other = make_settings(aia_home=tmp_path / "other")
    uneven, _, _ = await in_parts(other, principal, 130)
    assert parts == whole == uneven
    assert left == 0
    assert [t.skill for t in tasks] == ["sift", *["embed"] * 5, *["compare"] * 5, "group"]
    assert sum(t.paid for t in tasks) == group.paid
    assert all(t.paid == t.share for t in tasks)


async def test_what_tasks_kept_goes_when_the_mission_ends_however_it_ends(settings, principal: Principal):
    seen: list[int] = []

    async def kept(app) -> int:
        async with app.database.read(principal) as read:
            return (await read.row(sa.text("select count(*) as number from artefact"))).number

    async def fail(task):
        if task.key == "lead":
            seen.append(await kept(app))
            raise TaskFailed("cannot")

    playbook = TrialPlaybook(behave=fail, artefact=b"rows")
    async with open_app(settings, durable=False, background=False, playbooks=[playbook]) as app:
        async with app.database.begin(principal) as tx:
            mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        await app.engine.start(mission.id)
        await app.engine.wait(mission.id)
        async with app.database.read(principal) as read:
            assert (await app.missions.get(read, mission.id)).state is MissionState.FAILED
        assert await kept(app) == 0
    assert set(seen) == {playbook.width}
