"""The token economy over HTTP: every refusal has a name and moves nothing; tenants and operators are kept apart."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from aia.api.server import create_api
from aia.app import open_app, treasury_key
from aia.config import Settings
from aia.core.principal import Principal
from aia.ledger import Outcome
from aia.ledger.audit.verify import audit
from aia.ledger.log.checkpoint import open_checkpoint, parse_consistency_proof, parse_inclusion_proof
from aia.ledger.log.note import parse_note, parse_verifier_key
from aia.tokens.payments import REFUSALS
from aia.tokens.treasury import parse_order, sign_order, verify_treasury

PROBLEM = "application/problem+json"
MINE, DIRECTOR = "organisation:north", "agent:north:director"
SECOND = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def settings(database_url: str, tmp_path) -> Settings:
    return Settings(environment="staging", database_url=database_url, aia_home=tmp_path / "home")  # type: ignore[arg-type]


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    api = create_api(settings, partial(open_app, settings, durable=False, background=False))
    with TestClient(api, raise_server_exceptions=False) as opened:
        yield opened


def app_of(client: TestClient):
    return client.app_state["aia"]


def bearer(client: TestClient, name: str, *, operator: bool = False) -> dict[str, str]:
    app = app_of(client)

    async def make() -> str:
        await app.create_organisation(name, name)
        async with app.database.begin(Principal(name, "test")) as tx:
            return (await app.identity.create_key(tx, "test", operator=operator))[1]

    return {"Authorization": f"Bearer {client.portal.call(make)}"}


@pytest.fixture
def north(client: TestClient) -> dict[str, str]:
    return bearer(client, "north")


@pytest.fixture
def south(client: TestClient) -> dict[str, str]:
    return bearer(client, "south")


def pay(client: TestClient, who: dict[str, str], key: str = "k", **change):
    body = {"debit": MINE, "credit": DIRECTOR, "amount": "5"} | change
    return client.post("/v1/transfers", json=body, headers=who | {"Idempotency-Key": key})


def balance(client: TestClient, who: dict[str, str], account: str = MINE) -> str:
    return client.get(f"/v1/accounts/{account}", headers=who).json()["balance"]


def assert_books_hold(client: TestClient) -> None:
    app = app_of(client)

    async def check():
        async with app.database.read(Principal.system()) as read:
            return (await audit(read)).problems, (await verify_treasury(read, app.tokens.treasury))[1]

    assert client.portal.call(check) == ((), [])


def test_a_transfer_answers_with_the_balance_and_the_same_key_pays_once(client: TestClient, north):
    first = pay(client, north)
    assert first.status_code == 201
    assert (first.json()["outcome"], first.json()["debit_balance"], first.json()["amount_units"]) == (
        "created",
        "999995",
        5_000_000,
    )
    again = pay(client, north)
    assert (again.status_code, again.json()["outcome"], again.json()["id"]) == (200, "exists", first.json()["id"])
    assert balance(client, north) == "999995"
    assert_books_hold(client)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": "0"}, 422, "invalid-amount"),
        ({"amount": "0.000000"}, 422, "invalid-amount"),
        ({"amount": "-1"}, 422, "invalid-amount"),
        ({"amount": "1.0000001"}, 422, "invalid-amount"),
        ({"amount": "9007199254.740992"}, 422, "invalid-amount"),
        ({"amount": "1e3"}, 422, "invalid-amount"),
        ({"amount": "٣"}, 422, "invalid-amount"),
        ({"amount": ""}, 422, "invalid-amount"),
        ({"amount": 5}, 422, "invalid"),
        ({"credit": MINE}, 422, "same-account"),
        ({"credit": "gov:north"}, 422, "wrong-token"),
        ({"credit": "nobody"}, 404, "account-not-found"),
        ({"debit": "nobody"}, 404, "account-not-found"),
        ({"debit": "organisation:south", "credit": MINE}, 404, "account-not-found"),
        ({"credit": "agent:south:director"}, 404, "account-not-found"),
        ({"credit": "treasury:AIA"}, 404, "account-not-found"),
        ({"debit": "treasury:AIA"}, 404, "account-not-found"),
        ({"debit": "mint:AIA"}, 404, "account-not-found"),
        ({"amount": "1000000.000001"}, 409, "insufficient-funds"),
        ({"memo": "x" * 201}, 422, "invalid"),
        ({"extra": 1}, 422, "invalid"),
    ],
)
def test_what_cannot_be_paid_is_refused_by_name_and_moves_nothing(
    client: TestClient, north, south, change, status, code
):
    answer = pay(client, north, **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert balance(client, north) == "1000000"


def test_a_key_used_for_another_transfer_is_refused_and_one_is_needed(client: TestClient, north):
    assert pay(client, north).status_code == 201
    answer = pay(client, north, amount="6")
    assert answer.status_code == 409
    assert answer.json()["code"].startswith("exists-with-different")
    body = {"debit": MINE, "credit": DIRECTOR, "amount": "5"}
    assert client.post("/v1/transfers", json=body, headers=north).status_code == 422
    assert balance(client, north) == "999995"


def test_keys_of_two_organisations_do_not_meet(client: TestClient, north, south):
    assert pay(client, north).status_code == 201
    answer = pay(client, south, debit="organisation:south", credit="agent:south:director")
    assert answer.status_code == 201


def test_a_closed_account_is_refused_by_name(client: TestClient, north):
    app = app_of(client)

    async def close() -> None:
        async with app.database.begin(Principal("north", "test")) as tx:
            await tx.run(sa.text("update account set closed = true where id = 'agent:north:director'"))

    client.portal.call(close)
    answer = pay(client, north)
    assert (answer.status_code, answer.json()["code"]) == (409, "account-closed")
    assert balance(client, north) == "1000000"


def test_the_payer_is_told_the_fee_before_and_charged_exactly_that(client: TestClient, north, south):
    ask = {"debit": MINE, "credit": "organisation:south", "amount": "1000"}
    quoted = client.get("/v1/transfers/quote", params=ask, headers=north).json()
    assert quoted == {"amount": "1000", "fee": "1", "fee_treasury": "0.5", "fee_burnt": "0.5", "total": "1001"}
    paid = pay(client, north, credit="organisation:south", amount="1000").json()
    assert (paid["total"], balance(client, north), balance(client, south, "organisation:south")) == (
        "1001",
        "998999",
        "1001000",
    )
    supply = {s["token"]: s["supply"] for s in client.get("/v1/supply", headers=north).json()["data"]}
    assert supply == {"AIA": "999999999.5", "AIA_GOV": "100000000"}
    too_much = pay(client, north, "k2", credit="organisation:south", amount="998999")
    assert (too_much.status_code, too_much.json()["code"]) == (409, "insufficient-funds")
    assert balance(client, north) == "998999"
    assert_books_hold(client)


def test_the_same_payment_after_the_fee_changed_is_still_the_same_payment(client: TestClient, north, south, settings):
    first = pay(client, north, credit="organisation:south", amount="1000").json()
    give(client, settings, "set-parameter", parameter="transfer_fee_bps", value=100)
    again = pay(client, north, credit="organisation:south", amount="1000")
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert balance(client, north) == "998999"
    assert pay(client, north, "new", credit="organisation:south", amount="1000").json()["fee"] == "10"


def test_a_hold_is_posted_in_part_and_once(client: TestClient, north, south):
    body = {"debit": MINE, "credit": DIRECTOR, "amount": "10", "lasts_s": 60}
    key = north | {"Idempotency-Key": "h"}
    hold = client.post("/v1/holds", json=body, headers=key).json()
    assert client.post("/v1/holds", json=body, headers=key).json() == hold
    assert client.post("/v1/holds", json=body | {"amount": "11"}, headers=key).json()["code"] == "hold-exists"
    path = f"/v1/holds/{hold['id']}"
    assert client.get(path, headers=south).json()["code"] == "hold-not-found"
    assert client.post(f"{path}/void", headers=south).status_code == 404
    over = client.post(f"{path}/post", json={"amount": "10.1"}, headers=north)
    assert (over.status_code, over.json()["code"]) == (409, "hold-exceeded")
    assert client.post(f"{path}/post", json={"amount": "4"}, headers=north).json()["state"] == "posted"
    assert client.post(f"{path}/void", headers=north).status_code == 409
    assert balance(client, north) == "999996"
    for lasts in (0, -5, 10**12):
        assert (
            client.post("/v1/holds", json=body | {"lasts_s": lasts}, headers=north | {"Idempotency-Key": "x"}).json()[
                "code"
            ]
            == "invalid"
        )
    assert_books_hold(client)


def batch(client: TestClient, who: dict[str, str], *items: dict):
    base = {"debit": MINE, "credit": DIRECTOR, "amount": "1"}
    transfers = [{"key": f"k{n}"} | base | item for n, item in enumerate(items)]
    return client.post("/v1/transfers/batch", json={"transfers": transfers}, headers=who)


def test_a_batch_gives_each_transfer_its_outcome_and_chains_are_all_or_nothing(client: TestClient, north, south):
    answer = batch(
        client,
        north,
        {},
        {"amount": "0"},
        {"credit": MINE},
        {"credit": "gov:north"},
        {"credit": "organisation:south"},
        {"amount": "9999999"},
        {"linked": True},
        {"amount": "-2"},
    )
    outcomes = [result["outcome"] for result in answer.json()["results"]]
    assert outcomes == [
        "created",
        "invalid-amount",
        "same-account",
        "wrong-token",
        "account-not-found",
        "insufficient-funds",
        "linked-failed",
        "invalid-amount",
    ]
    assert balance(client, north) == "999999"
    assert_books_hold(client)


def test_bad_input_in_a_bulk_is_answered_by_name_and_never_as_an_error_of_ours(client: TestClient, north):
    """Formance 1600: a business error in a bulk came back as an internal one."""
    assert pay(client, north, "paid", amount="5").status_code == 201
    cases = {
        "invalid-amount": [{"amount": text} for text in ("0", "-1", "0.0000001", "9007199254.740992", "1e3", "")],
        "same-account": [{"credit": MINE}],
        "account-not-found": [{"credit": "nobody"}, {"debit": "organisation:south"}, {"debit": "treasury:AIA"}],
        "wrong-token": [{"credit": "gov:north"}],
        "insufficient-funds": [{"amount": "1000000"}],
        "exists-with-different-amount": [{"key": "paid", "amount": "6"}],
        "exists-with-different-credit": [{"key": "paid", "amount": "5", "credit": "agent:north:scout-1"}],
    }
    asked = [(name, item) for name, items in cases.items() for item in items]
    answer = batch(client, north, *(item for _, item in asked))
    assert answer.status_code == 200
    assert [result["outcome"] for result in answer.json()["results"]] == [name for name, _ in asked]
    assert balance(client, north) == "999995"
    assert_books_hold(client)


def test_every_refusal_of_the_ledger_has_a_status_of_the_callers_and_its_own_code():
    assert REFUSALS.keys() == set(Outcome) - {Outcome.CREATED, Outcome.EXISTS}
    assert {outcome.value: error.code for outcome, error in REFUSALS.items()} == {o.value: o.value for o in REFUSALS}
    assert {error.status for error in REFUSALS.values()} <= {404, 409, 413, 422}


def test_a_batch_of_10001_is_refused_by_name(client: TestClient, north):
    answer = batch(client, north, *([{}] * 10_001))
    assert (answer.status_code, answer.json()["code"]) == (413, "batch-too-large")
    assert balance(client, north) == "1000000"


def give(client: TestClient, settings: Settings, action: str, name: str = "ord_1", **fields):
    app = app_of(client)

    async def books() -> str:
        async with app.database.read(Principal.system()) as read:
            return await app.tokens.genesis.books(read)

    expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    document = {
        "type": "aia-treasury-order/1",
        "id": name,
        "books": client.portal.call(books),
        "action": action,
        "purpose": "test",
        "expires_at": expires,
        **fields,
    }
    signature = sign_order(parse_order(document), treasury_key(settings))
    body = {"order": document, "signatures": [{"key": signature.key, "signature": signature.signature}]}
    return client.post("/v1/treasury/orders", json=body, headers=bearer(client, "board", operator=True))


def test_orders_are_for_operators_and_must_be_signed(client: TestClient, north, settings):
    for path in ("/v1/treasury", "/v1/treasury/orders", "/v1/treasury/orders/ord_1"):
        answer = client.get(path, headers=north)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    fields = {"token": "AIA", "debit": "sale:AIA", "credit": MINE, "amount_units": 7}
    given = give(client, settings, "pay", **fields)
    assert (given.status_code, given.json()["state"]) == (201, "executed")
    operator = bearer(client, "board", operator=True)
    forged = {"order": given.json()["order"] | {"id": "ord_2"}, "signatures": given.json()["signatures"]}
    answer = client.post("/v1/treasury/orders", json=forged, headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (403, "order-signature-invalid")
    waiting = give(client, settings, "pay", "ord_3", **(fields | {"amount_units": 2 * 10**12}))
    assert waiting.json()["state"] == "waiting"
    approval = sign_order(parse_order(waiting.json()["order"]), SECOND)
    answer = client.post(
        "/v1/treasury/orders/ord_3/approvals",
        json={"key": approval.key, "signature": approval.signature},
        headers=operator,
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "order-key-unknown")
    shown = client.get("/v1/treasury", headers=operator).json()
    spent = {a["account"]: a["epoch_spent"] for a in shown["accounts"]}
    assert spent["sale:AIA"] == "0.000007"
    assert_books_hold(client)


def test_stakes_vesting_and_votes_are_the_organisations_own(client: TestClient, north, south, settings):
    key = north | {"Idempotency-Key": "s"}
    made = client.post("/v1/stakes", json={"wallet": MINE, "amount": "10"}, headers=key)
    assert (made.status_code, made.json()["amount"]) == (201, "10")
    assert client.post("/v1/stakes", json={"wallet": MINE, "amount": "10"}, headers=key).json()["amount"] == "10"
    locked = client.post(f"/v1/stakes/{MINE}/unstakings", json={"amount": "1"}, headers=key)
    assert (locked.status_code, locked.json()["code"]) == (409, "stake-locked")
    assert client.post(f"/v1/stakes/{MINE}/claim", headers=north).json()["code"] == "nothing-to-claim"
    assert client.get(f"/v1/stakes/{MINE}", headers=south).json()["code"] == "stake-not-found"
    assert client.post("/v1/unstakings/uns_x/withdraw", headers=north).status_code == 404
    terms = {"cliff_days": 0, "duration_days": 1, "revocable": False}
    give(client, settings, "vest", token="AIA", debit="sale:AIA", credit=MINE, amount_units=10**9, **terms)
    (schedule,) = client.get("/v1/vesting", headers=north).json()["data"]
    assert client.get("/v1/vesting", headers=south).json()["data"] == []
    assert client.post(f"/v1/vesting/{schedule['id']}/release", headers=south).status_code == 404
    assert client.post(f"/v1/vesting/{schedule['id']}/release", headers=north).status_code == 200
    assert client.get("/v1/delegations/gov:north", headers=south).status_code == 404
    answer = client.put("/v1/delegations/gov:north", json={"delegate": "gov:south"}, headers=north)
    assert (answer.status_code, answer.json()["delegate"]) == (200, "gov:south")
    assert client.get("/v1/votes/gov:south", headers=north).json()["votes"] == "0"
    assert client.get("/v1/votes/gov:south?seq=1", headers=north).json()["total_supply_units"] == 0
    future = client.get("/v1/votes/gov:south?seq=99999", headers=north)
    assert (future.status_code, future.json()["code"]) == (409, "future-lookup")
    assert client.get("/v1/parameters", headers=north).json()["data"][0]["name"] == "transfer_fee_bps"
    assert client.get("/v1/staking", headers=north).json()["data"][0]["staked"] == "10"
    assert_books_hold(client)


def test_a_statement_is_csv_whose_lines_lead_to_the_balance(client: TestClient, north, south):
    for n in range(3):
        assert pay(client, north, f"k{n}", amount="1.5", memo="=cmd()").status_code == 201
    answer = client.get(f"/v1/accounts/{MINE}/statement", headers=north)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = sorted(csv.DictReader(io.StringIO(answer.text)), key=lambda row: int(row["seq"]))
    assert rows[-1]["balance"] == balance(client, north) == "999995.5"
    assert rows[-1]["memo"] == "'=cmd()"
    assert client.get(f"/v1/accounts/{MINE}/statement", headers=south).status_code == 404


def test_checkpoints_and_proofs_are_files_that_outsiders_check(client: TestClient, north, south):
    app = app_of(client)

    async def checkpoint() -> None:
        async with app.database.begin(Principal.system()) as tx:
            await app.log.checkpoint(tx)

    client.portal.call(checkpoint)
    first = client.get("/v1/log/checkpoint", headers=north).text
    paid = pay(client, north).json()
    assert client.get(f"/v1/transfers/{paid['id']}/proof", headers=north).json()["code"] == "not-in-log"
    client.portal.call(checkpoint)
    key = parse_verifier_key(client.get("/v1/log/key", headers=north).text.strip())
    old = open_checkpoint(parse_note(first), key)
    proof = client.get(f"/v1/transfers/{paid['id']}/proof", headers=north)
    assert proof.headers["content-type"].startswith("text/plain")
    new = parse_inclusion_proof(proof.text).verify(key)
    assert new.tree_size >= paid["seq"] > old.tree_size
    grown = client.get(f"/v1/log/consistency?since={old.tree_size}", headers=north)
    assert parse_consistency_proof(grown.text).verify(old, key) == new
    assert client.get(f"/v1/log/checkpoint?size={old.tree_size}", headers=south).text == first
    assert client.get(f"/v1/transfers/{paid['id']}/proof", headers=south).status_code == 404
    for path in ("/v1/log/consistency?since=99999", "/v1/log/checkpoint?size=99999", "/v1/transfers/x/proof"):
        assert client.get(path, headers=north).status_code == 404, path


@hypothesis_settings(max_examples=120, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    body=st.dictionaries(
        st.sampled_from(["debit", "credit", "amount", "memo", "lasts_s", "wallet", "order", "transfers", "x"]),
        st.one_of(st.none(), st.text(max_size=20), st.integers(), st.floats(), st.just(MINE), st.just("1")),
    ),
    key=st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=8),
    path=st.sampled_from(
        [
            "/v1/transfers",
            "/v1/transfers/batch",
            "/v1/holds",
            "/v1/holds/x/post",
            "/v1/stakes",
            f"/v1/stakes/{MINE}/unstakings",
            "/v1/treasury/orders",
            "/v1/treasury/orders/x/approvals",
        ]
    ),
)
def test_no_body_makes_an_internal_error(client: TestClient, north, body, key, path):
    operator = bearer_once(client)
    try:
        answer = client.post(path, json=body, headers=operator | {"Idempotency-Key": key})
    except ValueError:
        return  # JSON has no NaN
    assert answer.status_code < 500, answer.text


def bearer_once(client: TestClient) -> dict[str, str]:
    kept = getattr(client, "_operator", None)
    if kept is None:
        kept = bearer(client, "operators", operator=True)
        client._operator = kept  # type: ignore[attr-defined]
    return kept
