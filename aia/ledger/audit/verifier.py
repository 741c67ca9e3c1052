"""Check an export of the ledger, or a proof, without AIA.

    python verify.py export DIR --key KEY                every transfer, balance, hold, the supply, the log's root and
                                                         the signature of each checkpoint
    python verify.py inclusion FILE --key KEY            that a transfer stands in the log; prints the transfer
    python verify.py consistency FILE OLD --key KEY      that the log only grew since the checkpoint in the file OLD

KEY is the log's public key, or a file that holds it (`log.vkey`); get it from the operator by another way than the
export. Exit code 0: it holds, 1: it does not, 2: it cannot be checked. Needs Python 3.11 or newer and `cryptography`,
nothing of AIA: this file is written from docs/ledger-audit.md, RFC 6962 and C2SP signed-note, and reads what
AIA exports with code of its own.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LARGEST = 2**53 - 1
KINDS = ("plain", "hold", "post", "void", "expire", "mint", "burn", "reversal")
TOKENS = ("AIA", "AIA_GOV")
TEXTS = ("id", "debit", "credit", "hold", "reverses", "memo")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z", re.ASCII)


class Wrong(Exception):
    """What does not hold."""


# The Merkle tree


def leaf_of(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A stack of complete subtrees, the largest at the bottom; equal heights merge."""

    def __init__(self) -> None:
        self.stack: list[tuple[int, bytes]] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        height, current = 0, leaf
        while self.stack and self.stack[-1][0] == height:
            current = node_of(self.stack.pop()[1], current)
            height += 1
        self.stack.append((height, current))
        self.size += 1

    def root(self) -> bytes:
        if not self.stack:
            return hashlib.sha256(b"").digest()
        current = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            current = node_of(left, current)
        return current


def split(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def root_of_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that PATH(index, D[size]) of RFC 6962 leads to."""
    if size == 1:
        if path:
            raise Wrong("the proof has more hashes than the tree has levels")
        return leaf
    if not path:
        raise Wrong("the proof has fewer hashes than the tree has levels")
    half = split(size)
    if index < half:
        return node_of(root_of_path(index, half, leaf, path[:-1]), path[-1])
    return node_of(path[-1], root_of_path(index - half, size - half, leaf, path[:-1]))


def roots_of_proof(old: int, new: int, path: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """Both roots that SUBPROOF(old, D[new]) of RFC 6962 leads to; `known` is the old root while it is whole."""
    if old == new:
        if len(path) != (0 if known else 1):
            raise Wrong("the proof has not as many hashes as the trees ask for")
        found = known or path[0]
        return found, found
    if not path:
        raise Wrong("the proof has fewer hashes than the trees ask for")
    half = split(new)
    if old <= half:
        before, after = roots_of_proof(old, half, path[:-1], known)
        return before, node_of(after, path[-1])
    before, after = roots_of_proof(old - half, new - half, path[:-1], None)
    return node_of(path[-1], before), node_of(path[-1], after)


# Signed notes


class Key:
    """The log's public key, from `name+id+base64`."""

    def __init__(self, text: str) -> None:
        name, key_id, encoded = (text.strip().split("+", 2) + ["", ""])[:3]
        raw = decoded(encoded)
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if len(raw) != 33 or raw[0] != 1 or expected.hex() != key_id:
            raise ValueError("the key is not one of a log: name+id+base64")
        self.name, self.id, self.key = name, expected, Ed25519PublicKey.from_public_bytes(raw[1:])


def decoded(text: str) -> bytes:
    raw = base64.b64decode(text.encode(), validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError(f"{text[:60]!r} is not plain base64")
    return raw


def open_note(note: str, key: Key) -> tuple[int, bytes]:
    """Size and root of a checkpoint, once the key's signature on it is verified."""
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    if not gap or not lines.endswith("\n"):
        raise Wrong("the checkpoint is not a signed note")
    verified = False
    for line in lines[:-1].split("\n"):
        dash, name, encoded = (line.split(" ") + ["", "", ""])[:3]
        raw = decoded(encoded)
        if dash != "\u2014" or line.count(" ") != 2:
            raise Wrong("the checkpoint has a line that is no signature")
        if (name, raw[:4]) == (key.name, key.id):
            try:
                key.key.verify(raw[4:], text.encode())
            except InvalidSignature:
                raise Wrong("the signature on the checkpoint does not match") from None
            verified = True
    if not verified:
        raise Wrong(f"the checkpoint is not signed by {key.name}")
    origin, size, root, *_ = text.split("\n")
    if origin != key.name or not re.fullmatch(r"0|[1-9][0-9]*", size, re.ASCII):
        raise Wrong(f"the checkpoint is not one of {key.name}")
    return int(size), decoded(root)


# Transfers


def time_of(text: str) -> int:
    match = TIME.fullmatch(text)
    if not match:
        raise Wrong(f"the time {text!r} is not RFC 3339 with microseconds in UTC")
    seconds = datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc)  # noqa: UP017 - as plain as can be
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
    return (seconds - epoch) // timedelta(seconds=1) * 1_000_000 + int(match[2])


def leaf_bytes(row: dict[str, Any]) -> bytes:
    """The canonical bytes of a transfer, version 1, as docs/ledger-audit.md lays them out."""
    texts = [(row[name] or "").encode() for name in TEXTS]
    flags = (row["hold"] is not None) + 2 * (row["reverses"] is not None) + 4 * (row["expires_at"] is not None)
    head = bytes([1, KINDS.index(row["kind"]) + 1, TOKENS.index(row["token"]) + 1, flags])
    expires = 0 if row["expires_at"] is None else time_of(row["expires_at"])
    unsigned = [row[name].to_bytes(8, "big") for name in ("seq", "amount")]
    signed = (row["debit_after"], row["credit_after"], time_of(row["at"]), expires)
    numbers = [*unsigned, *(value.to_bytes(8, "big", signed=True) for value in signed)]
    lengths = [len(text).to_bytes(2, "big") for text in texts]
    return b"".join([head, *numbers, *lengths, *texts])


def transfer_of(leaf: bytes) -> dict[str, Any]:
    """What a leaf says, for people; the proof has shown that it is in the log."""
    at, texts = 64, list[str]()
    for place in range(6):
        length = int.from_bytes(leaf[52 + 2 * place : 54 + 2 * place], "big")
        texts.append(leaf[at : at + length].decode())
        at += length
    if at != len(leaf) or leaf[0] != 1:
        raise Wrong("the leaf is not one of a transfer")
    micros = int.from_bytes(leaf[36:44], "big", signed=True)
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)  # noqa: UP017
    named = {name: text for name, text in zip(TEXTS, texts, strict=True) if text}
    return {
        "seq": int.from_bytes(leaf[4:12], "big"),
        "kind": KINDS[leaf[1] - 1],
        "token": TOKENS[leaf[2] - 1],
        "amount": int.from_bytes(leaf[12:20], "big"),
        "at": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        **named,
    }


