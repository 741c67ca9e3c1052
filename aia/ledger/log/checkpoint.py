"""Checkpoints and proof files: what an outsider keeps and checks.

Protocols: C2SP tlog-checkpoint (a signed note of origin, tree size and root), C2SP tlog-proof v1 (an inclusion proof
with its checkpoint), and for consistency the body of C2SP tlog-witness's add-checkpoint, which a witness takes
as it is. The `extra` line of an inclusion proof carries the leaf, so the file alone says what was posted.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aia.ledger.log.merkle import SIZE_MAX, leaf_hash, verify_consistency, verify_inclusion
from aia.ledger.log.note import BadNote, SignedNote, SigningKey, VerifierKey, parse_base64, parse_hash, parse_note

PROOF_HEAD = "c2sp.org/tlog-proof@v1"
HASHES_MAX = 63
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` held `tree_size` transfers with this root."""

    origin: str
    tree_size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.tree_size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, key: SigningKey) -> SignedNote:
        return key.sign(self.text())


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Transfer `leaf` stands at `index` (its sequence number less one) under the checkpoint."""

    index: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    note: SignedNote

    def __str__(self) -> str:
        extra = base64.b64encode(self.leaf).decode()
        return f"{PROOF_HEAD}\nextra {extra}\nindex {self.index}\n{_lines(self.hashes)}\n{self.note}"

    def verify(self, key: VerifierKey) -> Checkpoint:
        """The checkpoint the leaf is proven under; raises `BadNote`."""
        checkpoint = open_checkpoint(self.note, key)
        hashed = leaf_hash(self.leaf)
        if not verify_inclusion(self.index, checkpoint.tree_size, hashed, self.hashes, checkpoint.root):
            raise BadNote(f"the proof does not lead from leaf {self.index} to the root of the checkpoint")
        return checkpoint


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """The log under the checkpoint begins with the first `old_size` transfers as they were."""

    old_size: int
    hashes: tuple[bytes, ...]
    note: SignedNote

    def __str__(self) -> str:
        return f"old {self.old_size}\n{_lines(self.hashes)}\n{self.note}"

    def verify(self, old: Checkpoint, key: VerifierKey) -> Checkpoint:
        """The newer checkpoint, proven to extend the older one; raises `BadNote`."""
        new = open_checkpoint(self.note, key)
        if old.origin != new.origin or old.tree_size != self.old_size:
            raise BadNote(f"the proof starts from {self.old_size} transfers of {new.origin}, the checkpoint does not")
        if not verify_consistency(old.tree_size, new.tree_size, old.root, new.root, self.hashes):
            raise BadNote(f"the log of {new.tree_size} transfers does not extend the one of {old.tree_size}")
        return new


def open_checkpoint(note: SignedNote, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note signed by the key of the log; raises `BadNote`."""
    key.verify(note)
    checkpoint = read_checkpoint(note)
    if checkpoint.origin != key.name:
        raise BadNote(f"the checkpoint is of {checkpoint.origin[:80]!r}, the key of {key.name}")
    return checkpoint


def read_checkpoint(note: SignedNote) -> Checkpoint:
    """What a note says, without asking who signed it; raises `BadNote` when it is no checkpoint."""
    lines = note.text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise BadNote("a checkpoint has an origin, a tree size and a root, and no empty line")
    return Checkpoint(lines[0], _decimal(lines[1], "the tree size"), parse_hash(lines[2]))


def parse_inclusion_proof(data: str) -> InclusionProof:
    """The proof of a `.tlog-proof` file made here (with the leaf as `extra`); raises `BadNote`."""
    head, lines, note = _proof_file(data)
    if head != PROOF_HEAD:
        raise BadNote(f"an inclusion proof begins with {PROOF_HEAD}, not with {head[:80]!r}")
    if len(lines) < 2 or not lines[0].startswith("extra ") or not lines[1].startswith("index "):
        raise BadNote("the proof needs the lines `extra …` (the leaf) and `index …`")
    leaf = parse_base64(lines[0].removeprefix("extra "), "the leaf")
    index = _decimal(lines[1].removeprefix("index "), "the index")
    return InclusionProof(index, leaf, _hashes(lines[2:]), note)


def parse_consistency_proof(data: str) -> ConsistencyProof:
    """The proof of a file that begins with `old …`; raises `BadNote`."""
    head, lines, note = _proof_file(data)
    if not head.startswith("old "):
        raise BadNote(f"a consistency proof begins with `old` and a tree size, not with {head[:80]!r}")
    return ConsistencyProof(_decimal(head.removeprefix("old "), "the old tree size"), _hashes(lines), note)


def _proof_file(data: str) -> tuple[str, list[str], SignedNote]:
    """First line, other lines up to the empty one, and the checkpoint after it."""
    proof, gap, note = data.partition("\n\n")
    if not gap:
        raise BadNote("a proof file is lines of a proof, an empty line and a checkpoint")
    head, *lines = proof.split("\n")
    return head, lines, parse_note(note)


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(f"{base64.b64encode(value).decode()}\n" for value in hashes)


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > HASHES_MAX:
        raise BadNote(f"the proof has {len(lines)} hashes; no tree needs more than {HASHES_MAX}")
    return tuple(parse_hash(line) for line in lines)


def _decimal(text: str, what: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > SIZE_MAX:
        raise BadNote(f"{what} is {text[:40]!r}: it must be a decimal of 0 or more without leading zeros")
    return int(text)
