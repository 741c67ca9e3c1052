"""Bugs that other open ledgers and agent frameworks had in public, by name, asked for at the same time."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial

import pytest
from starlette.testclient import TestClient

from aia.api.server import create_api
from aia.app import open_app
from aia.config import Settings
from aia.corpora.sample import generate
from aia.ledger import Transfer
from tests.ledger.bank import Bank, K, ask, counted
from tests.support.ledger_process import to_json

pytestmark = pytest.mark.anyio
AT_ONCE = 8
PROCESSES = 3


async def together(bank: Bank, batches: Sequence[Sequence[Transfer]]) -> dict[str, int]:
    """Each batch in its own transaction, all at once; how often each outcome was told."""
    return counted(await asyncio.gather(*(bank.post(*batch) for batch in batches)))


async def by_processes(url: str, batches: Sequence[Sequence[Transfer]]) -> dict[str, int]:
    """The batches dealt to processes of their own, which post them at the same time."""
    command = [sys.executable, "-m", "tests.support.ledger_process", url]
    lines = [json.dumps({"n": n, "batch": [to_json(t) for t in batch]}) + "\n" for n, batch in enumerate(batches)]
    started = [
        await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout is not None
        assert json.loads(await process.stdout.readline()) == {"ready": True}
    dealt = ["".join(lines[number::PROCESSES]).encode() for number in range(PROCESSES)]
    outputs = await asyncio.gather(*(process.communicate(part) for process, part in zip(started, dealt, strict=True)))
    answers = [json.loads(line) for out, _ in outputs for line in out.splitlines()]
    assert [answer for answer in answers if "error" in answer] == []
    assert len(answers) == len(batches)
    return counted([[result[0] for result in answer["results"]] for answer in answers])


async def test_blnk_41_and_43_a_hold_is_voided_once(bank: Bank):
    assert await bank.post(ask("hold", K.HOLD, "a", "b", 60, hold="h")) == ["created"]
    voids = [[ask(n, K.VOID, "a", "b", 0, hold="h")] for n in range(AT_ONCE)]
    assert await together(bank, voids) == {"created": 1, "hold-closed": AT_ONCE - 1}
    assert await bank.balances("a", "b") == [(100, 0), (0, 0)]
    assert await bank.holds_up()


async def test_blnk_171_of_partial_commits_that_race_one_is_posted(bank: Bank):
    assert await bank.post(ask("hold", K.HOLD, "a", "b", 60, hold="h")) == ["created"]
    posts = [[ask(n, K.POST, "a", "b", 45, hold="h")] for n in range(AT_ONCE)]
    assert await together(bank, posts) == {"created": 1, "hold-closed": AT_ONCE - 1}
    assert await bank.balances("a", "b") == [(55, 0), (45, 0)]
    assert await bank.holds_up()


async def test_blnk_171_a_commit_and_a_void_that_race_do_not_both_happen(bank: Bank):
    for number in range(6):
        assert await bank.post(ask(f"hold{number}", K.HOLD, "a", "b", 10, hold=number)) == ["created"]
        post, void = (ask(f"{kind}{number}", kind, "a", "b", units, hold=number) for kind, units in
                      ((K.POST, 10), (K.VOID, 0)))  # fmt: skip
        assert await together(bank, [[post], [void]]) == {"created": 1, "hold-closed": 1}
    ((a, a_held), (b, b_held)) = await bank.balances("a", "b")
    assert (a + b, a_held, b_held) == (100, 0, 0)
    assert await bank.holds_up()


async def test_blnk_181_holds_together_never_exceed_the_balance(bank: Bank):
    holds = [[ask(n, K.HOLD, "a", "b", 30, hold=n)] for n in range(AT_ONCE)]
    assert await together(bank, holds) == {"created": 3, "insufficient-funds": AT_ONCE - 3}
    assert await bank.balances("a", "b") == [(100, 90), (0, 0)]
    assert await bank.post(ask("rest", K.PLAIN, "a", "b", 11)) == ["insufficient-funds"]
    assert await bank.holds_up()


async def test_blnk_182_a_rejected_hold_can_be_neither_posted_nor_voided(bank: Bank):
    refused = ask("hold", K.HOLD, "a", "b", 101, hold="h")
    chain = [ask("first", K.HOLD, "a", "b", 5, hold="g", linked=True), ask("last", K.PLAIN, "c", "b", 8)]
    assert await bank.post(refused, *chain) == ["insufficient-funds", "linked-failed", "insufficient-funds"]
    for hold in ("h", "g"):
        later = [[ask(f"{kind}{hold}", kind, "a", "b", units, hold=hold)] for kind, units in
                 ((K.POST, 5), (K.VOID, 0), (K.EXPIRE, 0))]  # fmt: skip
        assert await together(bank, later) == {"hold-not-found": 3}
    assert await bank.balances("a", "b") == [(100, 0), (0, 0)]


async def test_blnk_315_refunds_at_the_same_time_never_exceed_what_was_paid(bank: Bank):
    assert await bank.post(ask("paid", K.PLAIN, "a", "b", 60), ask("more", K.PLAIN, "a", "b", 40)) == ["created"] * 2
    refunds = [[ask(n, K.REVERSAL, "b", "a", 25, reverses="paid")] for n in range(AT_ONCE)]
    assert await together(bank, refunds) == {"created": 2, "reversal-exceeded": AT_ONCE - 2}
    assert await bank.balances("a", "b") == [(50, 0), (50, 0)]
    assert await bank.holds_up()


async def test_blnk_315_no_refund_leaves_half_of_its_legs_posted(bank: Bank):
    """Two legs, to be given back together; the payee of the second has spent the money."""
    legs = [ask("leg1", K.PLAIN, "a", "b", 30, linked=True), ask("leg2", K.PLAIN, "a", "c", 20)]
    assert await bank.post(*legs) == ["created", "created"]
    assert await bank.post(ask("gone", K.PLAIN, "c", "b", 20)) == ["created"]
    before = await bank.rows()
    back = [ask("back1", K.REVERSAL, "b", "a", 30, reverses="leg1", linked=True),
            ask("back2", K.REVERSAL, "c", "a", 20, reverses="leg2")]  # fmt: skip
    assert await together(bank, [back] * AT_ONCE) == {"insufficient-funds": AT_ONCE, "linked-failed": AT_ONCE}
    assert await bank.rows() == before


async def test_praisonai_2314_the_cap_is_checked_before_the_call_and_a_call_cannot_cost_more_than_was_held(
    bank: Bank,
):
    called: list[int] = []

    async def call(number: int, worst_case: int, price: int) -> None:
        if await bank.post(ask(f"hold{number}", K.HOLD, "a", "b", worst_case, hold=number)) != ["created"]:
            return
        called.append(number)
        answer = await bank.post(ask(f"pay{number}", K.POST, "a", "b", price, hold=number))
        assert answer == (["created"] if price <= worst_case else ["hold-exceeded"])

    await asyncio.gather(*(call(number, 40, 40) for number in range(AT_ONCE)))
    assert len(called) == 2, "a budget of 100 pays for two calls that may cost 40; no third is made"
    await call(99, 20, 21)
    assert await bank.balances("a", "b") == [(20, 20), (80, 0)]
    assert await bank.holds_up()


async def test_formance_1600_a_business_error_in_a_bulk_is_an_answer_and_the_rest_goes_on(bank: Bank):
    bulk = [ask(1, K.PLAIN, "a", "b", 500), ask(2, K.PLAIN, "a", "b", 5), ask(3, K.REVERSAL, "b", "a", 1, reverses=1)]
    assert await bank.post(*bulk) == ["insufficient-funds", "created", "reversed-not-found"]
    assert await bank.balances("a", "b") == [(95, 0), (5, 0)]


async def test_formance_1601_a_reused_id_is_an_answer_on_a_reversal_too(bank: Bank):
    assert await bank.post(ask("paid", K.PLAIN, "a", "b", 60)) == ["created"]
    back = ask("back", K.REVERSAL, "b", "a", 10, reverses="paid")
    assert await together(bank, [[back]] * AT_ONCE) == {"created": 1, "exists": AT_ONCE - 1}
    (answer,) = await bank.post(ask("back", K.REVERSAL, "b", "a", 11, reverses="paid"))
    assert answer.startswith("exists-with-different")
    assert await bank.balances("a", "b") == [(50, 0), (50, 0)]


def test_formance_1600_a_business_error_over_http_is_a_409_that_says_what_is_available(settings: Settings):
    settings = settings.model_copy(update={"aia_organisation_grant": "10"})
    api = create_api(settings, partial(open_app, settings, durable=False))
    with TestClient(api, raise_server_exceptions=False) as client:
        documents = [{"id": row["id"], "text": row["text"]} for row in generate(0, 300)[0]]
        answer = client.post("/v1/discoveries", json={"documents": documents, "name": "n", "budget": "11"})
        assert (answer.status_code, answer.json()["code"]) == (409, "insufficient-funds")
        assert "10 are available" in answer.json()["detail"]


async def test_pgledger_one_bad_transfer_does_not_reject_the_call(bank: Bank):
    bad = [ask("zero", K.PLAIN, "a", "b", 0), ask("closed", K.PLAIN, "a", "gone", 1),
           ask("nobody", K.PLAIN, "a", "nobody", 1)]  # fmt: skip
    good = [ask(n, K.PLAIN, "a", "b", 1) for n in range(3)]
    mixed = [transfer for pair in zip(bad, good, strict=True) for transfer in pair]
    refused = ["invalid-amount", "account-closed", "account-not-found"]
    assert await bank.post(*mixed) == [told for name in refused for told in (name, "created")]
    assert await bank.balances("a", "b") == [(97, 0), (3, 0)]


async def test_several_processes_agree_on_who_gets_the_last_of_the_money(bank: Bank, database_url: str):
    """Blnk 41, 171, 181 and 315 again, between processes, where no lock of ours can help."""
    assert await bank.post(ask("paid", K.PLAIN, "a", "c", 30), ask("held", K.HOLD, "a", "b", 20, hold="h")) == [
        "created", "created",
    ]  # fmt: skip
    closings = [[ask(f"close{n}", K.POST if n % 2 else K.VOID, "a", "b", n % 2 * 20, hold="h")] for n in range(9)]
    refunds = [[ask(f"back{n}", K.REVERSAL, "c", "a", 20, reverses="paid")] for n in range(9)]
    assert await by_processes(database_url, [*closings, *refunds]) == {
        "created": 2, "hold-closed": 8, "reversal-exceeded": 8,
    }  # fmt: skip
    holds = [[ask(f"hold{n}", K.HOLD, "a", "b", 30, hold=n)] for n in range(9)]
    told = await by_processes(database_url, holds)
    ((posted, held),) = await bank.balances("a")
    assert told == {"created": held // 30, "insufficient-funds": 9 - held // 30}
    assert 0 <= posted - held < 30
    assert await bank.holds_up()
