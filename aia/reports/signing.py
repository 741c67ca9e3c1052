"""Signatures: W3C Data Integrity, cryptosuite eddsa-jcs-2022, keys as did:key.

Protocol: "Data Integrity EdDSA Cryptosuites v1.0" (W3C Recommendation, 2025), section 3.3. The signed
bytes are SHA-256 of the canonical proof options, then SHA-256 of the canonical document without proof.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aia.core.canonical import canonical
from aia.core.clock import Instant
from aia.reports.model import BadProof

SUITE = "eddsa-jcs-2022"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519_PUBLIC = b"\xed\x01"  # multicodec ed25519-pub, as a varint
_ENCODED_MAX = 128


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey, created: Instant) -> dict[str, Any]:
    """The document with a `proof`; it must not carry one."""
    method = did_key(key.public_key())
    proof: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": f"{method}#{method.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    options = proof | ({"@context": document["@context"]} if "@context" in document else {})
    signature = key.sign(_signed_bytes(document, options))
    return dict(document) | {"proof": options | {"proofValue": "z" + base58(signature)}}


def verify_proof(document: Mapping[str, Any]) -> str:
    """The did:key that signed; raises `BadProof` saying what does not hold."""
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise BadProof("the report carries no proof")
    fields = cast("dict[str, Any]", proof)
    if fields.get("type") != "DataIntegrityProof" or fields.get("cryptosuite") != SUITE:
        raise BadProof(f"the proof is not a DataIntegrityProof of {SUITE}")
    if fields.get("proofPurpose") != "assertionMethod":
        raise BadProof("the proof's purpose is not assertionMethod")
    if "@context" in fields and fields["@context"] != document.get("@context"):
        raise BadProof("the proof was made for another context")
    method = str(fields.get("verificationMethod", ""))
    did = method.partition("#")[0]
    options = {key: value for key, value in fields.items() if key != "proofValue"}
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    try:
        _public_key(did).verify(_multibase(str(fields.get("proofValue", ""))), _signed_bytes(unsigned, options))
    except InvalidSignature:
        raise BadProof("the signature does not match: the report was changed after it was signed") from None
    except ValueError as error:
        raise BadProof(f"the proof cannot be read: {error}") from None
    return did


def _signed_bytes(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical(dict(options))).digest() + hashlib.sha256(canonical(dict(document))).digest()


def did_key(key: Ed25519PublicKey) -> str:
    """The did:key of an Ed25519 public key."""
    return "did:key:z" + base58(_ED25519_PUBLIC + key.public_bytes_raw())


def _public_key(did: str) -> Ed25519PublicKey:
    raw = _multibase(did.removeprefix("did:key:"))
    if not did.startswith("did:key:") or not raw.startswith(_ED25519_PUBLIC):
        raise ValueError("the verification method is not an Ed25519 did:key")
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(_ED25519_PUBLIC))


def base58(data: bytes) -> str:
    """Base 58 as Bitcoin writes it; leading zero bytes are leading ones."""
    value, text = int.from_bytes(data, "big"), ""
    while value:
        value, digit = divmod(value, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\x00"))) + text


def _multibase(text: str) -> bytes:
    if not text.startswith("z") or len(text) > _ENCODED_MAX:
        raise ValueError("not a multibase base58 value")
    value = 0
    for character in text[1:]:
        digit = _ALPHABET.find(character)
        if digit < 0:
            raise ValueError("a character is not base58")
        value = value * 58 + digit
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\x00" * zeros + value.to_bytes((value.bit_length() + 7) // 8, "big")
