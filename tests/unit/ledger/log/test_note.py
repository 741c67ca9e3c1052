"""Signed notes, checkpoints and proof files, read by a second reader that follows the words of the C2SP pages."""

import base64
import hashlib
import re

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from aia.ledger.log.checkpoint import (
    Checkpoint,
    ConsistencyProof,
    InclusionProof,
    open_checkpoint,
    parse_consistency_proof,
    parse_inclusion_proof,
    read_checkpoint,
)
from aia.ledger.log.merkle import Frontier, build_proof, consistency_spans, inclusion_spans, leaf_hash, nodes_within
from aia.ledger.log.note import BadNote, Signature, SignedNote, SigningKey, parse_note, parse_verifier_key

NAME = "example.com/ledger"
KEY = SigningKey(NAME, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
LEAVES = [b"a leaf %d" % number for number in range(11)]
# The example of golang.org/x/mod/sumdb/note, where the format comes from.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def second_reader(data: bytes, name: str, public: bytes) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint, by the words of signed-note and tlog-checkpoint."""
    assert not any(byte < 0x20 and byte != 0x0A for byte in data)
    cut = data.rindex(b"\n\n")
    text, signatures = data[: cut + 1], data[cut + 2 :]
    key_id = hashlib.sha256(name.encode() + b"\x0a" + b"\x01" + public).digest()[:4]
    verified = 0
    for line in signatures.removesuffix(b"\n").split(b"\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/]+=*)", line.decode())
        assert match is not None
        raw = base64.b64decode(match[2])
        if match[1] == name and raw[:4] == key_id:
            Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text)
            verified += 1
    assert verified
    origin, size, root = text.decode().removesuffix("\n").split("\n")
    return origin, int(size), base64.b64decode(root)


def checkpoint(size: int = len(LEAVES)) -> Checkpoint:
    return Checkpoint(NAME, size, Frontier().append([leaf_hash(leaf) for leaf in LEAVES[:size]])[0].root())


def read(level: int, position: int) -> bytes:
    return nodes_within(0, [leaf_hash(leaf) for leaf in LEAVES])[level, position]


def inclusion(index: int = 4) -> InclusionProof:
    hashes = build_proof(inclusion_spans(index, len(LEAVES)), read)
    return InclusionProof(index, LEAVES[index], tuple(hashes), checkpoint().sign(KEY))


def consistency(old: int = 5) -> ConsistencyProof:
    hashes = build_proof(consistency_spans(old, len(LEAVES)), read)
    return ConsistencyProof(old, tuple(hashes), checkpoint().sign(KEY))


def test_a_checkpoint_reads_the_same_to_a_second_reader() -> None:
    note = str(checkpoint().sign(KEY))
    public = KEY.private.public_key().public_bytes_raw()
    assert second_reader(note.encode(), NAME, public) == (NAME, 11, checkpoint().root)
    assert open_checkpoint(parse_note(note), KEY.verifier) == checkpoint()


def test_the_second_reader_refuses_another_key() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"x" * 32).public_key().public_bytes_raw()
    with pytest.raises((AssertionError, InvalidSignature)):
        second_reader(str(checkpoint().sign(KEY)).encode(), NAME, other)


def test_the_example_of_the_go_implementation_verifies_with_its_key() -> None:
    key = parse_verifier_key(GO_KEY)
    assert str(key) == GO_KEY
    note = parse_note(GO_NOTE)
    key.verify(note)
    assert str(note) == GO_NOTE
    with pytest.raises(BadNote, match="was changed"):
        key.verify(parse_note(GO_NOTE.replace("answer", "Answer")))


def test_a_verifier_key_is_read_back() -> None:
    assert parse_verifier_key(str(KEY.verifier)) == KEY.verifier


