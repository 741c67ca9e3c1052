"""Tables of votes: who delegates to whom now, and what each delegate could vote with at any time."""

from collections.abc import Sequence

import sqlalchemy as sa

from aia.infra.sql import Instants, Read, Tx, metadata
from aia.tokens.votes.model import Checkpoint, Delegation

delegations = sa.Table(
    "vote_delegation",
    metadata,
    sa.Column("wallet", sa.String(120), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False, index=True),
    sa.Column("delegate", sa.String(120)),
    sa.Column("from_seq", sa.BigInteger, nullable=False),
    sa.Column("at", Instants, nullable=False),
)

vote_checkpoints = sa.Table(
    "vote_checkpoint",
    metadata,
    sa.Column("delegate", sa.String(120), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sa.Column("votes", sa.BigInteger, nullable=False),
    sa.CheckConstraint("votes >= 0", name="votes"),
)


async def delegates_of(read: Read, wallets: Sequence[str]) -> dict[str, str | None]:
    c = delegations.c
    rows = await read.rows(sa.select(c.wallet, c.delegate).where(c.wallet.in_(wallets)))
    return {row.wallet: row.delegate for row in rows}


async def find_delegation(read: Read, wallet: str) -> Delegation | None:
    mine = sa.and_(delegations.c.wallet == wallet, delegations.c.organisation == read.organisation)
    row = await read.row(sa.select(delegations).where(mine))
    return None if row is None else Delegation(row.wallet, row.delegate, row.from_seq, row.at)


async def save_delegation(tx: Tx, new: Delegation) -> None:
    values = {"delegate": new.delegate, "from_seq": new.from_seq, "at": new.at}
    mine = delegations.c.wallet == new.wallet
    if not await tx.run(sa.update(delegations).where(mine).values(**values)):
        await tx.insert(delegations, [{"wallet": new.wallet, "organisation": tx.organisation} | values])


async def newest(read: Read, delegates: Sequence[str]) -> dict[str, Checkpoint]:
    """The newest checkpoint of each delegate that has one."""
    c = vote_checkpoints.c
    last = sa.select(c.delegate, sa.func.max(c.seq).label("seq")).where(c.delegate.in_(delegates))
    top = last.group_by(c.delegate).subquery()
    query = sa.select(vote_checkpoints).join(top, sa.and_(c.delegate == top.c.delegate, c.seq == top.c.seq))
    return {row.delegate: Checkpoint(row.delegate, row.seq, row.votes) for row in await read.rows(query)}


async def at(read: Read, delegate: str, seq: int) -> int:
    """Votes of the last checkpoint at or before a sequence number; 0 without one."""
    c = vote_checkpoints.c
    query = sa.select(c.votes).where(c.delegate == delegate, c.seq <= seq).order_by(c.seq.desc()).limit(1)
    row = await read.row(query)
    return 0 if row is None else row.votes


async def write(tx: Tx, new: Sequence[Checkpoint]) -> None:
    """Add checkpoints; one that stands at the same number is brought up to date."""
    keys = [sa.and_(vote_checkpoints.c.delegate == c.delegate, vote_checkpoints.c.seq == c.seq) for c in new]
    for key in keys:
        await tx.run(sa.delete(vote_checkpoints).where(key))
    await tx.insert(vote_checkpoints, [{"delegate": c.delegate, "seq": c.seq, "votes": c.votes} for c in new])
