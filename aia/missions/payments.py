"""A mission's money: its budget held, spread over the tree, paid by result, and given back.

    create    hold B              organisation's wallet -> the mission's account
    reserve   post that hold      B moves into the mission's account,
              hold each share     mission's account -> the agent's wallet, for every node of the tree;
                                  its outcome part is a second hold
              hold each stake     the agent's wallet -> the mission's account, as far as the wallet has it
    settle    post each hold      the price moves, split between the agent and the treasury by the share that is
                                  governed; the rest of the hold is free again
    judge     post each outcome   by what the work turned out to be worth, split likewise; void when that is nothing
              post each stake     by the false alarms; void when there were none
    end       void what is open, and the mission's account goes back to the organisation's wallet

The mission's account has the floor 0, and all shares together are B: no agent and no mission can
spend one micro-AIA more, whatever is asked at the same time. Each hold is closed once. What a mission spent
is the sum of its prices; an agent's wallet receives its share of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aia.core.money import Units
from aia.infra.sql import Read, Tx
from aia.ledger import DONE, Ledger, Transfer, TransferKind, agent_wallet, transfer, wallet
from aia.missions.judging import Award
from aia.missions.model import Mission, MissionState, Plan, PlannedTask, Task, hold_id, transfer_id
from aia.tokens import Parameter, Parameters, Split, capture, split

BUDGET = "budget"
OUTCOME = "outcome"
STAKE = "stake"
NO_PAY = Split(Units(0), Units(0))


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
        parts = [(task, Units(task.share - task.outcome), "") for task in plan.tasks]
        parts += [(task, task.outcome, OUTCOME) for task in plan.tasks]
        return [
            transfer(
                transfer_id(mission.id, task.key, f"{purpose}hold"),
                mission_account(mission.id),
                agent_wallet(read.organisation, task.agent),
                units,
                kind=TransferKind.HOLD,
                hold_id=hold_id(mission.id, task.key, purpose),
                memo=f"share of {task.key}" if not purpose else f"outcome of {task.key}",
            )
            for task, units, purpose in parts
            if units
        ]

    async def stake(self, tx: Tx, mission: Mission, plan: Plan) -> Mapping[str, int]:
        """Hold each task's stake on its agent's own wallet; what was held, by task.

        A wallet that has less stakes what it has, an empty one nothing: nobody needs money to begin.
        """
        staked: dict[str, int] = {}
        for task in plan.tasks:
            if not task.stake:
                continue
            account = await self.ledger.account(tx, agent_wallet(tx.organisation, task.agent))
            units = Units(min(task.stake, max(account.available or 0, 0)))
            if not units:
                continue
            (result,) = await self.ledger.post(tx, [self._stake(tx, mission, task, units)])
            if result.outcome in DONE:
                staked[task.key] = units
        return staked

    def _stake(self, read: Read, mission: Mission, task: PlannedTask, units: Units) -> Transfer:
        return transfer(
            transfer_id(mission.id, task.key, f"{STAKE}hold"),
            agent_wallet(read.organisation, task.agent),
            mission_account(mission.id),
            units,
            kind=TransferKind.HOLD,
            hold_id=hold_id(mission.id, task.key, STAKE),
            memo=f"stake on {task.key}",
        )

    async def split(self, read: Read, prices: Mapping[str, Units]) -> dict[str, Split]:
        """Each price between its agent and the treasury, by the share that is in force now."""
        share_bps = await self.parameters.value(read, Parameter.AGENT_SHARE_BPS)
        return {key: split(price, share_bps) for key, price in prices.items()}

    async def pay(self, tx: Tx, mission: Mission, paid: Sequence[tuple[Task, Split]]) -> None:
        """Capture each task's hold by its price; a price of 0 voids it."""
        held = [(task, parts) for task, parts in paid if task.share > task.outcome]
        captures = [capture(self._close(tx, mission, task, parts.price), parts) for task, parts in held]
        await self.ledger.require(tx, [transfer for chain in captures for transfer in chain])

    async def judge(self, tx: Tx, mission: Mission, judged: Sequence[tuple[Award, Split]]) -> None:
        """Capture outcomes and forfeits; what is not captured is void, and free again."""
        batch: list[Transfer] = []
        for award, parts in judged:
            if award.task.outcome:
                batch += capture(self._close(tx, mission, award.task, award.price, OUTCOME), parts)
            if award.task.stake:
                batch.append(self._close_stake(tx, mission, award.task, award.forfeited))
        await self.ledger.require(tx, batch)

    def _close(self, read: Read, mission: Mission, task: Task, price: Units, purpose: str = "") -> Transfer:
        """Post or void a task's hold. Both have the same id, so a hold is closed once, in one way."""
        return transfer(
            transfer_id(mission.id, task.key, f"{purpose}close"),
            mission_account(mission.id),
            agent_wallet(read.organisation, task.agent),
            price,
            kind=TransferKind.POST if price else TransferKind.VOID,
            hold_id=hold_id(mission.id, task.key, purpose),
            memo=f"{'pay for' if price else 'void'} {purpose and 'outcome of '}{task.key}",
        )

    def _close_stake(self, read: Read, mission: Mission, task: Task, forfeited: Units) -> Transfer:
        return transfer(
            transfer_id(mission.id, task.key, f"{STAKE}close"),
            agent_wallet(read.organisation, task.agent),
            mission_account(mission.id),
            forfeited,
            kind=TransferKind.POST if forfeited else TransferKind.VOID,
            hold_id=hold_id(mission.id, task.key, STAKE),
            memo=f"{'forfeit of' if forfeited else 'void'} stake on {task.key}",
        )

    async def give_back(self, tx: Tx, mission: Mission, unpaid: Sequence[Task], unjudged: Sequence[Task]) -> None:
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
        await self.pay(tx, mission, [(task, NO_PAY) for task in unpaid])
        await self.judge(tx, mission, [(Award(task, Units(0), Units(0)), NO_PAY) for task in unjudged])
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
