"""Budgets are accounts: a child's budget is a transfer from its parent's, so a cap over a hierarchy is a balance.

Nothing below a node can spend more than what the node was given, whatever is asked at the same time: every
account has the floor 0. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aia.core.ids import content_id
from aia.core.money import Units
from aia.ledger.model import Token, Transfer
from aia.ledger.service import transfer


@dataclass(frozen=True, slots=True)
class Budget:
    """A node of a tree of budgets: an account and what it is given, part of which it gives on."""

    account: str
    amount: Units
    children: tuple["Budget", ...] = ()

    def walk(self) -> Iterator["Budget"]:
        """This node, then all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def allot(tree: Budget, key: str, *, token: Token = Token.AIA) -> list[Transfer]:
    """Give every node below the root its budget out of its parent's, parents first.

    `key` names the allotment: the same again is no change. What a node is not given, the ledger refuses.
    """
    return [
        _give(key, parent.account, child.account, child.amount, token)
        for parent in tree.walk()
        for child in parent.children
        if child.amount
    ]


def collect(tree: Budget, left: Mapping[str, Units], key: str, *, token: Token = Token.AIA) -> list[Transfer]:
    """Give back what is left, leaves first, so that all of it ends in the root; `left` by account."""
    transfers: list[Transfer] = []
    _collect(tree, left, key, token, transfers)
    return transfers


def _collect(node: Budget, left: Mapping[str, Units], key: str, token: Token, transfers: list[Transfer]) -> int:
    units = int(left.get(node.account, 0))
    for child in node.children:
        back = _collect(child, left, key, token, transfers)
        if back:
            transfers.append(_give(f"{key}/back", child.account, node.account, Units(back), token))
        units += back
    return units


def _give(key: str, source: str, target: str, amount: Units, token: Token) -> Transfer:
    return transfer(
        content_id("tfr", "budget", key, source, target), source, target, amount, token=token, memo="budget"
    )
