"""Use-cases of the treasury: take a signed order, wait for a second approver, carry it out once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.core.canonical import canonical
from aia.core.clock import rfc3339
from aia.core.errors import AIAError
from aia.core.ids import content_id
from aia.core.money import Units, format_units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Event, Read, Tx
from aia.ledger.model import Token
from aia.ledger.service import Ledger, wallet
from aia.tokens.genesis import Genesis
from aia.tokens.parameters import Parameter, Parameters
from aia.tokens.treasury import store
from aia.tokens.treasury.authorization import thresholds_in_force
from aia.tokens.treasury.execution import OrderExecutor, transfer_of
from aia.tokens.treasury.model import (
    VALIDITY_MAX,
    Action,
    BadOrder,
    Fields,
    KeyRole,
    Order,
    OrderClosed,
    OrderExpired,
    OrderIdReused,
    OrderNotFound,
    OrderRecord,
    OrderState,
    Refusal,
    RegisteredKey,
    Signature,
    SpendingLimitExceeded,
    approvals_needed,
    check_order,
    check_signers,
    epoch_of,
    public_hex,
    sign_order,
)

GRANT_VALIDITY = timedelta(hours=1)
REFUSALS_MAX = 100
"""Refusals kept of one order."""


@dataclass(frozen=True, slots=True)
class Treasury:
    """Guards the accounts of the genesis: what leaves them, and every mint, is an order.

    `key` signs for the operator of this process; orders signed elsewhere are given to `submit`.
    """

    ledger: Ledger
    genesis: Genesis
    parameters: Parameters
    hands: OrderExecutor
    key: Ed25519PrivateKey

    # Keys

    async def register(self, tx: Tx) -> None:
        """Make this process's key the treasury's, once for the books."""
        known = await store.active_keys(tx)
        if not any(key.role is KeyRole.TREASURY for key in known.values()):
            await store.add_key(tx, RegisteredKey(public_hex(self.key), KeyRole.TREASURY, "treasury"))

    async def keys(self, read: Read) -> list[RegisteredKey]:
        """The keys that may sign now."""
        return list((await store.active_keys(read)).values())

    # Orders

    async def draft(
        self,
        read: Read,
        order_id: str,
        action: Action,
        purpose: str,
        fields: Fields,
        *,
        valid: timedelta = VALIDITY_MAX,
    ) -> Order:
        """An order for these books that is not signed yet; raises `BadOrder`."""
        order = Order(order_id, await self.genesis.books(read), action, purpose, read.now + valid, fields)
        check_order(order)
        return order

    async def order(
        self,
        tx: Tx,
        order_id: str,
        action: Action,
        purpose: str,
        fields: Fields,
        *,
        valid: timedelta = VALIDITY_MAX,
    ) -> OrderRecord:
        """Draft an order, sign it with this process's key and submit it."""
        order = await self.draft(tx, order_id, action, purpose, fields, valid=valid)
        return await self.submit(tx, order, [sign_order(order, self.key)])

    async def submit(self, tx: Tx, order: Order, signatures: Sequence[Signature]) -> OrderRecord:
        """Keep a signed order and carry it out, or let it wait for its second approver.

        The same order again changes nothing and answers with what became of it. Raises an error that names
        what is wrong with id, keys, signatures or time, or what the ledger or a limit refuses.
        """
        await self.ledger.lock(tx)
        known = await store.find(tx, order.id)
        if known is not None:
            if canonical(known.order.document()) != canonical(order.document()):
                raise OrderIdReused(f"order {order.id} stands with other content: choose a new id")
            return known
        check_order(order)
        if order.books != await self.genesis.books(tx):
            raise BadOrder(f"order {order.id} is for the books {order.books}, not for these", field="books")
        if not timedelta(0) < order.expires_at - tx.now <= VALIDITY_MAX:
            self._expired(tx, order)
            raise BadOrder(f"order {order.id} is valid for more than {VALIDITY_MAX.days} days", field="expires_at")
        check_signers(order, signatures, await store.active_keys(tx))
        await store.add_order(tx, order)
        await store.add_signatures(tx, order.id, signatures)
        return await self._go_on(tx, order, len(signatures))

    async def approve(self, tx: Tx, order_id: str, signature: Signature) -> OrderRecord:
        """Add a second approver's signature, and carry the order out when it has enough.

        Raises `OrderClosed`, `OrderExpired`, `SameApproverTwice`, or what `submit` raises.
        """
        await self.ledger.lock(tx)
        record = await self.get(tx, order_id)
        if record.state is OrderState.EXECUTED:
            raise OrderClosed(f"order {order_id} was executed at {rfc3339(record.executed_at or record.given_at)}")
        self._expired(tx, record.order)
        check_signers(record.order, [*record.signatures, signature], await store.active_keys(tx))
        await store.add_signatures(tx, order_id, [signature])
        return await self._go_on(tx, record.order, len(record.signatures) + 1)

    def _expired(self, tx: Tx, order: Order) -> None:
        if order.expires_at <= tx.now:
            raise OrderExpired(f"order {order.id} expired at {rfc3339(order.expires_at)}: sign a new one")

    async def _go_on(self, tx: Tx, order: Order, approvals: int) -> OrderRecord:
        keys = await store.active_keys(tx)
        approvers = sum(key.role is KeyRole.APPROVER for key in keys.values())
        needed = approvals_needed(order, await self.thresholds(tx), approvers)
        if approvals >= needed:
            await self._execute(tx, order)
        state = OrderState.EXECUTED if approvals >= needed else OrderState.WAITING
        tx.emit(Event(f"tokens.order-{state.value}", {"order": order.id, "action": order.action.value}))
        return await self.get(tx, order.id)

    async def thresholds(self, read: Read) -> dict[Token, Units]:
        """Above how many units of a token an order needs a second approver."""
        return await thresholds_in_force(read)

    async def _execute(self, tx: Tx, order: Order) -> None:
        if "debit" in order.fields:
            await self._spend(tx, order)
        await store.take_in_hand(tx, order.id, transfer_of(order))
        await self.hands.carry_out(tx, order)
        closed = await store.close(tx, order.id)
        assert closed, "the head's lock lets one transaction at a time execute orders"

    async def _spend(self, tx: Tx, order: Order) -> None:
        account = order.text("debit")
        epoch_s = await self.parameters.value(tx, Parameter.TREASURY_EPOCH_S)
        limit = await self.hands.treasury_account(tx, account, order.token)
        epoch = epoch_of(tx.now, epoch_s)
        if not await store.spend(tx, account, epoch, order.amount):
            paid = (await store.spent(tx, epoch)).get(account, Units(0))
            left = Units(max(0, limit.epoch_limit - paid))
            raise SpendingLimitExceeded(
                f"{account} may pay {format_units(limit.epoch_limit)} {limit.token} in an epoch of {epoch_s} s "
                f"and has paid {format_units(paid)}; {format_units(order.amount)} more pass the limit by "
                f"{format_units(order.amount - left)}",
                account=account,
                left=format_units(left),
            )

    async def get(self, read: Read, order_id: str) -> OrderRecord:
        """Raises `OrderNotFound`."""
        record = await store.find(read, order_id)
        if record is None:
            raise OrderNotFound(f"order {order_id[:60]!r} does not exist in these books")
        return record

    async def keep_refusal(self, tx: Tx, order: Order, signatures: Sequence[Signature], refused: AIAError) -> None:
        """Keep an order that was refused, with the reason, once what it did was rolled back.

        Of one order at most `REFUSALS_MAX` are kept, however often it is given.
        """
        await self.ledger.lock(tx)
        kept = Refusal(
            id=tx.new_id("rfs"),
            order=order,
            signatures=tuple(signatures),
            code=refused.code,
            reason=refused.detail,
            subject=tx.principal.subject,
            at=tx.now,
        )
        if await store.add_refusal(tx, kept, REFUSALS_MAX):
            tx.emit(Event("tokens.order-refused", {"order": order.id, "code": refused.code}))

    async def refusals(self, read: Read, request: PageRequest) -> Page[Refusal]:
        """Orders that were refused, the newest first."""
        return await store.refusals_page(read, request)

    async def page(self, read: Read, request: PageRequest) -> Page[OrderRecord]:
        return await store.page(read, request)

    async def spent(self, read: Read) -> dict[str, Units]:
        """What each account paid out in the epoch that runs."""
        epoch_s = await self.parameters.value(read, Parameter.TREASURY_EPOCH_S)
        return await store.spent(read, epoch_of(read.now, epoch_s))

    # What AIA itself orders

    async def grant(self, tx: Tx, amount: Units) -> None:
        """Fund the wallet of the transaction's organisation, once; raises what `submit` raises."""
        order_id = content_id("ord", "grant", tx.organisation)
        if await store.find(tx, order_id) is not None:
            return
        fields: Fields = {
            "token": Token.AIA.value,
            "debit": await self.genesis.grants_account(tx),
            "credit": wallet(tx.organisation),
            "amount_units": int(amount),
        }
        why = f"opening grant of {tx.organisation}"
        record = await self.order(tx, order_id, Action.PAY, why, fields, valid=GRANT_VALIDITY)
        if record.state is OrderState.WAITING:
            limit = (await self.thresholds(tx))[Token.AIA]
            raise GrantTooLarge(
                f"AIA_ORGANISATION_GRANT is {format_units(amount)} AIA: above {format_units(limit)} AIA an order of "
                "the treasury needs a second approver; choose a smaller grant",
                field="AIA_ORGANISATION_GRANT",
            )


class GrantTooLarge(BadOrder):
    code = "grant-too-large"
    title = "The opening grant needs a second approver"
