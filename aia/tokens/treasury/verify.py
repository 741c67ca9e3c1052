"""`aia treasury verify`: every signature again, by the keys that stood then, and nothing left without an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aia.core.clock import Instant
from aia.core.errors import AIAError
from aia.core.money import UNITS_PER_TOKEN, Units, format_units
from aia.core.pages import PageRequest
from aia.infra.sql import Read
from aia.ledger.model import TREASURY_OWNER, Token
from aia.ledger.service import mint_account
from aia.tokens.parameters import DEFINITIONS, Change, Parameter
from aia.tokens.treasury import store
from aia.tokens.treasury.model import (
    Action,
    KeyRole,
    KeyTerm,
    OrderRecord,
    OrderState,
    approvals_needed,
    check_signature,
)
from aia.tokens.treasury.service import Treasury

PAGE = 200
_ADDING = {Action.ADD_APPROVER: KeyRole.APPROVER, Action.ROTATE_KEY: KeyRole.TREASURY}
_SECOND = {Token.AIA: Parameter.SECOND_APPROVAL_AIA, Token.AIA_GOV: Parameter.SECOND_APPROVAL_GOV}


@dataclass(frozen=True, slots=True)
class _Checked:
    """What stood when: keys and changes of parameters; and, of the orders read so far, those about keys."""

    terms: Mapping[str, KeyTerm]
    changes: Sequence[Change]
    added: set[tuple[str, KeyRole]] = field(default_factory=set[tuple[str, KeyRole]])
    removed: set[str] = field(default_factory=set[str])
    rotated: list[Instant] = field(default_factory=list[Instant])


async def verify_treasury(read: Read, treasury: Treasury) -> tuple[int, list[str]]:
    """The number of orders, and the problems found. Reads only, a page at a time."""
    checked = _Checked(await store.key_terms(read), await treasury.parameters.history(read))
    count, problems, cursor = 0, list[str](), None
    while True:
        page = await treasury.page(read, PageRequest.of(PAGE, cursor))
        for record in page.items:
            count += 1
            problems += _record_problems(record, checked)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    problems += _key_problems(checked)
    guarded = [(found.account, found.token) for found in await treasury.genesis.treasury_accounts(read)]
    for account, token in [*guarded, *((mint_account(token), token) for token in Token)]:
        problems += await _unordered(read, treasury, account, token)
    return count, problems


async def _unordered(read: Read, treasury: Treasury, account: str, token: Token) -> list[str]:
    first = await treasury.genesis.next_seq(read, token)
    problems: list[str] = []
    if (await treasury.ledger.account(read, account)).owner != TREASURY_OWNER:
        problems.append(f"{account} is not marked as the treasury's: the ledger would let anyone debit it")
    cursor = None
    while True:
        page = await treasury.ledger.entries(read, account, PageRequest.of(PAGE, cursor))
        out = {t.id: t for t in page.items if t.debit == account and t.amount and t.seq >= first}
        missing = sorted(set(out) - await store.transfers_of_orders(read, list(out)))
        problems += [
            f"{account} paid {format_units(out[t].amount)} by {t} (sequence {out[t].seq}), no order" for t in missing
        ]
        if page.next_cursor is None:
            return problems
        cursor = page.next_cursor


def _record_problems(record: OrderRecord, checked: _Checked) -> list[str]:
    """Signatures of an order; of one that was executed, by keys that stood then, and by enough of them."""
    order, at, terms = record.order, record.executed_at, checked.terms
    problems: list[str] = []
    for signature in record.signatures:
        term = terms.get(signature.key)
        if term is None:
            problems.append(f"order {order.id} is signed by a key that was never registered")
        elif at is not None and not term.covers(at):
            problems.append(f"order {order.id} was executed when the key {signature.key[:16]}... was not registered")
        try:
            check_signature(order, signature)
        except AIAError as error:
            problems.append(error.detail)
    if record.state is not OrderState.EXECUTED or at is None:
        return problems
    signers = {terms[s.key].key.role for s in record.signatures if s.key in terms}
    if KeyRole.TREASURY not in signers:
        problems.append(f"order {order.id} was executed without the treasury's signature")
    if len(record.signatures) < approvals_needed(order, _thresholds(checked, at), _approvers(checked, at)):
        problems.append(f"order {order.id} was executed without the second signature it needed")
    _note(record, at, checked)
    return problems


def _note(record: OrderRecord, at: Instant, checked: _Checked) -> None:
    action = record.order.action
    if action in _ADDING:
        checked.added.add((record.order.text("key"), _ADDING[action]))
    if action is Action.REMOVE_APPROVER:
        checked.removed.add(record.order.text("key"))
    if action is Action.ROTATE_KEY:
        checked.rotated.append(at)


def _approvers(checked: _Checked, at: Instant) -> int:
    """How many approvers stood before and after that instant: who came or went in it, may or may not have."""
    approvers = (term for term in checked.terms.values() if term.key.role is KeyRole.APPROVER)
    return sum(t.added_at < at and (t.removed_at is None or at < t.removed_at) for t in approvers)


def _thresholds(checked: _Checked, at: Instant) -> dict[Token, Units]:
    """The thresholds of an instant; of several in it, the highest."""
    found: dict[Token, Units] = {}
    for token, name in _SECOND.items():
        mine = sorted((c for c in checked.changes if c.name is name and c.at <= at), key=lambda c: c.version)
        before = [c.value for c in mine if c.at < at][-1:] or [DEFINITIONS[name].default]
        found[token] = Units(max(before + [c.value for c in mine if c.at == at]) * UNITS_PER_TOKEN)
    return found


def _key_problems(checked: _Checked) -> list[str]:
    """Keys come and go by orders; only the first of the treasury's came with the books."""
    problems: list[str] = []
    terms = sorted(checked.terms.values(), key=lambda t: (t.added_at, t.key.key))
    first = next((term for term in terms if term.key.role is KeyRole.TREASURY), None)
    for term in terms:
        if term is not first and (term.key.key, term.key.role) not in checked.added:
            problems.append(f"the key {term.key.key[:16]}... ({term.key.role}) was registered without an order")
        if term.key.role is KeyRole.APPROVER:
            gone_by_order = term.key.key in checked.removed
        else:
            gone_by_order = term.removed_at in checked.rotated
        if term.removed_at is not None and not gone_by_order:
            problems.append(f"the key {term.key.key[:16]}... ({term.key.role}) was removed without an order")
    return problems
