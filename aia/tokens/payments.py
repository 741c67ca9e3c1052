"""What an organisation does with its own accounts: pay, hold, post, void. Every refusal has a name.

Who may move what is looked up first, as the ledger serves every organisation; then the poster posts it, in one
commit with what others ask for meanwhile. The order of the checks is that of the posting rules. `key` is the
caller's: the same request again answers the same and moves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from aia.core.errors import AIAError, Conflict, Invalid, NotFound, TooLarge
from aia.core.ids import content_id
from aia.core.money import UNITS_MAX, Units, format_units
from aia.core.principal import Principal
from aia.infra.sql import Database, Read
from aia.ledger.lookup import accounts_by_id, organisations_of
from aia.ledger.model import BATCH_MAX, DONE, Account, Hold, Outcome, Result, Transfer, TransferKind
from aia.ledger.poster import Poster
from aia.ledger.service import Ledger, transfer
from aia.tokens.fees import Quote, quote, with_fee
from aia.tokens.parameters import Parameter, Parameters

MEMO_MAX = 200
HOLD_S_MAX = 365 * 86_400
_PAYABLE = ("organisation:", "gov:")


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
    if outcome not in DONE
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
class PaymentService:
    """Moves money of the principal's organisation, and of no other; what it answers is durable."""

    database: Database
    poster: Poster
    ledger: Ledger
    parameters: Parameters

    async def quote(self, read: Read, debit: str, credit: str, amount: Units) -> Quote:
        """What a payment would cost: told before it is asked for. Raises what `pay` raises for its accounts."""
        await self._accounts(read, debit, credit, amount)
        return await self._quote(read, debit, credit, amount)

    async def pay(self, principal: Principal, payment: Payment) -> Receipt:
        """Move tokens to another account, with the fee on top where it leaves the organisation.

        Raises the error of `REFUSALS` that names what the ledger refused; then nothing was posted. Raises what
        `Poster.submit` raises when it is not known, or the ledger is busy: ask again with the same key.
        """
        async with self.database.read(principal) as read:
            source = await self._accounts(read, payment.debit, payment.credit, payment.amount)
            asked = self._transfer(read, payment, source)
            quoted = await self._quote(read, payment.debit, payment.credit, payment.amount)
        results = await self.poster.submit(with_fee(asked, quoted))
        refused = next((r for r in results if r.outcome not in {*DONE, Outcome.LINKED_FAILED}), None)
        if refused is not None and refused is not results[0] and _exists_otherwise(refused.outcome):
            # The payment was made before, at the fee of then: it is the same payment.
            results = await self.poster.submit([asked])
            refused = None if results[0].outcome is Outcome.EXISTS else results[0]
        if refused is not None:
            raise await self._refusal(principal, refused.outcome, asked)
        return Receipt(results[0], quoted)

    async def batch(self, principal: Principal, payments: Sequence[Payment]) -> tuple[Result, ...]:
        """Move tokens between the organisation's own accounts; a result for each payment, in order.

        Raises `batch-too-large` above 10,000. What is refused is named in its result and moves nothing.
        """
        if len(payments) > BATCH_MAX:
            raise REFUSALS[Outcome.BATCH_TOO_LARGE](
                f"{len(payments)} transfers in one batch: at most {BATCH_MAX}", field="transfers"
            )
        named = sorted({account for p in payments for account in (p.debit, p.credit)})
        async with self.database.read(principal) as read:
            owners = await organisations_of(read, named)
            own = [name for name in named if owners.get(name) == principal.organisation]
            standing = await accounts_by_id(read, own)
            asked: list[Transfer] = []
            for payment in payments:
                foreign = {payment.debit, payment.credit} - standing.keys()
                hidden = replace(payment, debit=f"unknown:{payment.debit}"[:120]) if foreign else payment
                source = standing.get(payment.debit) or next(iter(standing.values()), None)
                asked.append(self._transfer(read, hidden, source))
        return await self.poster.submit(asked)

    async def hold(self, principal: Principal, payment: Payment, lasts_s: int | None) -> Hold:
        """Reserve tokens for an account until they are posted or voided, or for `lasts_s` seconds.

        Raises the error of `REFUSALS`, or `Invalid` for a time out of bounds.
        """
        if lasts_s is not None and not 1 <= lasts_s <= HOLD_S_MAX:
            raise Invalid(f"lasts_s is {lasts_s}: choose 1 to {HOLD_S_MAX} seconds", field="lasts_s")
        async with self.database.read(principal) as read:
            source = await self._accounts(read, payment.debit, payment.credit, payment.amount)
            hold_id = self.hold_id(read, payment.key)
            if (known := await self._known(read, hold_id, payment)) is not None:
                return known
            expires_at = None if lasts_s is None else read.now + timedelta(seconds=lasts_s)
            made = self._transfer(read, payment, source)
        asked = replace(made, kind=TransferKind.HOLD, hold_id=hold_id, expires_at=expires_at)
        (result,) = await self.poster.submit([asked])
        async with self.database.read(principal) as read:
            # Refused, it may have been made a moment ago, by the same request sent twice at once.
            known = await self._known(read, hold_id, payment)
        if known is None:
            raise await self._refusal(principal, result.outcome, asked)
        return known

    async def find_hold(self, read: Read, hold_id: str) -> Hold:
        """A hold on one of the organisation's accounts; raises `hold-not-found`."""
        hold = await self.ledger.hold(read, hold_id)
        if hold is not None:
            owners = await organisations_of(read, [hold.debit])
            if owners[hold.debit] == read.organisation:
                return hold
        raise REFUSALS[Outcome.HOLD_NOT_FOUND](f"hold {hold_id[:60]!r} does not exist in this organisation")

    async def post_hold(self, principal: Principal, hold_id: str, amount: Units | None) -> Hold:
        """Pay out of a hold, all of it or a part; the rest is free again. Raises the error of `REFUSALS`."""
        return await self._close(principal, hold_id, TransferKind.POST, amount)

    async def void_hold(self, principal: Principal, hold_id: str) -> Hold:
        """Give a hold up; raises the error of `REFUSALS`."""
        return await self._close(principal, hold_id, TransferKind.VOID, Units(0))

    def hold_id(self, read: Read, key: str) -> str:
        return content_id("hld", "desk", read.organisation, key)

    async def _known(self, read: Read, hold_id: str, payment: Payment) -> Hold | None:
        """The hold of a key, if there is one; raises `hold-exists` where it reserves something else."""
        known = await self.ledger.hold(read, hold_id)
        if known is None or _is_of(payment, known):
            return known
        raise REFUSALS[Outcome.HOLD_EXISTS](f"this idempotency key was used for hold {hold_id}: take a new key")

    async def _close(self, principal: Principal, hold_id: str, kind: TransferKind, amount: Units | None) -> Hold:
        async with self.database.read(principal) as read:
            hold = await self.find_hold(read, hold_id)
        closing = transfer(
            content_id("tfr", "close", hold.id),
            *(hold.debit, hold.credit, hold.amount if amount is None else amount),
            kind=kind,
            token=hold.token,
            hold_id=hold.id,
        )
        (result,) = await self.poster.submit([closing])
        if result.outcome not in DONE:
            raise await self._refusal(principal, result.outcome, closing)
        async with self.database.read(principal) as read:
            return await self.find_hold(read, hold_id)

    async def _refusal(self, principal: Principal, outcome: Outcome, asked: Transfer) -> AIAError:
        """The refusal as an error, with what is there now."""
        async with self.database.read(principal) as read:
            return refusal(outcome, asked, await self.ledger.account(read, asked.debit))

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


def _is_of(payment: Payment, hold: Hold) -> bool:
    return (hold.debit, hold.credit, hold.amount) == (payment.debit, payment.credit, payment.amount)


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
