"""Orders as the faces give them, in transactions of their own; what is refused is kept with its reason."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aia.core.errors import AIAError
from aia.core.principal import Principal
from aia.infra.sql import Database, Tx
from aia.tokens.treasury.model import Action, Fields, Order, OrderRecord, Signature, sign_order
from aia.tokens.treasury.service import Treasury


@dataclass(frozen=True, slots=True)
class OrderSubmission:
    """Begins and ends transactions, which services do not: a refusal rolls back one and is written by the next."""

    database: Database
    treasury: Treasury

    async def submit(self, principal: Principal, order: Order, signatures: Sequence[Signature]) -> OrderRecord:
        """As `Treasury.submit`; what it refuses is kept."""
        return await self._keeping(
            principal, order, signatures, lambda tx: self.treasury.submit(tx, order, signatures)
        )

    async def approve(self, principal: Principal, order_id: str, signature: Signature) -> OrderRecord:
        """As `Treasury.approve`; what it refuses of an order that stands is kept."""
        async with self.database.read(principal) as read:
            order = (await self.treasury.get(read, order_id)).order
        return await self._keeping(
            principal, order, [signature], lambda tx: self.treasury.approve(tx, order_id, signature)
        )

    async def sign(
        self, principal: Principal, order_id: str, action: Action, purpose: str, fields: Fields
    ) -> OrderRecord:
        """Draft an order, sign it with this process's key and submit it. A draft that is none is not kept."""
        async with self.database.read(principal) as read:
            order = await self.treasury.draft(read, order_id, action, purpose, fields)
        return await self.submit(principal, order, [sign_order(order, self.treasury.key)])

    async def _keeping(
        self,
        principal: Principal,
        order: Order,
        signatures: Sequence[Signature],
        act: Callable[[Tx], Awaitable[OrderRecord]],
    ) -> OrderRecord:
        try:
            async with self.database.begin(principal) as tx:
                return await act(tx)
        except AIAError as refused:
            async with self.database.begin(principal) as tx:
                await self.treasury.keep_refusal(tx, order, signatures, refused)
            raise