class Books:
    """Balances, holds and reversals, from the transfers alone."""

    def __init__(self, accounts: list[dict[str, Any]]) -> None:
        self.accounts = {account["id"]: account for account in accounts}
        if len(self.accounts) != len(accounts):
            raise Wrong("an account is listed twice")
        self.posted = dict.fromkeys(self.accounts, 0)
        self.held = dict.fromkeys(self.accounts, 0)
        self.holds: dict[str, list[Any]] = {}
        self.moved: dict[str, list[Any]] = {}

    def apply(self, row: dict[str, Any]) -> None:
        seq, kind, amount, debit, credit = (row[name] for name in ("seq", "kind", "amount", "debit", "credit"))
        if debit == credit or row["id"] in self.moved:
            raise Wrong(f"transfer {seq} goes from an account to itself, or its id came before")
        source, target = self.accounts[debit], self.accounts[credit]
        if not source["token"] == target["token"] == row["token"]:
            raise Wrong(f"transfer {seq} mixes tokens")
        if (source["floor"] is None) != (kind == "mint") or (target["floor"] is None) != (kind == "burn"):
            raise Wrong(f"transfer {seq} uses the mint, which its kind may not")
        if not (amount == 0 if kind in {"void", "expire"} else 1 <= amount <= LARGEST):
            raise Wrong(f"transfer {seq} is of {amount} units")
        moves = 0 if kind in {"hold", "void", "expire"} else amount
        if kind == "hold":
            self.open_hold(row)
        elif kind in {"post", "void", "expire"}:
            self.close_hold(row)
        elif kind == "reversal":
            self.give_back(row)
        self.posted[debit] -= moves
        self.posted[credit] += moves
        self.moved[row["id"]] = [debit, credit, moves, kind]
        if (self.posted[debit], self.posted[credit]) != (row["debit_after"], row["credit_after"]):
            raise Wrong(f"transfer {seq} says {row['debit_after']} and {row['credit_after']} units are left, not so")
        if source["floor"] is not None and self.posted[debit] - self.held[debit] < source["floor"]:
            raise Wrong(f"transfer {seq} takes {debit} below its floor")

    def open_hold(self, row: dict[str, Any]) -> None:
        if row["hold"] is None or row["hold"] in self.holds:
            raise Wrong(f"transfer {row['seq']} opens a hold that has no id, or opens it again")
        self.holds[row["hold"]] = [row["debit"], row["credit"], row["amount"], row["expires_at"], True]
        self.held[row["debit"]] += row["amount"]

    def close_hold(self, row: dict[str, Any]) -> None:
        hold = self.holds.get(row["hold"])
        if hold is None or not hold[4] or hold[:2] != [row["debit"], row["credit"]] or row["amount"] > hold[2]:
            raise Wrong(f"transfer {row['seq']} closes a hold that is not open, not its own or too small")
        expired = hold[3] is not None and time_of(hold[3]) <= time_of(row["at"])
        if (row["kind"] == "expire" and not expired) or (row["kind"] == "post" and expired):
            raise Wrong(f"transfer {row['seq']} closes its hold at the wrong time")
        hold[4] = False
        self.held[row["debit"]] -= hold[2]

    def give_back(self, row: dict[str, Any]) -> None:
        original = self.moved.get(row["reverses"])
        if original is None or original[3] == "reversal" or original[:2] != [row["credit"], row["debit"]]:
            raise Wrong(f"transfer {row['seq']} reverses no transfer before it")
        original[2] -= row["amount"]
        if original[2] < 0:
            raise Wrong(f"transfer {row['seq']} gives back more than was moved")

    def compare(self) -> None:
        for name, account in self.accounts.items():
            if (account["posted"], account["held"]) != (self.posted[name], self.held[name]):
                raise Wrong(f"account {name} is listed with {account['posted']} units and {account['held']} held")


