"""The ledger on a database: what it keeps, what it refuses, and rows that older schemas wrote."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from aia.app import App
from aia.core.clock import system_clock
from aia.core.errors import Invalid
from aia.core.ids import content_id, random_ids
from aia.core.money import Units
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.infra.sql import Tx
from aia.infra.telemetry import open_telemetry
from aia.ledger import Account, AccountNotEmpty, Ledger, Result, Token, Transfer, TransferKind, transfer, wallet
from aia.ledger.audit.verify import audit
from tests.support.old_schema import migrate_to, old_database

pytestmark = pytest.mark.anyio
K = TransferKind
ONE = Principal("default", "test")
NEW_ID = random_ids(system_clock)
MINT = "mint:test"
"""One of the tests' own: the deployment's mints by order of the treasury only."""


def tid(name: str) -> str:
    return content_id("tfr", name)


def hid(name: str) -> str:
    return content_id("hld", name)


def move(name: str, debit: str, credit: str, amount: int, kind: K = K.PLAIN, **more) -> Transfer:
    base = transfer(tid(name), debit, credit, Units(amount), kind=kind, hold_id=more.pop("hold_id", None))
    return replace(base, **more)


async def post(app: App, *batch: Transfer) -> list[str]:
    return [result.outcome.value for result in await results(app, *batch)]


async def results(app: App, *batch: Transfer) -> tuple[Result, ...]:
    async with app.database.begin(ONE) as tx:
        return await app.ledger.post(tx, batch)


@pytest.fixture
async def funded(app: App) -> App:
    """Accounts a, b and c; a has 1,000 units."""
    async with app.database.begin(ONE) as tx:
        await app.ledger.open_wallets(tx, [(name, "test") for name in ("a", "b", "c")])
        mint = Account(MINT, Token.AIA, "test", "mint", None, 0, 0, closed=False)
        await app.ledger.open_accounts(tx, [mint])
    assert await post(app, move("fund", wallet("default"), "a", 1_000)) == ["created"]
    return app


async def check(app: App) -> None:
    async with app.database.read(ONE) as read:
        found = await audit(read)
    assert found.problems == ()
    assert found.trial_balance == 0


DIFFERENT = {
    "kind": {"kind": K.HOLD, "hold_id": hid("h")},
    "debit": {"debit": "c"},
    "credit": {"credit": "c"},
    "token": {"token": Token.AIA_GOV},
    "amount": {"amount": Units(6)},
    "hold": {"hold_id": hid("h")},
    "reverses": {"reverses": tid("fund")},
    "expires-at": {"expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "memo": {"memo": "other"},
}


async def test_a_transfer_asked_for_again_exists_and_with_another_content_names_the_field(funded: App):
    expires = datetime(2031, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
    first = replace(move("t", "a", "b", 5), expires_at=expires, memo="first", reverses=tid("x"), hold_id=hid("x"))
    (made,) = await results(funded, first)
    (again,) = await results(funded, first)
    assert (made.outcome.value, again.outcome.value) == ("created", "exists")
    assert (again.debit_after, again.credit_after, again.seq) == (made.debit_after, made.credit_after, made.seq)
    for field, other in DIFFERENT.items():
        assert await post(funded, replace(first, **other)) == [f"exists-with-different-{field}"]
    await check(funded)


async def test_every_kind_of_transfer_is_kept_as_it_was_asked(funded: App):
    soon = funded.clock() + timedelta(days=1)
    batch = [
        move("hold", "a", "b", 100, K.HOLD, hold_id=hid("1"), expires_at=soon, memo="worst case"),
        move("post", "a", "b", 60, K.POST, hold_id=hid("1"), memo="worst case"),
        move("hold2", "a", "c", 10, K.HOLD, hold_id=hid("2")),
        move("refund", "b", "a", 60, K.REVERSAL, reverses=tid("post")),
        move("burn", "a", MINT, 1, K.BURN),
        move("mint", MINT, "c", 1, K.MINT),
    ]
    assert await post(funded, *batch) == ["created"] * 6
    assert await post(funded, move("void", "a", "c", 0, K.VOID, hold_id=hid("2"))) == ["created"]
    assert await post(funded, move("more", "b", "a", 1, K.REVERSAL, reverses=tid("post"))) == ["reversal-exceeded"]
    assert await post(funded, *batch) == ["exists"] * 6
    async with funded.database.read(ONE) as read:
        kept = [await funded.ledger.transfer(read, asked.id) for asked in batch]
        holds = [await funded.ledger.hold(read, hid(name)) for name in ("1", "2", "3")]
    for asked, row in zip(batch, kept, strict=True):
        assert row is not None
        fields = ("id", "kind", "debit", "credit", "token", "hold_id", "reverses", "expires_at", "memo")
        assert [getattr(row, f) for f in fields] == [getattr(asked, f) for f in fields]
        assert row.asked == asked.amount
    assert [hold and (hold.state.value, hold.amount, hold.remaining) for hold in holds] == [
        ("posted", 100, 0),
        ("voided", 10, 0),
        None,
    ]
    await check(funded)


async def test_what_no_database_can_keep_is_an_answer_and_not_an_error(funded: App):
    odd = [
        replace(move("x", "a", "b", 1), id="t1"),
        replace(move("x", "a", "b", 1), id="tfr_\0"),
        move("x", "a\0", "b", 1),
        move("x", "a", "\ud800", 1),
        replace(move("x", "a", "b", 1), memo="\0"),
        move("x", "a", "b", 1, K.HOLD, hold_id="hold-1"),
        move("x", "a", "b", 1, K.REVERSAL, reverses="t1"),
        move("x", "a", "b", 2**63),
    ]
    assert await post(funded, *odd) == [
        *("invalid-id", "invalid-id", "account-not-found", "account-not-found", "invalid-memo"),
        *("invalid-id", "invalid-id", "invalid-amount"),
    ]
    many = [move(str(n), "a", "b", 1) for n in range(10_001)]
    assert set(await post(funded, *many)) == {"batch-too-large"}
    assert await post(funded) == []
    await check(funded)


async def test_ten_thousand_transfers_are_one_batch(funded: App):
    batch = [move(str(n), *(("a", "b") if n % 2 else ("b", "a")), 1) for n in range(1, 10_001)]
    assert set(await post(funded, *batch)) == {"created"}
    assert set(await post(funded, *batch)) == {"exists"}
    await check(funded)


async def test_the_pages_of_an_account_walk_its_chain_from_the_newest_entry_to_the_first(funded: App):
    for n in range(7):
        batch = [move(f"ab{n}", "a", "b", n + 1), move(f"bc{n}", "b", "c", 1), move(f"ac{n}", "a", "c", 1)]
        assert await post(funded, *batch) == ["created"] * 3
    async with funded.database.read(ONE) as read:
        whole = await funded.ledger.entries(read, "b", PageRequest(50))
        pages = [await funded.ledger.entries(read, "b", PageRequest(5))]
        while pages[-1].next_cursor:
            pages.append(await funded.ledger.entries(read, "b", PageRequest.of(5, pages[-1].next_cursor)))
        newest = await funded.ledger.account(read, "b")
    assert whole.next_cursor is None
    assert [row.id for row in whole.items] == [tid(f"{pair}{n}") for n in reversed(range(7)) for pair in ("bc", "ab")]
    assert [len(page.items) for page in pages] == [5, 5, 4]
    assert [row for page in pages for row in page.items] == list(whole.items)
    assert newest.last_seq == whole.items[0].seq


async def test_an_account_without_entries_has_an_empty_page_and_a_foreign_cursor_is_refused(funded: App):
    async with funded.database.read(ONE) as read:
        page = await funded.ledger.entries(read, "c", PageRequest(5))
        assert (page.items, page.next_cursor) == ((), None)
        assert (await funded.ledger.entries(read, "c", PageRequest(5, "1"))).items == ()
        with pytest.raises(Invalid, match="cursor"):
            await funded.ledger.entries(read, "a", PageRequest(5, "organisation:default"))


async def test_the_journal_takes_no_change_and_no_removal_and_accounts_stay(funded: App):
    for statement in ("update transfer set amount = 0", "delete from transfer", "delete from account"):
        with pytest.raises(DBAPIError, match=r"takes no (update|delete)"):
            async with funded.database.begin(ONE) as tx:
                await tx.conn.execute(sa.text(statement))
    await check(funded)


async def test_a_balance_below_its_floor_cannot_be_written_whoever_writes_it(funded: App):
    with pytest.raises(DBAPIError, match="floor"):
        async with funded.database.begin(ONE) as tx:
            await tx.conn.execute(sa.text("update account set posted = -1 where id = 'a'"))


async def test_an_account_is_closed_when_it_is_empty_and_takes_nothing_then(funded: App):
    async def close(name: str) -> None:
        async with funded.database.begin(ONE) as tx:
            await funded.ledger.close_account(tx, name)

    with pytest.raises(AccountNotEmpty, match=r"0\.001"):
        await close("a")
    await close("c")
    await close("c")
    assert await post(funded, move("t", "a", "c", 5)) == ["account-closed"]


async def test_a_memo_stands_once_however_often_it_is_given(funded: App):
    for n in range(3):
        assert await post(funded, replace(move(str(n), "a", "b", 1), memo="rent")) == ["created"]
    async with funded.database.read(ONE) as read:
        rows = await read.rows(sa.text("select count(*) as n from transfer_memo where memo = 'rent'"))
    assert rows[0].n == 1


async def test_a_posting_is_undone_with_the_transaction_of_its_caller(funded: App):
    with pytest.raises(RuntimeError):
        async with funded.database.begin(ONE) as tx:
            (result,) = await funded.ledger.post(tx, [move("lost", "a", "b", 5)])
            assert result.outcome.value == "created"
            raise RuntimeError
    async with funded.database.read(ONE) as read:
        assert await funded.ledger.transfer(read, tid("lost")) is None
        assert await funded.ledger.transfer(read, "lost") is None
    await check(funded)


async def test_accounts_of_other_tokens_and_floors_can_be_opened(funded: App):
    credit_line = Account("line", Token.AIA, "test", "credit", -50, 0, 0, closed=False)
    async with funded.database.begin(ONE) as tx:
        await funded.ledger.open_accounts(tx, [credit_line])
        await funded.ledger.open_accounts(tx, [credit_line])
    assert await post(funded, move("1", "line", "b", 50), move("2", "line", "b", 1)) == [
        "created",
        "insufficient-funds",
    ]
    await check(funded)


async def test_any_number_of_accounts_is_opened_at_once(funded: App):
    many = [Account(f"many:{n}", Token.AIA, "test", "x", 0, 0, 0, closed=False) for n in range(33_000)]
    async with funded.database.begin(ONE) as tx:
        await funded.ledger.open_accounts(tx, many[:5])
        await funded.ledger.open_accounts(tx, many)
        rows = await tx.rows(
            sa.text("select count(*) as n, max(no) - min(no) as apart from account where purpose = 'x'")
        )
    assert (rows[0].n, rows[0].apart) == (33_000, 32_999)


# Rows of the schema before


OLD_ACCOUNTS = [("mint:AIA", None, -900, 0), ("a", 0, 750, 30), ("b", 0, 150, 0)]
OLD_TRANSFERS = [
    (1, content_id("tfr", "genesis"), "mint:AIA", "a", 900, "mint", None, None, -900, 900, "genesis supply"),
    (2, content_id("tfr", "2"), "a", "b", 100, "plain", None, None, 800, 100, "pay"),
    (3, content_id("tfr", "3"), "a", "b", 0, "hold", hid("one"), None, 800, 100, "pay"),
    (4, content_id("tfr", "4"), "a", "b", 70, "post", hid("one"), None, 730, 170, ""),
    (5, NEW_ID("tfr"), "b", "a", 20, "reversal", None, content_id("tfr", "2"), 150, 750, ""),
    (6, content_id("tfr", "6"), "a", "b", 0, "hold", hid("two"), None, 750, 150, "pay"),
]
OLD_HOLDS = [(hid("one"), 80, 0, "posted", None), (hid("two"), 30, 30, "open", "2031-05-06T00:00:00.000000Z")]


async def _write_old(tx: Tx) -> None:
    for name, floor, posted, held in OLD_ACCOUNTS:
        await tx.conn.execute(
            sa.text("insert into account values (:id, 'default', 'AIA', 'x', 'test', :floor, :posted, :held, false)"),
            {"id": name, "floor": floor, "posted": posted, "held": held},
        )
    at = datetime(2026, 1, 2, tzinfo=UTC)
    for number, amount, remaining, state, expires in OLD_HOLDS:
        when = expires if expires is None or tx.dialect == "sqlite" else datetime.fromisoformat(expires)
        await tx.conn.execute(
            sa.text("insert into hold values (:id, 'a', 'b', 'AIA', :amount, :remaining, :state, :expires)"),
            {"id": number, "amount": amount, "remaining": remaining, "state": state, "expires": when},
        )
    insert = sa.text("""insert into transfer values (:seq, :id, :debit, :credit, 'AIA', :amount, :kind, :hold,
        :reverses, 'hash', :debit_after, :credit_after, :memo, :at)""")
    for seq, number, debit, credit, amount, kind, hold, reverses, debit_after, credit_after, memo in OLD_TRANSFERS:
        await tx.conn.execute(
            insert,
            {
                **{"seq": seq, "id": number, "debit": debit, "credit": credit, "amount": amount, "kind": kind},
                **{"hold": hold, "reverses": reverses, "debit_after": debit_after, "credit_after": credit_after},
                **{"memo": memo, "at": at if tx.dialect != "sqlite" else "2026-01-02T00:00:00.000000Z"},
            },
        )
    await tx.conn.execute(sa.text("insert into ledger_head values (1, 7)"))


async def test_rows_of_the_first_schema_are_carried_over(empty_url: str):
    async with old_database(empty_url) as database:
        async with database.begin(ONE) as tx:
            await tx.conn.run_sync(migrate_to, "0001")
        async with database.begin(ONE) as tx:
            await _write_old(tx)
        async with database.begin(ONE) as tx:
            await tx.conn.run_sync(migrate_to, "head")
        ledger = Ledger(open_telemetry())
        async with database.begin(ONE) as tx:
            assert (await audit(tx)).problems == ()
            entries = await ledger.entries(tx, "a", PageRequest(50))
            assert [row.id for row in reversed(entries.items)] == [row[1] for row in OLD_TRANSFERS]
            assert [row.memo for row in reversed(entries.items)] == ["genesis supply", "pay", "pay", "", "", "pay"]
            hold = await ledger.hold(tx, hid("two"))
            assert hold is not None
            assert (hold.remaining, hold.expires_at) == (30, datetime(2031, 5, 6, tzinfo=UTC))
            held = Transfer(content_id("tfr", "3"), K.HOLD, "a", "b", Units(80), Token.AIA, hid("one"), memo="pay")
            capture = move("new", "a", "b", 30, K.POST, hold_id=hid("two"))
            outcomes = await ledger.post(tx, [held, capture])
            assert [(r.outcome.value, r.seq) for r in outcomes] == [("exists", 3), ("created", 7)]
            assert (await audit(tx)).problems == ()


async def test_the_accounts_of_a_genesis_made_before_become_the_treasurys(empty_url: str):
    accounts = {"mint:AIA": "treasury", "sale:AIA": "treasury", "mint:AIA_GOV": "system", "a": "x"}
    async with old_database(empty_url) as database:
        async with database.begin(ONE) as tx:
            await tx.conn.run_sync(migrate_to, "0010")
            insert = """insert into account (id, organisation, token, owner, purpose, floor, posted, held, last_seq,
                closed) values (:id, 'system', 'AIA', :owner, 'test', 0, 0, 0, 0, false)"""
            for name, after in accounts.items():
                before = after if after == "x" else "system"
                await tx.conn.execute(sa.text(insert), {"id": name, "owner": before})
            await tx.conn.execute(sa.text("insert into treasury_account values ('sale:AIA', 'AIA', 'sale', 0, 0)"))
            at = "2026-01-02T00:00:00.000000Z" if tx.dialect == "sqlite" else datetime(2026, 1, 2, tzinfo=UTC)
            row = "insert into genesis values ('AIA', 1, 1, 'sale:AIA', 2, '', :at)"
            await tx.conn.execute(sa.text(row), {"at": at})
        async with database.begin(ONE) as tx:
            await tx.conn.run_sync(migrate_to, "head")
        async with database.begin(ONE) as tx:
            rows = await tx.rows(sa.text("select id, owner from account"))
    assert {row.id: row.owner for row in rows} == accounts