@given(st.data())
def test_a_checkpoint_with_a_bit_changed_is_refused(data: st.DataObject) -> None:
    raw = bytearray(str(checkpoint().sign(KEY)).encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises((BadNote, UnicodeDecodeError)):
        open_checkpoint(parse_note(raw.decode()), KEY.verifier)


def test_a_cosignature_of_an_unknown_key_is_ignored_and_a_wrong_one_of_the_known_key_is_not() -> None:
    note = checkpoint().sign(KEY)
    witness = Signature("witness.example/w1", b"abcd", b"y" * 72)
    both = SignedNote(note.text, (*note.signatures, witness))
    assert open_checkpoint(parse_note(str(both)), KEY.verifier) == checkpoint()
    forged = Signature(NAME, KEY.verifier.key_id, b"z" * 64)
    with pytest.raises(BadNote, match="was changed"):
        open_checkpoint(SignedNote(note.text, (*note.signatures, forged)), KEY.verifier)
    with pytest.raises(BadNote, match="not by"):
        open_checkpoint(SignedNote(note.text, (witness,)), KEY.verifier)


def test_a_checkpoint_of_another_origin_is_refused_though_the_key_signed_it() -> None:
    with pytest.raises(BadNote, match="is of"):
        open_checkpoint(Checkpoint("example.com/other", 1, b"x" * 32).sign(KEY), KEY.verifier)


def test_extension_lines_are_read_over() -> None:
    note = KEY.sign(checkpoint().text() + "an extension\n")
    assert open_checkpoint(note, KEY.verifier) == checkpoint()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\n1\n", "has an origin"),
        ("a\n01\nx\n", "leading zeros"),
        ("a\n-1\nx\n", "leading zeros"),
        ("a\n1\nxx\n", "base64"),
        ("a\n1\nxxxx\n", "32 bytes"),
        ("a\n1\n\nx\n", "has an origin"),
        ("a\n99999999999999999\nx\n", "leading zeros"),
    ],
)
def test_a_malformed_checkpoint_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(BadNote, match=problem):
        read_checkpoint(KEY.sign(text))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "an empty line"),
        ("text\n", "an empty line"),
        ("text\n\n— a YWJjZGU=", "an empty line"),
        ("text\n\n- a YWJjZGU=\n", "not a line of a signature"),
        ("text\n\n— a\n", "not a line of a signature"),
        ("text\n\n— a YWJjZA==\n", "4 bytes"),
        ("text\n\n— a YWJjZGV=\n", "RFC 4648"),
        ("text\n\n— a+b YWJjZGU=\n", "without spaces"),
        ("te\txt\n\n— a YWJjZGU=\n", "control"),
        ("text\n\n" + "— a YWJjZGU=\n" * 101, "more than 100"),
        ("x" * 70_000 + "\n\n— a YWJjZGU=\n", "at most"),
    ],
)
def test_a_malformed_note_says_what_is_wrong(data: str, problem: str) -> None:
    with pytest.raises(BadNote, match=problem):
        parse_note(data)


@pytest.mark.parametrize("text", ["", "a", "a+b", "a+00000000+ARpc", GO_KEY.replace("c74f20a3", "c74f20a4"), "+x+y"])
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_verifier_key(text)


def test_an_inclusion_proof_file_proves_and_gives_back_the_leaf() -> None:
    proof = parse_inclusion_proof(str(inclusion()))
    assert proof == inclusion()
    assert proof.leaf == LEAVES[4]
    assert proof.verify(KEY.verifier) == checkpoint()


def test_a_consistency_proof_file_proves_that_the_log_was_extended() -> None:
    proof = parse_consistency_proof(str(consistency()))
    assert proof == consistency()
    assert proof.verify(checkpoint(5), KEY.verifier) == checkpoint()
    with pytest.raises(BadNote, match="starts from"):
        proof.verify(checkpoint(6), KEY.verifier)
    with pytest.raises(BadNote, match="does not extend"):
        proof.verify(Checkpoint(NAME, 5, b"x" * 32), KEY.verifier)


@given(st.data())
def test_an_inclusion_proof_file_with_a_bit_changed_is_refused(data: st.DataObject) -> None:
    raw = bytearray(str(inclusion()).encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises((BadNote, UnicodeDecodeError)):
        parse_inclusion_proof(raw.decode()).verify(KEY.verifier)


@given(st.data())
def test_a_consistency_proof_file_with_a_bit_changed_is_refused(data: st.DataObject) -> None:
    raw = bytearray(str(consistency()).encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises((BadNote, UnicodeDecodeError)):
        parse_consistency_proof(raw.decode()).verify(checkpoint(5), KEY.verifier)


LINES = st.lists(
    st.sampled_from(["", "old 5", "old x", "index 4", "index 04", "c2sp.org/tlog-proof@v1", "extra YWJj", "extra !"])
    | st.sampled_from([*str(inclusion()).split("\n"), *str(consistency()).split("\n")])
    | st.text(max_size=30),
    max_size=14,
)


@given(LINES)
def test_any_text_is_a_note_and_a_proof_or_is_refused_by_name(lines: list[str]) -> None:
    text = "\n".join(lines)
    for parse in (parse_note, parse_inclusion_proof, parse_consistency_proof):
        try:
            parsed = parse(text)
        except BadNote as error:
            assert error.detail
        else:
            assert str(parsed) == text


@given(st.text())
def test_any_text_is_a_verifier_key_or_is_refused_by_name(text: str) -> None:
    try:
        assert str(parse_verifier_key(text)) == text.strip()
    except BadNote as error:
        assert error.detail
