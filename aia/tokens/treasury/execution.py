"""Carrying out an order: each action is a few transfers with derived ids, or one change of a rule."""

from dataclasses import dataclass
from datetime import timedelta

from aia.core.ids import content_id
from aia.core.money import Units
from aia.infra.sql import Tx
from aia.ledger.lookup import organisations_of
from aia.ledger.model import Token, Transfer, TransferKind
from aia.ledger.service import AccountNotFound, Ledger, mint_account, transfer
from aia.tokens.genesis import Genesis, TreasuryAccount
from aia.tokens.parameters import Parameters, named
from aia.tokens.staking import Staking, rewards_account
from aia.tokens.treasury import store
from aia.tokens.treasury.model import (
    MOVES,
    Action,
    BadOrder,
    KeyRole,
    NotATreasuryAccount,
    Order,
    OrderKeyUnknown,
    RegisteredKey,
)
from aia.tokens.vesting import Vesting


def transfer_of(order: Order) -> str | None:
    """The id of the transfer an order makes, if it moves tokens: derived, so that an order moves once."""
    if order.action not in MOVES:
        return None
    if order.action is Action.VEST:
        return content_id("tfr", "vesting", _schedule_of(order))
    return content_id("tfr", "order", order.id)


def _schedule_of(order: Order) -> str:
    return content_id("vst", "order", order.id)


@dataclass(frozen=True, slots=True)
class OrderExecutor:
    """What carries orders out; who may order was checked before."""

    ledger: Ledger
    genesis: Genesis
    parameters: Parameters
    vesting: Vesting
    staking: Staking

    async def treasury_account(self, tx: Tx, account: str, token: Token | None) -> TreasuryAccount:
        """Raises `NotATreasuryAccount` for any other account, or `BadOrder` for another token's."""
        for found in await self.genesis.treasury_accounts(tx):
            if found.account == account:
                if token is not None and found.token is not token:
                    raise BadOrder(f"{account} holds {found.token}, the order is of {token}", field="token")
                return found
        raise NotATreasuryAccount(f"{account[:60]!r} is no account of the treasury: aia treasury accounts lists them")

    async def carry_out(self, tx: Tx, order: Order) -> None:
        """Make the order's transfer, or change what it changes. Raises what refuses it."""
        if order.action in MOVES:
            await self._move_tokens(tx, order)
        else:
            await self._change_rule(tx, order)

    async def _move_tokens(self, tx: Tx, order: Order) -> None:
        match order.action:
            case Action.PAY:
                await self._move(tx, order, order.text("debit"), order.text("credit"))
            case Action.MINT:
                await self.treasury_account(tx, order.text("credit"), order.token)
                await self._move(tx, order, self._mint(order), order.text("credit"), TransferKind.MINT)
            case Action.BURN:
                await self._move(tx, order, order.text("debit"), self._mint(order), TransferKind.BURN)
            case Action.VEST:
                await self._vest(tx, order)
            case Action.FUND_REWARDS:
                moving = self._transfer(order, order.text("debit"), rewards_account(self._token(order)))
                await self.staking.fund(tx, moving)
            case _:
                assert order.action is Action.SLASH
                taking = content_id("tfr", "order", order.id)
                await self.staking.slash(tx, order.text("wallet"), order.amount, taking, order.purpose)

    async def _change_rule(self, tx: Tx, order: Order) -> None:
        match order.action:
            case Action.REVOKE_VESTING:
                await self.vesting.revoke(tx, order.text("vesting"))
            case Action.SET_PARAMETER:
                await self.parameters.change(tx, named(order.text("parameter")), order.number("value"), order.id)
            case Action.SET_LIMIT:
                await self._set_limit(tx, order)
            case Action.ADD_APPROVER:
                await self._add_approver(tx, order)
            case Action.ROTATE_KEY:
                await self._rotate(tx, order)
            case _:
                assert order.action is Action.REMOVE_APPROVER
                if not await store.remove_approver(tx, order.text("key")):
                    raise OrderKeyUnknown(f"{order.text('key')[:16]}... is no approver of these books")

    def _mint(self, order: Order) -> str:
        return mint_account(self._token(order))

    def _token(self, order: Order) -> Token:
        assert order.token is not None, "an order that moves tokens names one"
        return order.token

    async def _move(
        self, tx: Tx, order: Order, debit: str, credit: str, kind: TransferKind = TransferKind.PLAIN
    ) -> None:
        await self.ledger.require(tx, [self._transfer(order, debit, credit, kind)])

    def _transfer(self, order: Order, debit: str, credit: str, kind: TransferKind = TransferKind.PLAIN) -> Transfer:
        return transfer(
            *(content_id("tfr", "order", order.id), debit, credit, order.amount),
            kind=kind,
            token=self._token(order),
            memo=f"order of the treasury: {order.action.value}",
        )

    async def _vest(self, tx: Tx, order: Order) -> None:
        owners = await organisations_of(tx, [order.text("credit")])
        if order.text("credit") not in owners:
            raise AccountNotFound(f"account {order.text('credit')!r} does not exist: open it before vesting to it")
        await self.vesting.open(
            tx,
            _schedule_of(order),
            origin=order.text("debit"),
            beneficiary=order.text("credit"),
            organisation=owners[order.text("credit")],
            token=self._token(order),
            amount=order.amount,
            cliff=timedelta(days=order.number("cliff_days")),
            duration=timedelta(days=order.number("duration_days")),
            revocable=bool(order.fields["revocable"]),
        )

    async def _set_limit(self, tx: Tx, order: Order) -> None:
        found = await self.treasury_account(tx, order.text("account"), None)
        if order.number("amount_units") > found.allocated:
            raise BadOrder(
                f"amount_units is {order.number('amount_units')}: a limit is at most what was allocated to "
                f"{found.account}, {found.allocated}",
                field="amount_units",
            )
        await store.set_limit(tx, found.account, Units(order.number("amount_units")))

    async def _add_approver(self, tx: Tx, order: Order) -> None:
        await self._register(tx, RegisteredKey(order.text("key"), KeyRole.APPROVER, order.text("name")))

    async def _rotate(self, tx: Tx, order: Order) -> None:
        """From here on the new key orders, and the old one, which signed this, no more."""
        await self._register(tx, RegisteredKey(order.text("key"), KeyRole.TREASURY, "treasury"))
        await store.retire_treasury_keys(tx, but=order.text("key"))

    async def _register(self, tx: Tx, new: RegisteredKey) -> None:
        if not await store.add_key(tx, new):
            raise BadOrder(f"the key {new.key[:16]}... was registered before: make a new one", field="key")
