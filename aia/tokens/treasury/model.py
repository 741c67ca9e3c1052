"""Orders of the treasury: what is asked, the bytes that are signed, and who must have signed. Pure.

An order is one JSON object in canonical form (RFC 8785), signed with Ed25519 (RFC 8032) by the treasury's
key, and above a threshold by a second registered key too. The signed bytes begin with the order's type and a
line end, so that no signature made for anything else can be taken for one. `books` names the deployment: an
order for another one, signed by the same key, is not valid here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aia.core.canonical import canonical
from aia.core.clock import Instant, rfc3339
from aia.core.errors import Conflict, Forbidden, Invalid, NotFound
from aia.core.money import UNITS_MAX, Units
from aia.ledger.model import Token

ORDER_TYPE = "aia-treasury-order/1"
ROTATION_TYPE = "aia-treasury-rotation/1"
VALIDITY_MAX = timedelta(days=30)
PURPOSE_MAX = 200
DAYS_MAX = 36_525


class OrderNotFound(NotFound):
    code = "order-not-found"
    title = "No such order"


class BadOrder(Invalid):
    """A field of the order cannot be used; nothing was done."""

    code = "bad-order"
    title = "The order cannot be used"


class OrderIdReused(Conflict):
    """An order of this id with other content was given before: an id is used once, for ever."""

    code = "order-id-reused"
    title = "The id belongs to another order"


class OrderExpired(Conflict):
    code = "order-expired"
    title = "The order has expired"


class OrderClosed(Conflict):
    """The order was executed already; it cannot be executed again."""

    code = "order-closed"
    title = "The order was executed already"


class OrderKeyUnknown(Forbidden):
    """The key is not registered in these books, or was removed."""

    code = "order-key-unknown"
    title = "The key may not sign orders"


class OrderSignatureInvalid(Forbidden):
    """The signature is not the key's signature of this order."""

    code = "order-signature-invalid"
    title = "The signature does not match the order"


class NotSignedByTreasury(Forbidden):
    """Other keys approve; only the treasury's key orders."""

    code = "order-not-signed-by-treasury"
    title = "The treasury's signature is missing"


class SameApproverTwice(Conflict):
    """A second approval comes from a second key."""

    code = "order-same-approver"
    title = "This key has signed the order already"


class NotATreasuryAccount(Conflict):
    code = "not-a-treasury-account"
    title = "Not an account of the treasury"


class SpendingLimitExceeded(Conflict):
    """The account would pay out more in this epoch than its limit; nothing was moved."""

    code = "spending-limit-exceeded"
    title = "The account's limit for this epoch is reached"


class Action(StrEnum):
    """What an order does. Those of `MOVES` move tokens and are bounded by amount; the others change rules."""

    PAY = "pay"
    MINT = "mint"
    BURN = "burn"
    FUND_REWARDS = "fund-rewards"
    VEST = "vest"
    SLASH = "slash"
    REVOKE_VESTING = "revoke-vesting"
    SET_PARAMETER = "set-parameter"
    SET_LIMIT = "set-limit"
    ADD_APPROVER = "add-approver"
    REMOVE_APPROVER = "remove-approver"
    ROTATE_KEY = "rotate-key"


MOVES = frozenset({Action.PAY, Action.MINT, Action.BURN, Action.FUND_REWARDS, Action.VEST, Action.SLASH})

# The fields of each action beside those of every order, and what each must be.
FIELDS: Mapping[Action, Mapping[str, type]] = {
    Action.PAY: {"token": str, "debit": str, "credit": str, "amount_units": int},
    Action.MINT: {"token": str, "credit": str, "amount_units": int},
    Action.BURN: {"token": str, "debit": str, "amount_units": int},
    Action.FUND_REWARDS: {"token": str, "debit": str, "amount_units": int},
    Action.VEST: {
        "token": str,
        "debit": str,
        "credit": str,
        "amount_units": int,
        "cliff_days": int,
        "duration_days": int,
        "revocable": bool,
    },
    Action.SLASH: {"token": str, "wallet": str, "amount_units": int},
    Action.REVOKE_VESTING: {"vesting": str},
    Action.SET_PARAMETER: {"parameter": str, "value": int},
    Action.SET_LIMIT: {"account": str, "amount_units": int},
    Action.ADD_APPROVER: {"key": str, "name": str},
    Action.REMOVE_APPROVER: {"key": str},
    Action.ROTATE_KEY: {"key": str, "proof": str},
}
TEXT_MAX = 120
SIGNATURE_DIGITS = 128

