"""A slice of `make campaign-ledger-kill`, and that its check can fail."""

import random
from dataclasses import replace

import pytest

from aia.core.money import Units
from campaigns.ledger_kill import Load, Target, Violation, campaign, check
from tests.ledger.books import DatabaseBook


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "postmaster"])
def test_what_was_acknowledged_before_a_kill_stands_once_and_in_sequence(kind, request):
    if kind != "sqlite" and request.config.getoption("--sqlite-only"):
        pytest.skip("--sqlite-only was asked for")
    assert campaign(kind, kills=2 if kind == "sqlite" else 1, seed="ci") > 50


@pytest.fixture
async def acknowledged(book: DatabaseBook, database_url: str) -> tuple[Target, Load]:
    """A ledger that has told of its opening batch and one chain."""
    load = Load(random.Random(1), "told")
    await book.open(load.accounts())
    chain = [
        replace(load.transfer(linked=True), amount=Units(5)),
        replace(load.transfer(linked=False), amount=Units(5)),
    ]
    for batch in (load.opening(), chain):
        results = await book.submit(batch)
        load.hear(batch, [(r.outcome.value, r.debit_after, r.credit_after, r.seq) for r in results])
    target = Target(database_url, book, None)
    assert await check(target, load) == len(load.told) == 14
    return target, load


@pytest.mark.anyio
async def test_the_check_finds_an_acknowledged_transfer_that_is_lost(acknowledged):
    target, load = acknowledged
    missing = load.transfer(linked=False)
    load.told[missing.id] = (missing, ("created", 1, 1, 15))
    with pytest.raises(Violation, match=f"{missing.id} was acknowledged .* and is lost"):
        await check(target, load)


@pytest.mark.anyio
async def test_the_check_finds_a_transfer_that_stands_elsewhere_than_it_was_told(acknowledged):
    target, load = acknowledged
    name, (asked, (_, debit, credit, seq)) = next(iter(load.told.items()))
    load.told[name] = (asked, ("created", debit, credit, seq + 1))
    with pytest.raises(Violation, match="was told"):
        await check(target, load)


@pytest.mark.anyio
async def test_the_check_finds_a_chain_of_which_a_part_stands(acknowledged):
    target, load = acknowledged
    first = next(asked for asked, _ in load.told.values() if asked.linked)
    load.unknown.append([first, load.transfer(linked=False)])
    with pytest.raises(Violation, match="a part stands"):
        await check(target, load)
