"""Replaying the journal: every balance, hold and floor from nothing, compared with what stands."""

from collections import defaultdict
from dataclasses import dataclass

from aia.infra.sql import Read
from aia.tokens import store
from aia.tokens.model import Token

REPLAY_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Audit:
    """What a replay found; `problems` empty means the books hold."""

    transfers: int
    accounts: int
    trial_balance: int
    supply: dict[Token, int]
    problems: tuple[str, ...]


async def audit(read: Read) -> Audit:
    """Replay every transfer of the deployment in order of sequence; reads only, in bounded batches."""
    balances: dict[str, int] = defaultdict(int)
    problems: list[str] = []
    seq = 0
    while batch := await store.transfers_after(read, seq, REPLAY_BATCH):
        for row in batch:
            if row.seq != seq + 1:
                problems.append(f"sequence {seq + 1} to {row.seq - 1} is missing")
            seq = row.seq
            balances[row.debit] -= row.amount
            balances[row.credit] += row.amount
            if (balances[row.debit], balances[row.credit]) != (row.debit_after, row.credit_after):
                problems.append(f"transfer {row.id} (sequence {row.seq}) differs from its replay")
    accounts = await store.all_accounts(read)
    held = await store.open_held(read)
    for account in accounts:
        if balances[account.id] != account.posted:
            problems.append(
                f"account {account.id} stands at {account.posted} units, its replay at {balances[account.id]}"
            )
        if held.get(account.id, 0) != account.held:
            problems.append(f"account {account.id} has {account.held} units held, its open holds differ")
        if account.available is not None and account.available < 0:
            problems.append(f"account {account.id} is below its floor")
    sums = await store.balance_sums(read)
    supply = {a.token: -a.posted for a in accounts if a.floor is None}
    trial_balance = sum(abs(total) for total in sums.values())
    return Audit(seq, len(accounts), trial_balance, supply, tuple(problems))
