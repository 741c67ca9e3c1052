"""Signed notes: a text and the Ed25519 signatures under it.

Protocol: C2SP signed-note v1. A text that ends in a newline, an empty line, then a line for each signature: an em
dash, the key's name, and base64 of the key's id (4 bytes) and the signature over the text. A signature of a
key that is not known says nothing; one of the known key must verify. Public keys are written as verifier keys,
`name+id in hexadecimal+base64 of 0x01 and the key`.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aia.core.errors import Invalid

NOTE_BYTES_MAX = 65_536
SIGNATURES_MAX = 100
_ED25519 = b"\x01"
_DASH = "\u2014 "


class BadNote(Invalid):
    """A signed note, a checkpoint or a proof file that cannot be read or does not hold."""

    code = "bad-note"
    title = "The signed note does not hold"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note: who signed (`name`, `key_id` of 4 bytes), and the signature itself."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """`text` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        lines = [f"{_DASH}{s.name} {base64.b64encode(s.key_id + s.value).decode()}\n" for s in self.signatures]
        return f"{self.text}\n{''.join(lines)}"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    def verify(self, note: SignedNote) -> None:
        """Raises `BadNote` unless this key signed the note, and nobody else in its name."""
        own = [s for s in note.signatures if (s.name, s.key_id) == (self.name, self.key_id)]
        if not own:
            names = ", ".join(sorted({s.name for s in note.signatures}))
            raise BadNote(f"the note is signed by {names[:200]}, not by {self.name} with the key {self.key_id.hex()}")
        key = Ed25519PublicKey.from_public_bytes(self.public)
        for signature in own:
            try:
                key.verify(signature.value, note.text.encode())
            except InvalidSignature:
                raise BadNote(f"the signature of {self.name} does not match: the note was changed") from None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> SignedNote:
        """The note of a text that ends in a newline; raises `BadNote` for a text no note can hold."""
        _check_text(text)
        return SignedNote(text, (Signature(self.name, self.verifier.key_id, self.private.sign(text.encode())),))


def check_name(name: str) -> str:
    """A key's name: some text without spaces and plus signs. Raises `BadNote`."""
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise BadNote(f"the key name is {name[:80]!r}: give a name without spaces and +, such as example.com/ledger")
    return name


def parse_verifier_key(text: str) -> VerifierKey:
    """The key of `name+id+base64`; raises `BadNote`."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = parse_base64(encoded, "the verifier key")
    if len(raw) != 33 or raw[:1] != _ED25519:
        raise BadNote("the verifier key is not an Ed25519 key: it must be name+id+base64")
    key = VerifierKey(check_name(name), raw[1:])
    if key.key_id.hex() != key_id:
        raise BadNote(f"the verifier key names the id {key_id[:16]!r}, its name and key give {key.key_id.hex()}")
    return key


def parse_note(data: str) -> SignedNote:
    """The note of a text; raises `BadNote` saying what is wrong. Nothing is verified yet."""
    if len(data.encode(errors="replace")) > NOTE_BYTES_MAX:
        raise BadNote(f"a note has at most {NOTE_BYTES_MAX} bytes")
    text, gap, lines = data.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise BadNote("a note is a text, an empty line and lines of signatures, each ended by a newline")
    text += "\n"
    _check_text(text)
    signed = lines[:-1].split("\n")
    if len(signed) > SIGNATURES_MAX:
        raise BadNote(f"the note has {len(signed)} signatures, more than {SIGNATURES_MAX}")
    return SignedNote(text, tuple(_signature(line) for line in signed))


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise BadNote("the text of a note ends in a newline")
    if any(c < " " and c != "\n" for c in text) or any("\ud800" <= c <= "\udfff" for c in text):
        raise BadNote("a note holds UTF-8 text without control characters other than newlines")


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not encoded:
        raise BadNote(f"not a line of a signature: {line[:80]!r}")
    raw = parse_base64(encoded, "the signature")
    if len(raw) <= 4:
        raise BadNote("a signature has 4 bytes of key id and more")
    return Signature(check_name(name), raw[:4], raw[4:])


def parse_base64(text: str, what: str) -> bytes:
    """Standard base64 with its padding, and only the one way to write the bytes."""
    try:
        raw = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise BadNote(f"{what} is not base64: {text[:80]!r}") from None
    if base64.b64encode(raw).decode() != text:
        raise BadNote(f"{what} is not base64 as RFC 4648 writes it: {text[:80]!r}")
    return raw


def parse_hash(text: str) -> bytes:
    """The 32 bytes of a hash in base64; raises `BadNote`."""
    raw = parse_base64(text, "the hash")
    if len(raw) != 32:
        raise BadNote(f"a hash has 32 bytes, {text[:80]!r} has {len(raw)}")
    return raw
