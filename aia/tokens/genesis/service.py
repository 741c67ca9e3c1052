"""The genesis: mint the supply once and spread it over the accounts of its purposes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aia.core.clock import rfc3339
from aia.core.ids import content_id
from aia.core.money import UNITS_PER_TOKEN, Units, format_units
from aia.infra.sql import Read, Tx
from aia.ledger.lookup import accounts_by_id
from aia.ledger.model import Account, PostedTransfer, Token, Transfer, TransferKind
from aia.ledger.service import SYSTEM, Ledger, genesis_mint, mint_account, transfer, treasury_account
from aia.tokens.genesis import store
from aia.tokens.genesis.model import (
    TREASURY,
    Allocation,
    GenesisMissing,
    GenesisPlan,
    SupplyCapExceeded,
    allocation_account,
    limit_units,
    vesting_account,
)
from aia.tokens.genesis.store import GenesisRow, TreasuryAccount
from aia.tokens.vesting import Schedule, Vesting


@dataclass(frozen=True, slots=True)
class Supply:
    """What stands of a token: minted and not burnt, and the most that ever may."""

    token: Token
    units: Units
    cap: Units


@dataclass(frozen=True, slots=True)
class Genesis:
    """Makes the genesis once for a deployment; its rows say afterwards what was done."""

    ledger: Ledger
    vesting: Vesting
    plan: GenesisPlan

    async def ensure(self, tx: Tx, supplies: Mapping[Token, Units]) -> bool:
        """Mint and allocate what is not yet; False when all stands already.

        Books that an earlier version began, with the whole supply in the treasury, keep their supply, and
        what the treasury still holds is allocated.
        """
        await self.ledger.lock(tx)
        missing = [token for token in Token if await store.find_genesis(tx, token) is None]
        if not missing:
            return False
        before = await accounts_by_id(tx, [mint_account(token) for token in Token])
        if not any(account.posted for account in before.values()):
            aia, gov = (supplies[token] // UNITS_PER_TOKEN for token in (Token.AIA, Token.AIA_GOV))
            await self.ledger.genesis(tx, aia_tokens=aia, gov_tokens=gov)
        for token in missing:
            await self._allocate(tx, token)
        return True

    async def _allocate(self, tx: Tx, token: Token) -> None:
        standing = await accounts_by_id(tx, [mint_account(token), treasury_account(token)])
        supply = Units(-standing[mint_account(token)].posted)
        parts = self.plan.split(token, Units(standing[treasury_account(token)].posted))
        grants = allocation_account(self.plan.grants, Token.AIA)
        await self._open(tx, token, parts)
        await self.ledger.require(tx, _spread(token, parts))
        await self.ledger.guard(tx, [mint_account(token), *(a.account for a, _ in parts)])
        next_seq = await self.ledger.lock(tx)
        await store.add_genesis(tx, GenesisRow(token, supply, supply, grants, next_seq, tx.now), self.plan.text)
        await self.vesting.add(tx, SYSTEM, [s for a, units in parts if (s := _schedule(tx, a, units))])

    async def _open(self, tx: Tx, token: Token, parts: Sequence[tuple[Allocation, Units]]) -> None:
        accounts = [Account(a.account, token, SYSTEM, a.purpose, 0, 0, 0, closed=False) for a, _ in parts]
        accounts += [
            Account(vesting_account(a.purpose, token), token, SYSTEM, "vesting", 0, 0, 0, closed=False)
            for a, _ in parts
            if a.terms is not None
        ]
        await self.ledger.open_accounts(tx, accounts)
        await store.add_treasury_accounts(
            tx, [TreasuryAccount(a.account, token, a.purpose, units, limit_units(a, units)) for a, units in parts]
        )

    async def grants_account(self, read: Read) -> str:
        """Where opening grants come from; raises `GenesisMissing`."""
        return (await self._row(read)).grants

    async def books(self, read: Read) -> str:
        """The id of these books: no other deployment's, as it comes from the moment of their genesis."""
        row = await self._row(read)
        return content_id("bks", rfc3339(row.at), str(row.supply))

    async def next_seq(self, read: Read, token: Token) -> int:
        """The first sequence number after the genesis of a token: from there on orders rule."""
        return (await self._row(read, token)).next_seq

    async def _row(self, read: Read, token: Token = Token.AIA) -> GenesisRow:
        row = await store.find_genesis(read, token)
        if row is None:
            raise GenesisMissing("the books have no genesis yet: start AIA once")
        return row

    async def supply(self, read: Read) -> list[Supply]:
        """The supply of each token and its cap."""
        standing = await accounts_by_id(read, [mint_account(token) for token in Token])
        rows = [row for token in Token if (row := await store.find_genesis(read, token))]
        return [Supply(row.token, Units(-standing[mint_account(row.token)].posted), row.cap) for row in rows]

    async def problems(self, read: Read) -> list[str]:
        """Where the record of the genesis differs from the transfers it made, which stand in the log."""
        found: list[str] = []
        for supply in await self.supply(read):
            row = await self._row(read, supply.token)
            minted = await self.ledger.transfer(read, genesis_mint(supply.token))
            amount = None if minted is None else minted.amount
            if not amount == row.supply == row.cap:
                found.append(
                    f"the genesis of {supply.token} minted {amount} units, its record says {row.supply} "
                    f"with a cap of {row.cap}"
                )
        return found

    async def treasury_accounts(self, read: Read) -> list[TreasuryAccount]:
        return await store.all_treasury_accounts(read)


@dataclass(frozen=True, slots=True)
class SupplyCap:
    """Watches mints as they are posted: the supply never stands above the cap of the genesis."""

    async def posted(self, tx: Tx, transfers: Sequence[PostedTransfer]) -> None:
        """Raises `SupplyCapExceeded`, and the caller's transaction rolls back with the mint in it."""
        for token in {t.token for t in transfers if t.kind is TransferKind.MINT}:
            row = await store.find_genesis(tx, token)
            if row is None:
                continue  # the genesis itself: its row is written after the mint
            standing = (await accounts_by_id(tx, [mint_account(token)]))[mint_account(token)]
            if -standing.posted > row.cap:
                raise SupplyCapExceeded(
                    f"the supply would be {format_units(-standing.posted)} {token}, "
                    f"its cap is {format_units(row.cap)}: only what was burnt can be minted again",
                    cap=format_units(row.cap),
                )


def _spread(token: Token, parts: Sequence[tuple[Allocation, Units]]) -> list[Transfer]:
    return [
        transfer(
            content_id("tfr", "allocation", token.value, allocation.purpose),
            treasury_account(token),
            allocation.account if allocation.terms is None else vesting_account(allocation.purpose, token),
            units,
            token=token,
            memo=f"genesis allocation: {allocation.purpose}",
        )
        for allocation, units in parts
        if units and (allocation.purpose != TREASURY or allocation.terms is not None)
    ]


def _schedule(tx: Tx, allocation: Allocation, units: Units) -> Schedule | None:
    if allocation.terms is None or not units:
        return None
    return Schedule(
        id=content_id("vst", "genesis", allocation.token.value, allocation.purpose),
        token=allocation.token,
        account=vesting_account(allocation.purpose, allocation.token),
        beneficiary=allocation.account,
        origin=treasury_account(allocation.token),
        total=units,
        released=Units(0),
        start=tx.now,
        cliff=timedelta(days=allocation.terms.cliff_days),
        duration=timedelta(days=allocation.terms.duration_days),
        revocable=False,
    )
