"""Payments that an organisation asks for at the same time: one commit carries many, and each is made once."""

import asyncio

import pytest
import sqlalchemy as sa

from aia.app import App
from aia.core.errors import AIAError
from aia.core.money import Units
from aia.core.principal import Principal
from aia.ledger import DONE, HoldState, wallet
from aia.tokens.payments import Payment
from tests.integration.test_ledger import ONE, check

pytestmark = pytest.mark.anyio
MINE = wallet("default")
DIRECTOR = "agent:default:director"
OWNER = Principal("default", "test")


def payment(key: str, units: int = 7, debit: str = MINE, credit: str = DIRECTOR) -> Payment:
    return Payment(key, debit, credit, Units(units))


async def posted(app: App, account: str) -> int:
    async with app.database.read(ONE) as read:
        return (await app.ledger.account(read, account)).posted


async def commits(app: App) -> int:
    async with app.database.read(ONE) as read:
        rows = await read.rows(sa.text("select count(*) as n from outbox where topic = 'tokens.transfers-posted'"))
    return rows[0].n


async def test_payments_asked_for_at_once_share_commits(app: App):
    before, money = await commits(app), await posted(app, DIRECTOR)
    receipts = await asyncio.gather(*(app.tokens.desk.pay(OWNER, payment(str(n))) for n in range(100)))
    assert {receipt.result.outcome for receipt in receipts} <= DONE
    assert len({receipt.result.seq for receipt in receipts}) == 100
    assert await posted(app, DIRECTOR) == money + 700
    assert 1 <= await commits(app) - before < 100
    await check(app)


async def test_a_payment_that_was_asked_for_twice_at_once_is_made_once(app: App):
    money = await posted(app, DIRECTOR)
    receipts = await asyncio.gather(*(app.tokens.desk.pay(OWNER, payment("k")) for _ in range(8)))
    assert sorted(receipt.result.outcome.value for receipt in receipts) == ["created", *["exists"] * 7]
    assert len({(r.result.seq, r.result.debit_after) for r in receipts}) == 1
    assert await posted(app, DIRECTOR) == money + 7


async def test_a_hold_that_was_asked_for_twice_at_once_is_one_hold(app: App):
    """Each of the two expires at another instant, so the ledger takes them for different ones."""
    holds = await asyncio.gather(*(app.tokens.desk.hold(OWNER, payment("k"), 60) for _ in range(8)))
    assert len(set(holds)) == 1
    done = await asyncio.gather(*(app.tokens.desk.post_hold(OWNER, holds[0].id, None) for _ in range(8)))
    assert {hold.state for hold in done} == {HoldState.POSTED}
    with pytest.raises(AIAError) as refused:
        await app.tokens.desk.void_hold(OWNER, holds[0].id)
    assert refused.value.code.startswith("exists-with-different") or refused.value.code == "hold-closed"
    await check(app)


async def test_a_refusal_tells_what_is_there_when_it_was_refused(app: App):
    await app.tokens.desk.pay(OWNER, payment("fund", 1_000_000))
    asked = [app.tokens.desk.pay(OWNER, payment(str(n), 600_000, DIRECTOR, MINE)) for n in range(2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    (refused,) = (answer for answer in answers if isinstance(answer, AIAError))
    assert refused.code == "insufficient-funds"
    assert "more than the 0.4 available" in str(refused)
    await check(app)