Fields: TypeAlias = Mapping[str, str | int | bool]
"""The fields of an order's action, by name."""


class OrderState(StrEnum):
    WAITING = "waiting"
    EXECUTED = "executed"


class KeyRole(StrEnum):
    TREASURY = "treasury"
    APPROVER = "approver"


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `id` is the caller's and is used once. `fields` are those of its action."""

    id: str
    books: str
    action: Action
    purpose: str
    expires_at: Instant
    fields: Fields

    def document(self) -> dict[str, str | int | bool]:
        """The JSON object that is signed."""
        head = {"type": ORDER_TYPE, "id": self.id, "books": self.books, "action": self.action.value}
        return {**head, "purpose": self.purpose, "expires_at": rfc3339(self.expires_at), **self.fields}

    @property
    def signed_bytes(self) -> bytes:
        return ORDER_TYPE.encode() + b"\n" + canonical(self.document())

    @property
    def amount(self) -> Units:
        """Units that move; 0 for an order that changes a rule."""
        return Units(int(self.fields.get("amount_units", 0)) if self.action in MOVES else 0)

    @property
    def token(self) -> Token | None:
        return Token(str(self.fields["token"])) if "token" in self.fields else None

    def text(self, name: str) -> str:
        return str(self.fields[name])

    def number(self, name: str) -> int:
        return int(self.fields[name])


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 public key and its signature of an order, both hexadecimal."""

    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    key: str
    role: KeyRole
    name: str


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """From when to when a key was registered; None: it is still."""

    key: RegisteredKey
    added_at: Instant
    removed_at: Instant | None

    def covers(self, at: Instant) -> bool:
        """Whether the key stood then, the instants of its coming and going included."""
        return self.added_at <= at and (self.removed_at is None or at <= self.removed_at)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order that was refused, with the signatures it came with and the error that named why."""

    id: str
    order: Order
    signatures: tuple[Signature, ...]
    code: str
    reason: str
    subject: str
    at: Instant


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as kept, with the signatures it has and the transfer it made."""

    order: Order
    state: OrderState
    signatures: tuple[Signature, ...]
    transfer: str | None
    given_at: Instant
    executed_at: Instant | None


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def sign_order(order: Order, key: Ed25519PrivateKey) -> Signature:
    return Signature(public_hex(key), key.sign(order.signed_bytes).hex())


def rotation_proof(books: str, order_id: str, key: Ed25519PrivateKey) -> str:
    """The signature by which a new key agrees to become the treasury's, by one order of one deployment.

    Nobody could order any more after a rotation to a key that was mistyped.
    """
    return key.sign(_rotation_bytes(books, order_id)).hex()


def _rotation_bytes(books: str, order_id: str) -> bytes:
    return ROTATION_TYPE.encode() + b"\n" + canonical({"books": books, "order": order_id})


def _check_rotation(order: Order) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(order.text("key")))
        key.verify(bytes.fromhex(order.text("proof")), _rotation_bytes(order.books, order.id))
    except (ValueError, InvalidSignature):
        raise BadOrder(
            f"proof is not the signature of {order.books} and {order.id} by the new key: it shows that it is had",
            field="proof",
        ) from None


def check_signature(order: Order, signature: Signature) -> None:
    """Raises `OrderSignatureInvalid`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.key))
        key.verify(bytes.fromhex(signature.signature), order.signed_bytes)
    except (ValueError, InvalidSignature):
        raise OrderSignatureInvalid(
            f"the signature by {signature.key[:16]}... is not one of order {order.id}: sign its canonical bytes"
        ) from None


def check_signers(order: Order, signatures: Sequence[Signature], keys: Mapping[str, RegisteredKey]) -> None:
    """Every signature counts once, is valid and of a registered key; one is the treasury's.

    Raises `SameApproverTwice`, `OrderKeyUnknown`, `OrderSignatureInvalid` or `NotSignedByTreasury`.
    """
    seen: set[str] = set()
    for signature in signatures:
        if signature.key in seen:
            raise SameApproverTwice(f"order {order.id} is signed twice by {signature.key[:16]}...: once is enough")
        seen.add(signature.key)
        if signature.key not in keys:
            raise OrderKeyUnknown(
                f"the key {signature.key[:16]}... is not registered in these books: "
                "sign with the treasury's key (TREASURY_PRIVATE_KEY) or have it added as an approver"
            )
        check_signature(order, signature)
    if not any(keys[key].role is KeyRole.TREASURY for key in seen):
        raise NotSignedByTreasury(f"order {order.id} lacks the signature of the treasury's key")


