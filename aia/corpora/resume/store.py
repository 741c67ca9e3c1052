"""The table of marks: where the reading of a file ended, kept with the corpus that came of it."""

import sqlalchemy as sa

from aia.infra.sql import Instants, Read, Tx, metadata

marks = sa.Table(
    "reading_mark",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("corpus", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instants, nullable=False),
    sa.ForeignKeyConstraint(["organisation", "corpus"], ["corpus.organisation", "corpus.id"]),
    sa.Index(None, "organisation", "key"),
)


async def newest(read: Read, key: str, length_max: int, number: int) -> list[tuple[str, int, str]]:
    """(corpus, length, SHA-256) of the longest marks that are no longer than a file, longest first."""
    query = sa.select(marks.c.corpus, marks.c.length, marks.c.sha256).where(
        marks.c.organisation == read.organisation, marks.c.key == key, marks.c.length <= length_max
    )
    rows = await read.rows(query.order_by(marks.c.length.desc(), marks.c.corpus).limit(number))
    return [(row.corpus, row.length, row.sha256) for row in rows]


async def data_of(read: Read, corpus: str) -> bytes | None:
    query = sa.select(marks.c.data).where(marks.c.organisation == read.organisation, marks.c.corpus == corpus)
    row = await read.row(query)
    return None if row is None else bytes(row.data)


async def put(tx: Tx, corpus: str, key: str, length: int, sha256: str, data: bytes) -> None:
    """The mark of a corpus; one that it has stands."""
    row = {"organisation": tx.organisation, "corpus": corpus, "key": key, "length": length, "sha256": sha256}
    await tx.insert_new(marks, [row | {"data": data, "created_at": tx.now}])


async def keep_newest(tx: Tx, number: int, left_out: str | None) -> None:
    """Remove one mark, and all but so many of the newest."""
    mine = marks.c.organisation == tx.organisation
    rows = await tx.rows(sa.select(marks.c.corpus).where(mine).order_by(marks.c.created_at.desc(), marks.c.corpus))
    kept = [row.corpus for row in rows if row.corpus != left_out][:number]
    old = {row.corpus for row in rows} - set(kept)
    if old:
        await tx.run(sa.delete(marks).where(mine, marks.c.corpus.in_(sorted(old))))
