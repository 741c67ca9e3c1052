"""Tables of the genesis: the supply minted once, its cap, and the accounts of the treasury."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from aia.core.clock import Instant
from aia.core.money import Units
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.ledger.model import Token

genesis = sa.Table(
    "genesis",
    metadata,
    sa.Column("token", sa.String(8), primary_key=True),
    sa.Column("supply_units", sa.BigInteger, nullable=False),
    sa.Column("cap_units", sa.BigInteger, nullable=False),
    sa.Column("grants", sa.String(120), nullable=False),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("at", Instants, nullable=False),
    sa.CheckConstraint("supply_units > 0 and supply_units <= cap_units", name="cap"),
)

treasury_accounts = sa.Table(
    "treasury_account",
    metadata,
    sa.Column("account", sa.String(120), primary_key=True),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("allocated_units", sa.BigInteger, nullable=False),
    sa.Column("epoch_limit_units", sa.BigInteger, nullable=False),
    sa.CheckConstraint("epoch_limit_units >= 0", name="limit"),
)


@dataclass(frozen=True, slots=True)
class GenesisRow:
    """What was minted of a token, the most that may ever stand, and the first sequence number after it."""

    token: Token
    supply: Units
    cap: Units
    grants: str
    next_seq: int
    at: Instant


@dataclass(frozen=True, slots=True)
class TreasuryAccount:
    """An account whose every outflow is an order; `epoch_limit` bounds what orders pay in one epoch."""

    account: str
    token: Token
    purpose: str
    allocated: Units
    epoch_limit: Units


async def add_genesis(tx: Tx, row: GenesisRow, file: str) -> None:
    table_row = {"token": row.token.value, "supply_units": row.supply, "cap_units": row.cap, "grants": row.grants}
    await tx.insert(genesis, [table_row | {"next_seq": row.next_seq, "file": file, "at": row.at}])


async def find_genesis(read: Read, token: Token) -> GenesisRow | None:
    c = genesis.c
    query = sa.select(c.supply_units, c.cap_units, c.grants, c.next_seq, c.at).where(c.token == token.value)
    row = await read.row(query)
    if row is None:
        return None
    return GenesisRow(token, Units(row.supply_units), Units(row.cap_units), row.grants, row.next_seq, row.at)


async def add_treasury_accounts(tx: Tx, new: Sequence[TreasuryAccount]) -> None:
    await tx.insert_new(
        treasury_accounts,
        [
            {
                "account": account.account,
                "token": account.token.value,
                "purpose": account.purpose,
                "allocated_units": account.allocated,
                "epoch_limit_units": account.epoch_limit,
            }
            for account in new
        ],
    )


async def all_treasury_accounts(read: Read) -> list[TreasuryAccount]:
    columns = treasury_accounts.c
    rows = await read.rows(sa.select(treasury_accounts).order_by(columns.token, columns.account))
    return [
        TreasuryAccount(
            row.account, Token(row.token), row.purpose, Units(row.allocated_units), Units(row.epoch_limit_units)
        )
        for row in rows
    ]
