"""What an organisation does with its own accounts: pay, hold, post, void. Every refusal has a name.

The order of the checks is that of the posting rules; who may move what is checked here, as the ledger serves
every organisation. `key` is the caller's: the same request again answers the same and moves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from aia.core.errors import AIAError, Conflict, Invalid, NotFound, TooLarge
from aia.core.ids import content_id
from aia.core.money import UNITS_MAX, Units, format_units
from aia.infra.sql import Read, Tx
from aia.tokens.fees import Quote, quote, with_fee
from aia.tokens.lookup import accounts_by_id, organisations_of
from aia.tokens.model import BATCH_MAX, Account, Hold, Outcome, Result, Transfer, TransferKind
from aia.tokens.parameters import Parameter, Parameters
from aia.tokens.service import Ledger, transfer

MEMO_MAX = 200
HOLD_S_MAX = 365 * 86_400
_PAYABLE = ("organisation:", "gov:")
_DONE = frozenset({Outcome.CREATED, Outcome.EXISTS})


def _base(outcome: Outcome) -> type[AIAError]:
    if outcome is Outcome.BATCH_TOO_LARGE:
        return TooLarge
    if outcome.value.endswith("not-found"):
        return NotFound
    asked_wrong = {Outcome.SAME_ACCOUNT, Outcome.WRONG_TOKEN}
    return Invalid if outcome in asked_wrong or outcome.value.startswith("invalid-") else Conflict


# Each outcome of the posting rules that is a refusal, as an error of that code with the status it deserves.
REFUSALS: Mapping[Outcome, type[AIAError]] = {
    outcome: type(
        outcome.name, (_base(outcome),), {"code": outcome.value, "title": "The ledger refused the transfer"}
    )
    for outcome in Outcome
    if outcome not in _DONE
}


@dataclass(frozen=True, slots=True)
class Payment:
    """A transfer as an organisation asks for it."""

    key: str
    debit: str
    credit: str
    amount: Units
    memo: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a payment: the ledger's result for it, and the fee that was charged with it."""

    result: Result
    quote: Quote


