"""The test of the test: faults planted in a copy of the rules are found within what CI plays."""

import importlib.util
import sys
from pathlib import Path

import pytest

from aia.ledger import posting
from tests.ledger.contest import Contest

pytestmark = pytest.mark.anyio
OPERATIONS = 10_000
"""A tenth of what CI plays."""

FAULTS = {
    "the remainder of a posted hold stays held": ("return -hold.remaining", "return -transfer.amount"),
    "holds may pass the floor": (
        "short = debit.floor is not None and",
        "short = debit.floor == 0 and transfer.kind != 'hold' and",
    ),
    "what is held can be spent": ("debit.posted - debit.held - debit.floor", "debit.posted - debit.floor"),
    "the floor is always zero": ("debit.posted - debit.held - debit.floor", "debit.posted - debit.held"),
    "a failed chain leaves its first transfers": ("book.end_chain(keep=False)", "book.end_chain(keep=True)"),
    "a failed chain leaves its holds": (
        "for place, key, before in reversed(changes)",
        "for place, key, before in ()",
    ),
    "a failed chain is undone in the wrong order": ("in reversed(changes)", "in changes"),
    "a failed chain stays in the journal": ("        del self.appended[self._chain_start :]\n", ""),
    "a chain may be longer than its links": ("if transfer.linked:", "if transfer.linked or chain:"),
    "refunds before this one do not count": (
        "original.amount - book.reversed_before(original.id)",
        "original.amount",
    ),
    "a refund can be refunded": (
        "if original is None or original.kind is TransferKind.REVERSAL",
        "if original is None",
    ),
    "a hold can be voided twice": ("if hold.state is not HoldState.OPEN", "if hold.state is HoldState.POSTED"),
    "a hold lives one tick too long": ("hold.expires_at <= book.now", "hold.expires_at < book.now"),
    "an expired hold can be posted": ("if transfer.kind is TransferKind.POST and expired", "if False"),
    "a hold can be expired early": ("return None if expired else Outcome.HOLD_NOT_EXPIRED", "return None"),
    "more than the hold can be posted": ("if transfer.amount > hold.remaining else None", "if False else None"),
    "anyone's hold will do": (
        "(hold.debit, hold.credit, hold.token) !=",
        "(transfer.debit, hold.credit, hold.token) !=",
    ),
    "a closed account can be paid": ("(debit.closed or credit.closed)", "debit.closed"),
    "the payee's token does not matter": (
        "debit.token is credit.token is transfer.token",
        "debit.token is transfer.token",
    ),
    "anyone may pay the mint": ("if (credit.floor is None) is not (kind is TransferKind.BURN)", "if False"),
    "the treasury pays whoever asks": ("if debit.owner == TREASURY_OWNER and", "if False and"),
    "an order for one transfer is one for all": ("transfer not in book.ordered", "not book.ordered"),
    "a changed memo is the same request": ('    ("memo", "memo", Outcome.EXISTS_WITH_DIFFERENT_MEMO),\n', ""),
    "a retry is told today's balance": (
        "Outcome.EXISTS, seen.debit_after, seen.credit_after",
        "Outcome.EXISTS, book.account(seen.debit).posted, seen.credit_after",
    ),
}


def copy_of_the_rules(folder: Path, monkeypatch: pytest.MonkeyPatch, old: str = "", new: str = ""):
    """`aia.ledger.posting` loaded from a file of its own, with one place changed."""
    source = Path(posting.__file__).read_text()
    if old:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in posting.py: plant the fault anew"
    path = folder / "copied_rules.py"
    path.write_text(source.replace(old, new) if old else source)
    spec = importlib.util.spec_from_file_location("copied_rules", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "copied_rules", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("fault", list(FAULTS))
async def test_a_planted_fault_is_found(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    contest = Contest(rules=copy_of_the_rules(tmp_path, monkeypatch, *FAULTS[fault]))
    with pytest.raises(AssertionError, match="the oracle|open holds never sum below zero"):
        for number in range(10):
            await contest.play(f"ci-{number}", OPERATIONS // 10)


async def test_a_faultless_copy_of_the_rules_is_not_accused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    contest = Contest(rules=copy_of_the_rules(tmp_path, monkeypatch))
    await contest.play("ci-0", 1_000)
    assert contest.operations >= 1_000
