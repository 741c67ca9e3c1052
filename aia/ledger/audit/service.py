"""The log towards the outside: checkpoints signed with its key, and proofs under them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aia.core.errors import Conflict, NotFound
from aia.core.principal import SYSTEM
from aia.infra.sql import Read, Tx
from aia.ledger import store as ledger_store
from aia.ledger.audit.leaves import leaves_of
from aia.ledger.audit.store import NamedRows, Signed, Source
from aia.ledger.log import store
from aia.ledger.log.checkpoint import Checkpoint, ConsistencyProof, InclusionProof, open_checkpoint, read_checkpoint
from aia.ledger.log.merkle import (
    EMPTY_ROOT,
    SIZE_MAX,
    STORED_LEVEL,
    Frontier,
    Span,
    build_proof,
    complete_nodes,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    nodes_within,
    verify_consistency,
)
from aia.ledger.log.note import SignedNote, SigningKey, parse_note
from aia.ledger.store_ids import TRANSFER, number_of

_BLOCK = 1 << STORED_LEVEL
_LEVELS = 40
"""A log of 2^40 transfers is far away; above, nodes are asked for one by one."""
_Nodes: TypeAlias = Mapping[tuple[int, int], bytes]


class NotInLog(NotFound):
    """No such transfer or checkpoint in the log, or none that the organisation may see."""

    code = "not-in-log"
    title = "Not in the log"


class LogBroken(Conflict):
    """The log does not extend what was signed before: it is not signed again before someone has looked."""

    code = "log-broken"
    title = "The log of the ledger is broken"


@dataclass(frozen=True, slots=True)
class TransferLog:
    """The Merkle log over the transfers of the deployment; `key` is the log's own."""

    key: SigningKey

    async def checkpoint(self, tx: Tx) -> SignedNote:
        """The newest checkpoint, made and kept now if the log has grown since.

        Raises `LogBroken` instead of signing a log that does not extend the newest checkpoint.
        """
        head = await ledger_store.head(tx)
        newest = await self.newest(tx)
        size = head.next_seq - 1
        if newest is not None and open_checkpoint(newest, self.key.verifier).tree_size >= size:
            return newest
        frontier = Frontier.from_bytes(head.frontier)
        if frontier.size != size or frontier.root() != (head.root or EMPTY_ROOT):
            raise LogBroken(f"the head of the ledger is at {size} transfers, its log at {frontier.size}: run a check")
        grown = Checkpoint(self.key.name, size, frontier.root())
        if newest is not None:
            await self._require_extension(tx, open_checkpoint(newest, self.key.verifier), grown)
        note = grown.sign(self.key)
        await store.add_checkpoint(tx, size, str(note))
        return note

    async def has_grown(self, read: Read) -> bool:
        """Whether the ledger has transfers that no checkpoint covers."""
        size = (await ledger_store.head(read)).next_seq - 1
        return size > 0 and await store.checkpoint_from(read, size) is None

    async def _require_extension(self, read: Read, old: Checkpoint, new: Checkpoint) -> None:
        spans = consistency_spans(old.tree_size, new.tree_size)
        proof = await _proof(await Source.of(read), spans, new.tree_size, {})
        if not verify_consistency(old.tree_size, new.tree_size, old.root, new.root, proof):
            raise LogBroken(
                f"the log of {new.tree_size} transfers does not extend the checkpoint of {old.tree_size}: "
                "nothing is signed; run `aia ledger verify`"
            )

    async def newest(self, read: Read) -> SignedNote | None:
        """The newest checkpoint that was made; None before the first."""
        note = await store.find_checkpoint(read)
        return None if note is None else parse_note(note)

    async def checkpoint_at(self, read: Read, tree_size: int) -> SignedNote:
        """The checkpoint of that size; raises `NotInLog` if none was made there."""
        note = await store.find_checkpoint(read, tree_size)
        if note is None:
            raise NotInLog(
                f"no checkpoint of {tree_size} transfers was made; ask for the newest", tree_size=tree_size
            )
        return parse_note(note)

    async def prove_inclusion(
        self, read: Read, *, transfer_id: str | None = None, seq: int | None = None, tree_size: int | None = None
    ) -> InclusionProof:
        """That a transfer, named by id or sequence number, stands in the log under a checkpoint, else the newest.

        Raises `NotInLog`: there is no such transfer, the organisation has no part in it, or it is newer
        than the checkpoint.
        """
        source = await Source.of(read)
        named = f"transfer {transfer_id!r}" if transfer_id is not None else f"transfer {seq}"
        if transfer_id is not None:
            number = number_of(TRANSFER, transfer_id)
            seq = None if number is None else await source.seq_of(number.to_bytes(16, "big"))
        if seq is None or not 1 <= seq <= SIZE_MAX:
            raise NotInLog(f"{named} is not in the log")
        start = (seq - 1) >> STORED_LEVEL << STORED_LEVEL
        signed, rows, stored = await source.for_proof(tree_size, start + 1, start + _BLOCK, _siblings(seq - 1))
        note, checkpoint, edge = _opened(signed, tree_size)
        if seq > checkpoint.tree_size:
            raise NotInLog(
                f"{named} is number {seq}, the checkpoint ends at {checkpoint.tree_size}: make a newer one"
            )
        blocks = _blocks_of(source, rows, [start], checkpoint.tree_size)
        if read.organisation != SYSTEM and read.organisation not in blocks.owners[seq - 1]:
            raise NotInLog(f"{named} is not in the log of this organisation")
        spans = inclusion_spans(seq - 1, checkpoint.tree_size)
        hashes = await _proof(source, spans, checkpoint.tree_size, {**edge, **stored, **blocks.nodes})
        return InclusionProof(seq - 1, blocks.leaves[seq - 1], tuple(hashes), note)

    async def prove_consistency(self, read: Read, old_size: int, new_size: int | None = None) -> ConsistencyProof:
        """That the log under a checkpoint (by default the newest) begins with its first `old_size` transfers.

        Raises `NotInLog` for a size beyond the checkpoint, or of which none was made.
        """
        source = await Source.of(read)
        note, checkpoint, edge = _opened(await source.signed(new_size), new_size)
        size = checkpoint.tree_size
        if not 0 <= old_size <= size:
            raise NotInLog(f"the log has {size} transfers under its checkpoint, not {old_size}", old_size=old_size)
        spans = consistency_spans(old_size, size)
        return ConsistencyProof(old_size, tuple(await _proof(source, spans, size, edge)), note)