@dataclass(frozen=True, slots=True)
class Desk:
    """Moves money of the transaction's organisation, and of no other."""

    ledger: Ledger
    parameters: Parameters

    async def quote(self, read: Read, debit: str, credit: str, amount: Units) -> Quote:
        """What a payment would cost: told before it is asked for. Raises what `pay` raises for its accounts."""
        await self._accounts(read, debit, credit, amount)
        return await self._quote(read, debit, credit, amount)

    async def pay(self, tx: Tx, payment: Payment) -> Receipt:
        """Move tokens to another account, with the fee on top where it leaves the organisation.

        Raises the error of `REFUSALS` that names what the ledger refused; then nothing was posted.
        """
        source = await self._accounts(tx, payment.debit, payment.credit, payment.amount)
        asked = self._transfer(tx, payment, source)
        quoted = await self._quote(tx, payment.debit, payment.credit, payment.amount)
        results = await self.ledger.post(tx, with_fee(asked, quoted))
        refused = next((r for r in results if r.outcome not in {*_DONE, Outcome.LINKED_FAILED}), None)
        if refused is not None and refused is not results[0] and _exists_otherwise(refused.outcome):
            # The payment was made before, at the fee of then: it is the same payment.
            (result,) = await self.ledger.post(tx, [asked])
            refused = None if result.outcome is Outcome.EXISTS else result
            results = (result,)
        if refused is not None:
            raise refusal(refused.outcome, asked, source)
        return Receipt(results[0], quoted)

    async def batch(self, tx: Tx, payments: Sequence[Payment]) -> tuple[Result, ...]:
        """Move tokens between the organisation's own accounts; a result for each payment, in order.

        Raises `batch-too-large` above 10,000. What is refused is named in its result and moves nothing.
        """
        if len(payments) > BATCH_MAX:
            raise REFUSALS[Outcome.BATCH_TOO_LARGE](
                f"{len(payments)} transfers in one batch: at most {BATCH_MAX}", field="transfers"
            )
        named = sorted({account for p in payments for account in (p.debit, p.credit)})
        owners = await organisations_of(tx, named)
        standing = await accounts_by_id(tx, [name for name in named if owners.get(name) == tx.organisation])
        asked: list[Transfer] = []
        for payment in payments:
            foreign = {payment.debit, payment.credit} - standing.keys()
            hidden = replace(payment, debit=f"unknown:{payment.debit}"[:120]) if foreign else payment
            source = standing.get(payment.debit) or next(iter(standing.values()), None)
            asked.append(self._transfer(tx, hidden, source))
        return await self.ledger.post(tx, asked)

    async def hold(self, tx: Tx, payment: Payment, lasts_s: int | None) -> Hold:
        """Reserve tokens for an account until they are posted or voided, or for `lasts_s` seconds.

        Raises the error of `REFUSALS`, or `Invalid` for a time out of bounds.
        """
        if lasts_s is not None and not 1 <= lasts_s <= HOLD_S_MAX:
            raise Invalid(f"lasts_s is {lasts_s}: choose 1 to {HOLD_S_MAX} seconds", field="lasts_s")
        source = await self._accounts(tx, payment.debit, payment.credit, payment.amount)
        hold_id = self.hold_id(tx, payment.key)
        known = await self.ledger.hold(tx, hold_id)
        if known is not None:
            if (known.debit, known.credit, known.amount) == (payment.debit, payment.credit, payment.amount):
                return known
            raise REFUSALS[Outcome.HOLD_EXISTS](f"this idempotency key was used for hold {hold_id}: take a new key")
        expires_at = None if lasts_s is None else tx.now + timedelta(seconds=lasts_s)
        asked = replace(
            self._transfer(tx, payment, source), kind=TransferKind.HOLD, hold_id=hold_id, expires_at=expires_at
        )
        await self._one(tx, asked, source)
        return await self.find_hold(tx, hold_id)

    async def find_hold(self, read: Read, hold_id: str) -> Hold:
        """A hold on one of the organisation's accounts; raises `hold-not-found`."""
        hold = await self.ledger.hold(read, hold_id)
        if hold is not None:
            owners = await organisations_of(read, [hold.debit])
            if owners[hold.debit] == read.organisation:
                return hold
        raise REFUSALS[Outcome.HOLD_NOT_FOUND](f"hold {hold_id[:60]!r} does not exist in this organisation")

    async def post_hold(self, tx: Tx, hold_id: str, amount: Units | None) -> Hold:
        """Pay out of a hold, all of it or a part; the rest is free again. Raises the error of `REFUSALS`."""
        hold = await self.find_hold(tx, hold_id)
        await self._close(tx, hold, TransferKind.POST, hold.amount if amount is None else amount)
        return await self.find_hold(tx, hold_id)

    async def void_hold(self, tx: Tx, hold_id: str) -> Hold:
        """Give a hold up; raises the error of `REFUSALS`."""
        hold = await self.find_hold(tx, hold_id)
        await self._close(tx, hold, TransferKind.VOID, Units(0))
        return await self.find_hold(tx, hold_id)

    def hold_id(self, read: Read, key: str) -> str:
        return content_id("hld", "desk", read.organisation, key)

    async def _close(self, tx: Tx, hold: Hold, kind: TransferKind, amount: Units) -> None:
        closing = transfer(
            content_id("tfr", "close", hold.id),
            *(hold.debit, hold.credit, amount),
            kind=kind,
            token=hold.token,
            hold_id=hold.id,
        )
        source = (await accounts_by_id(tx, [hold.debit]))[hold.debit]
        await self._one(tx, closing, source)

    async def _one(self, tx: Tx, asked: Transfer, source: Account) -> None:
        (result,) = await self.ledger.post(tx, [asked])
        if result.outcome not in _DONE:
            raise refusal(result.outcome, asked, source)

    def _transfer(self, read: Read, payment: Payment, source: Account | None) -> Transfer:
        made = transfer(
            content_id("tfr", "desk", read.organisation, payment.key),
            *(payment.debit, payment.credit, payment.amount),
            memo=payment.memo,
        )
        return made if source is None else replace(made, token=source.token, linked=payment.linked)

    async def _accounts(self, read: Read, debit: str, credit: str, amount: Units) -> Account:
        """The account that pays; it is the organisation's own, the other one too or somebody's wallet."""
        if not 1 <= amount <= UNITS_MAX:
            raise REFUSALS[Outcome.INVALID_AMOUNT](
                f"amount is {amount} units: choose 1 to {UNITS_MAX}", field="amount"
            )
        if debit == credit:
            raise REFUSALS[Outcome.SAME_ACCOUNT](f"debit and credit are both {debit[:120]!r}", field="credit")
        source = await self.ledger.account(read, debit)
        owners = await organisations_of(read, [credit])
        reachable = owners.get(credit) == read.organisation or credit.startswith(_PAYABLE)
        if credit not in owners or not reachable:
            raise REFUSALS[Outcome.ACCOUNT_NOT_FOUND](
                f"account {credit[:120]!r} does not exist: pay an account of your own or a wallet, like "
                "organisation:NAME",
                field="credit",
            )
        return source

    async def _quote(self, read: Read, debit: str, credit: str, amount: Units) -> Quote:
        owners = await organisations_of(read, [debit, credit])
        if owners[debit] == owners[credit]:
            return quote(amount, 0, 0)
        names = (Parameter.TRANSFER_FEE_BPS, Parameter.BURN_SHARE_BPS)
        rates = await self.parameters.values(read, names)
        return quote(amount, *(rates[name] for name in names))


def _exists_otherwise(outcome: Outcome) -> bool:
    return outcome.value.startswith("exists-with-different")


def refusal(outcome: Outcome, asked: Transfer, source: Account) -> AIAError:
    """The error that says what was asked, what stood against it, and what is there."""
    what = f"{format_units(asked.amount)} {asked.token} from {asked.debit} to {asked.credit}"
    if outcome is Outcome.INSUFFICIENT_FUNDS:
        left = format_units(source.available or 0)
        return REFUSALS[outcome](f"{what}, fee included, is more than the {left} available", available=left)
    if _exists_otherwise(outcome):
        return REFUSALS[outcome](f"this idempotency key was used for another transfer than {what}: take a new key")
    return REFUSALS[outcome](f"{what} was refused: {outcome}")
