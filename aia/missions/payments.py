"""A mission's money: its budget held, spread over the tree, paid by result, and given back.

    create    hold B              organisation's wallet -> the mission's account
    reserve   post that hold      B moves into the mission's account,
              hold each share     mission's account -> the agent's wallet, for every node of the tree
    settle    post each hold      the price moves, split between the agent and the treasury by the share that is
                                  governed; the rest of the hold is free again
    end       void what is open, and the mission's account goes back to the organisation's wallet

The mission's account has the floor 0, and all shares together are B: no agent and no mission can
spend one micro-AIA more, whatever is asked at the same time. What a mission spent is the sum of its prices;
an agent's wallet receives its share of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aia.core.money import Units
from aia.infra.sql import Read, Tx
from aia.missions.model import Mission, MissionState, Plan, Task, hold_id, transfer_id
from aia.tokens import (
    Ledger,
    Parameter,
    Parameters,
    Split,
    Transfer,
    TransferKind,
    agent_wallet,
    capture,
    split,
    transfer,
    wallet,
)

BUDGET = "budget"


def mission_account(mission: str) -> str:
    return f"mission:{mission}"


@dataclass(frozen=True, slots=True)
class Payments:
    """Translates a mission's life into transfers; every id is derived, so twice is once."""

    ledger: Ledger
    parameters: Parameters

    async def hold_budget(self, tx: Tx, mission: Mission) -> None:
        """Raises `InsufficientFunds` when the organisation's wallet has less available."""
        account = mission_account(mission.id)
        await self.ledger.open_wallets(tx, [(account, mission.id)])
        await self.ledger.require(
            tx,
            [
                transfer(
                    transfer_id(mission.id, BUDGET, "hold"),
                    wallet(tx.organisation),
                    account,
                    mission.budget,
                    kind=TransferKind.HOLD,
                    hold_id=hold_id(mission.id, BUDGET),
                    memo="budget of a mission",
                )
            ],
        )

    async def reserve(self, tx: Tx, mission: Mission, plan: Plan) -> None:
        """Move the budget in, and hold every node's share, as one batch."""
        await self.ledger.require(tx, [self._take_budget(tx, mission), *self._shares(tx, mission, plan)])

    def _take_budget(self, read: Read, mission: Mission) -> Transfer:
        return transfer(
            transfer_id(mission.id, BUDGET, "post"),
            wallet(read.organisation),
            mission_account(mission.id),
            mission.budget,
            kind=TransferKind.POST,
            hold_id=hold_id(mission.id, BUDGET),
            memo="budget of a mission",
        )

    def _shares(self, read: Read, mission: Mission, plan: Plan) -> list[Transfer]:
        return [
            transfer(
                transfer_id(mission.id, task.key, "hold"),
                mission_account(mission.id),
                agent_wallet(read.organisation, task.agent),
                task.share,
                kind=TransferKind.HOLD,
                hold_id=hold_id(mission.id, task.key),
                memo=f"share of {task.key}",
            )
            for task in plan.tasks
            if task.share
        ]

    async def split(self, read: Read, prices: Mapping[str, Units]) -> dict[str, Split]:
        """Each price between its agent and the treasury, by the share that is in force now."""
        share_bps = await self.parameters.value(read, Parameter.AGENT_SHARE_BPS)
        return {key: split(price, share_bps) for key, price in prices.items()}

    async def pay(self, tx: Tx, mission: Mission, paid: Sequence[tuple[Task, Split]]) -> None:
        """Capture each task's hold by its price; a price of 0 voids it."""
        captures = [capture(self._close(tx, mission, t, parts.price), parts) for t, parts in paid if t.share]
        await self.ledger.require(tx, [transfer for chain in captures for transfer in chain])

    def _close(self, read: Read, mission: Mission, task: Task, price: Units) -> Transfer:
        """Post or void a task's hold. Both have the same id, so a hold is closed once, in one way."""
        return transfer(
            transfer_id(mission.id, task.key, "close"),
            mission_account(mission.id),
            agent_wallet(read.organisation, task.agent),
            price,
            kind=TransferKind.POST if price else TransferKind.VOID,
            hold_id=hold_id(mission.id, task.key),
            memo=f"{'pay for' if price else 'void'} {task.key}",
        )

    async def give_back(self, tx: Tx, mission: Mission, unpaid: Sequence[Task]) -> None:
        """Void open holds and return what is left, when the mission ends; before it ran, its budget hold."""
        if mission.state is MissionState.QUEUED:
            void = replace(
                self._take_budget(tx, mission),
                id=transfer_id(mission.id, BUDGET, "void"),
                kind=TransferKind.VOID,
                amount=Units(0),
            )
            await self.ledger.require(tx, [void])
            return
        await self.ledger.require(tx, [self._close(tx, mission, task, Units(0)) for task in unpaid if task.share])
        left = (await self.ledger.account(tx, mission_account(mission.id))).posted
        if left:
            back = transfer(
                transfer_id(mission.id, BUDGET, "return"),
                mission_account(mission.id),
                wallet(tx.organisation),
                Units(left),
                memo="rest of a budget",
            )
            await self.ledger.require(tx, [back])