# Commands


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def check_export(folder: Path, key: Key) -> dict[str, Any]:
    notes = [open_note(row["note"], key) for row in rows_of(folder / "checkpoints.jsonl")]
    wanted: dict[int, bytes] = dict(notes)
    if len(wanted) != len(notes):
        raise Wrong("two checkpoints are of one size")
    books, tree = Books(list(rows_of(folder / "accounts.jsonl"))), Tree()
    for row in rows_of(folder / "transfers.jsonl"):
        check_root(tree, wanted)
        if row["seq"] != tree.size + 1:
            raise Wrong(f"transfer {tree.size + 1} is missing, {row['seq']} stands there")
        books.apply(row)
        tree.add(leaf_of(leaf_bytes(row)))
    check_root(tree, wanted)
    if not notes or max(size for size, _ in notes) != tree.size:
        raise Wrong(f"no checkpoint covers all {tree.size} transfers, and none may go beyond")
    books.compare()
    sums = dict.fromkeys(TOKENS, 0)
    supply = dict.fromkeys(TOKENS, 0)
    for name, units in books.posted.items():
        sums[books.accounts[name]["token"]] += units
        supply[books.accounts[name]["token"]] -= units if books.accounts[name]["floor"] is None else 0
    if any(sums.values()):
        raise Wrong(f"the balances do not sum to zero: {sums}")
    return {
        "transfers": tree.size,
        "accounts": len(books.accounts),
        "checkpoints": len(notes),
        "root": base64.b64encode(tree.root()).decode(),
        "supply": supply,
    }


def check_root(tree: Tree, wanted: dict[int, bytes]) -> None:
    if tree.size in wanted and tree.root() != wanted[tree.size]:
        raise Wrong(f"the first {tree.size} transfers do not give the root of their checkpoint")


def check_inclusion(text: str, key: Key) -> dict[str, Any]:
    proof, _, note = text.partition("\n\n")
    head, extra, index, *path = proof.split("\n")
    if head != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or not index.startswith("index "):
        raise Wrong("the file is not an inclusion proof of a transfer")
    size, root = open_note(note, key)
    leaf, place = decoded(extra.removeprefix("extra ")), int(index.removeprefix("index "))
    if not 0 <= place < size or root_of_path(place, size, leaf_of(leaf), [decoded(line) for line in path]) != root:
        raise Wrong("the proof does not lead to the root of the checkpoint")
    transfer = transfer_of(leaf)
    if transfer["seq"] != place + 1:
        raise Wrong("the transfer stands at another place than it says")
    return {"transfer": transfer, "tree_size": size}


def check_consistency(text: str, old_note: str, key: Key) -> dict[str, Any]:
    proof, _, note = text.partition("\n\n")
    head, *lines = proof.split("\n")
    (old, old_root), (new, new_root) = open_note(old_note, key), open_note(note, key)
    path = [decoded(line) for line in lines]
    if head != f"old {old}" or old > new:
        raise Wrong("the proof does not start from the size of the old checkpoint")
    if old == 0:
        if path or old_root != hashlib.sha256(b"").digest():
            raise Wrong("nothing is to be proven of an empty log")
    elif roots_of_proof(old, new, path, old_root) != (old_root, new_root):
        raise Wrong("the log was changed since the old checkpoint")
    return {"old_size": old, "tree_size": new}


def key_of(text: str) -> Key:
    try:
        return Key(Path(text).read_text(encoding="utf-8"))
    except (FileNotFoundError, OSError):
        return Key(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an export of an AIA ledger, or a proof, without AIA.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, places in (("export", ["folder"]), ("inclusion", ["file"]), ("consistency", ["file", "old"])):
        command = commands.add_parser(name)
        for place in places:
            command.add_argument(place, type=Path)
        command.add_argument("--key", required=True, help="the log's public key, or a file that holds it")
    asked = parser.parse_args(arguments)
    try:
        key = key_of(asked.key)
        if asked.command == "export":
            found = check_export(asked.folder, key)
        elif asked.command == "inclusion":
            found = check_inclusion(asked.file.read_text(encoding="utf-8"), key)
        else:
            old = asked.old.read_text(encoding="utf-8")
            found = check_consistency(asked.file.read_text(encoding="utf-8"), old, key)
    except Wrong as wrong:
        sys.stdout.write(json.dumps({"ok": False, "problem": str(wrong)}) + "\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, IndexError) as error:
        sys.stderr.write(f"it cannot be checked: {type(error).__name__}: {error}\n")
        return 2
    sys.stdout.write(json.dumps({"ok": True, **found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