def approvals_needed(order: Order, thresholds: Mapping[Token, Units], approvers: int) -> int:
    """2 for a movement above its token's threshold, and for a change of rules once there are approvers."""
    if order.action in MOVES:
        assert order.token is not None
        return 2 if order.amount > thresholds[order.token] else 1
    return 2 if approvers else 1


def epoch_of(now: Instant, epoch_s: int) -> int:
    """When the epoch of a moment began, in seconds since 1970."""
    seconds = int(now.timestamp())
    return seconds - seconds % epoch_s


def parse_order(document: Mapping[str, object]) -> Order:
    """An order of its JSON object; raises `BadOrder` naming the field."""
    head = {"type", "id", "books", "action", "purpose", "expires_at"}
    if document.get("type") != ORDER_TYPE:
        raise BadOrder(f"type is {document.get('type')!r}: it must be {ORDER_TYPE!r}", field="type")
    try:
        action = Action(str(document.get("action")))
    except ValueError:
        known = ", ".join(a.value for a in Action)
        raise BadOrder(f"action is {document.get('action')!r}: choose {known}", field="action") from None
    wanted = FIELDS[action]
    if wrong := sorted(set(document) ^ (head | set(wanted))):
        verb = "needs" if wrong[0] in wanted or wrong[0] in head else "does not know"
        raise BadOrder(f"an order to {action} {verb} the field {wrong[0]!r}", field=wrong[0])
    fields = {name: _field(name, document[name], kind) for name, kind in wanted.items()}
    order = Order(
        id=_text("id", document["id"], 40),
        books=_text("books", document["books"], 40),
        action=action,
        purpose=_text("purpose", document["purpose"], PURPOSE_MAX),
        expires_at=_instant(document["expires_at"]),
        fields=fields,
    )
    check_order(order)
    return order


def check_order(order: Order) -> None:
    """Raises `BadOrder` for a value out of its bounds."""
    for name, value in order.fields.items():
        if name == "token" and value not in {token.value for token in Token}:
            raise BadOrder(f"token is {str(value)[:20]!r}: choose AIA or AIA_GOV", field="token")
        least = 0 if order.action is Action.SET_LIMIT else 1
        if name == "amount_units" and not least <= int(value) <= UNITS_MAX:
            raise BadOrder(f"amount_units is {value}: choose {least} to {UNITS_MAX}", field=name)
        if name in {"cliff_days", "duration_days"} and not 0 <= int(value) <= DAYS_MAX:
            raise BadOrder(f"{name} is {value}: choose 0 to {DAYS_MAX}", field=name)
        if name == "key" and not _is_key(str(value)):
            raise BadOrder("key is not an Ed25519 public key of 64 hexadecimal digits in lower case", field=name)
    _text("id", order.id, 40)
    _text("purpose", order.purpose, PURPOSE_MAX)
    if order.action is Action.ROTATE_KEY:
        _check_rotation(order)


def _is_key(value: str) -> bool:
    return len(value) == 64 and all(c in "0123456789abcdef" for c in value)


def _field(name: str, value: object, kind: type) -> str | int | bool:
    if kind is str:
        return _text(name, value, SIGNATURE_DIGITS if name == "proof" else TEXT_MAX)
    if type(value) is kind and isinstance(value, int):
        return value
    raise BadOrder(
        f"{name} is {str(value)[:40]!r}: it must be {'true or false' if kind is bool else 'a whole number'}"
    )


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise BadOrder(f"{name} must be 1 to {longest} printable characters", field=name)
    return value


def _instant(value: object) -> Instant:
    try:
        at = Instant.fromisoformat(str(value))
        if rfc3339(at) == value:
            return at
    except ValueError:
        pass
    raise BadOrder(
        f"expires_at is {str(value)[:40]!r}: write UTC with microseconds, like 2026-01-31T12:00:00.000000Z",
        field="expires_at",
    )