def _opened(signed: Signed | None, tree_size: int | None) -> tuple[SignedNote, Checkpoint, _Nodes]:
    """The newest checkpoint or that of a size; what this process stored is not verified again.

    The third is the right edge of its tree, where the head still stands there: else it is read from the journal.
    """
    if signed is None and tree_size is not None:
        raise NotInLog(f"no checkpoint of {tree_size} transfers was made", tree_size=tree_size)
    if signed is None:
        raise NotInLog("no checkpoint was made yet: make one with `aia ledger checkpoint`")
    note = parse_note(signed.note)
    checkpoint = read_checkpoint(note)
    return note, checkpoint, _edge(signed.frontier, checkpoint.tree_size)


def _edge(frontier: bytes, size: int) -> _Nodes:
    """The complete nodes at the right edge of the tree of a size, if the frontier is that tree's."""
    head = Frontier.from_bytes(frontier)
    return dict(zip(complete_nodes((0, size)), head.hashes, strict=True)) if head.size == size else {}


def _siblings(index: int) -> list[tuple[int, int]]:
    """The nodes beside the path of a leaf that may be stored: of a whole tree, all that its proof needs of them."""
    return [(level, index >> level ^ 1) for level in range(STORED_LEVEL, _LEVELS)]


async def _proof(source: Source, spans: Sequence[Span], size: int, known: _Nodes) -> list[bytes]:
    """The hashes of a proof; reads what is not known of its nodes."""
    wanted = {node for span in spans for node in complete_nodes(span)} - known.keys()
    low = {node for node in wanted if node[0] < STORED_LEVEL}
    starts = sorted({position << level >> STORED_LEVEL << STORED_LEVEL for level, position in low})
    found = await source.named_leaf_rows([(start + 1, min(start + _BLOCK, size)) for start in starts])
    nodes = {**known, **_blocks_of(source, found, starts, size).nodes, **await source.nodes_at(wanted - low)}

    def node(level: int, position: int) -> bytes:
        value = nodes.get((level, position))
        if value is None:
            raise LogBroken(f"node {position} of level {level} of the log is missing: run `aia ledger verify`")
        return value

    return build_proof(spans, node)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Of some blocks, by index: leaves, and the organisations of their accounts; and all nodes within."""

    leaves: dict[int, bytes]
    owners: dict[int, tuple[str, str]]
    nodes: dict[tuple[int, int], bytes]


def _blocks_of(source: Source, found: NamedRows, starts: Iterable[int], size: int) -> _Blocks:
    """Leaves and nodes of the blocks of 2^STORED_LEVEL transfers that begin there: of a proof two at the most."""
    leaves, owners = dict[int, bytes](), dict[int, tuple[str, str]]()
    made = leaves_of(found.rows, found.names, source.microseconds)
    for row, leaf, of in zip(found.rows, made, found.owners, strict=True):
        leaves[row[0] - 1], owners[row[0] - 1] = leaf, of
    nodes: dict[tuple[int, int], bytes] = {}
    for start in starts:
        indices = range(start, min(start + _BLOCK, size))
        if not all(index in leaves for index in indices):
            raise LogBroken(f"a transfer from {start + 1} is missing in the journal: run `aia ledger verify`")
        nodes.update(nodes_within(start, [leaf_hash(leaves[index]) for index in indices]))
    return _Blocks(leaves, owners, nodes)
