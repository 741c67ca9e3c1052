"""Fees, splits and budgets: parts always sum, chains are all or nothing, no tree outspends its root."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.core.money import UNITS_MAX, Units
from aia.ledger import Token, TransferKind, transfer
from aia.tokens import capture, split
from aia.tokens.budgets import Budget, allot, collect
from aia.tokens.fees import quote, with_fee

NOW = datetime(2026, 1, 1, tzinfo=UTC)
amounts = st.integers(1, UNITS_MAX // 2)
bps = st.integers(0, 10_000)


@given(amounts, bps, bps)
def test_a_fee_is_never_more_than_its_rate_or_the_amount_and_its_parts_sum_to_it(amount, fee_bps, burn_bps):
    quoted = quote(Units(amount), fee_bps, burn_bps)
    assert quoted.fee == amount * fee_bps // 10_000 <= amount
    assert quoted.treasury + quoted.burnt == quoted.fee
    assert abs(quoted.burnt * 10_000 - quoted.fee * burn_bps) < 10_000
    assert quoted.total == amount + quoted.fee


@given(amounts, bps, bps)
def test_a_payment_and_its_fee_are_one_chain_that_takes_exactly_the_quoted_total(amount, fee_bps, burn_bps):
    quoted = quote(Units(amount), fee_bps, burn_bps)
    chain = with_fee(transfer("tfr_1", "a", "b", Units(amount)), quoted)
    assert sum(t.amount for t in chain) == quoted.total
    assert {t.debit for t in chain} == {"a"}
    assert [t.linked for t in chain] == [True] * (len(chain) - 1) + [False]
    assert len({t.id for t in chain}) == len(chain)
    assert all(t.kind is TransferKind.BURN for t in chain if t.credit == "mint:AIA")


def test_no_fee_is_a_single_transfer():
    payment = transfer("tfr_1", "a", "b", Units(10_000))
    assert with_fee(payment, quote(Units(10_000), 0, 5_000)) == [payment]


@given(amounts, st.integers(5_000, 10_000))
def test_a_price_is_split_without_losing_a_unit_and_the_agent_always_gets_some(price, share):
    parts = split(Units(price), share)
    assert parts.price == price
    assert 1 <= parts.agent <= price
    assert abs(parts.agent * 10_000 - price * share) < 10_000


@given(st.integers(0, 10**12), st.integers(5_000, 10_000))
def test_capturing_a_hold_moves_exactly_the_price(price, share):
    hold = transfer("tfr_1", "mission:m", "agent:a", Units(price), kind=TransferKind.POST, hold_id="hld_1")
    chain = capture(hold, split(Units(price), share))
    assert sum(t.amount for t in chain) == price
    assert chain[0].hold_id == "hld_1"
    assert chain[0].kind is (TransferKind.POST if price else TransferKind.VOID)
    assert [t.linked for t in chain] == [True] * (len(chain) - 1) + [False]


budgets = st.recursive(
    st.integers(0, 1_000).map(lambda units: (units, [])),
    lambda children: st.tuples(st.integers(0, 1_000), st.lists(children, max_size=4)),
    max_leaves=20,
)


def tree_of(node, name: str = "root") -> Budget:
    units, children = node
    return Budget(name, Units(units), tuple(tree_of(child, f"{name}/{i}") for i, child in enumerate(children)))


class Accounts:
    """Balances with the floor 0: what the ledger guarantees, and nothing else."""

    def __init__(self, root: Units) -> None:
        self.units = {"root": int(root)}

    def post(self, asked) -> bool:
        if self.units.get(asked.debit, 0) < asked.amount:
            return False
        self.units[asked.debit] -= asked.amount
        self.units[asked.credit] = self.units.get(asked.credit, 0) + asked.amount
        return True


@given(budgets, st.data())
def test_no_subtree_ever_spends_more_than_it_was_given_and_the_rest_comes_back(node, data):
    tree = tree_of(node)
    accounts = Accounts(tree.amount)
    given_units = {"root": int(tree.amount)}
    for giving in allot(tree, "k"):
        if accounts.post(giving):
            given_units[giving.credit] = given_units.get(giving.credit, 0) + giving.amount
    nodes = [budget.account for budget in tree.walk()]
    spent = dict.fromkeys(nodes, 0)
    for _ in range(data.draw(st.integers(0, 30))):
        who = data.draw(st.sampled_from(nodes))
        price = data.draw(st.integers(1, 1_500))
        if accounts.post(transfer("tfr_x", who, "shop", Units(price))):
            spent[who] += price
    for budget in tree.walk():
        below = sum(spent[inner.account] for inner in budget.walk())
        assert below <= given_units.get(budget.account, 0)
    left = {name: Units(units) for name, units in accounts.units.items()}
    assert all(accounts.post(back) for back in collect(tree, left, "k"))
    assert accounts.units["root"] == tree.amount - sum(spent.values())


@pytest.mark.parametrize("token", list(Token))
def test_a_budget_is_given_in_its_token_and_asking_again_is_the_same_request(token):
    tree = Budget("a", Units(5), (Budget("b", Units(3)), Budget("c", Units(0))))
    first, again = allot(tree, "k", token=token), allot(tree, "k", token=token)
    assert first == again
    assert [(t.debit, t.credit, t.amount, t.token) for t in first] == [("a", "b", 3, token)]
