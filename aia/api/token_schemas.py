"""Bodies of the token economy. An amount is a decimal string in tokens; answers give the integer units too."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from aia.api.schemas import Body
from aia.core.errors import Invalid
from aia.core.money import Units, format_units, parse_units
from aia.ledger import Outcome, Result
from aia.tokens.payments import REFUSALS

AccountName = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[!-~]+$")]
Amount = Annotated[
    str,
    Field(
        max_length=40,
        description="Tokens as a decimal with at most 6 places, like 12.5",
        json_schema_extra={"pattern": r"^[0-9]{1,10}(\.[0-9]{1,6})?$"},  # told here, refused in words by `units_of`
    ),
]
Memo = Annotated[str, Field(max_length=200)]


def units_of(amount: str) -> Units:
    """Units of a body's amount; raises the refusal `invalid-amount` naming what is wrong."""
    try:
        units = parse_units(amount)
    except Invalid as error:
        raise REFUSALS[Outcome.INVALID_AMOUNT](error.detail, field="amount") from None
    if not units:
        raise REFUSALS[Outcome.INVALID_AMOUNT]("amount is 0: choose at least 0.000001", field="amount")
    return units


class TransferIn(Body):
    debit: AccountName
    credit: AccountName
    amount: Amount
    memo: Memo = ""


class BatchItem(TransferIn):
    key: Annotated[str, Field(min_length=1, max_length=200)]
    linked: bool = False


class BatchIn(Body):
    # The bound of 10,000 is the ledger's, which names it; this one keeps the parser's work small.
    transfers: Annotated[list[BatchItem], Field(min_length=1, max_length=20_000)]


class HoldIn(TransferIn):
    lasts_s: Annotated[int | None, Field(description="Seconds until the hold expires; default: never")] = None


class PostHoldIn(Body):
    amount: Amount | None = None


class QuoteOut(BaseModel):
    amount: str
    fee: str
    fee_treasury: str
    fee_burnt: str
    total: str


class TransferOut(BaseModel):
    id: str
    outcome: str
    seq: int | None
    amount: str
    amount_units: int
    fee: str
    total: str
    debit_balance: str | None
    debit_balance_units: int | None


class ResultOut(BaseModel):
    id: str
    outcome: str
    seq: int | None
    debit_balance_units: int | None
    credit_balance_units: int | None


class BatchOut(BaseModel):
    results: list[ResultOut]


class HoldOut(BaseModel):
    id: str
    debit: str
    credit: str
    token: str
    amount: str
    remaining: str
    state: str
    expires_at: datetime | None


class SupplyOut(BaseModel):
    token: str
    supply: str
    supply_units: int
    cap: str


class SupplyListOut(BaseModel):
    data: list[SupplyOut]


class ParameterOut(BaseModel):
    name: str
    value: int
    default: int
    low: int
    high: int
    meaning: str


class ParameterListOut(BaseModel):
    data: list[ParameterOut]


class TreasuryAccountOut(BaseModel):
    account: str
    token: str
    purpose: str
    balance: str
    allocated: str
    epoch_limit: str
    epoch_spent: str


class TreasuryOut(BaseModel):
    books: str
    keys: list[dict[str, str]]
    accounts: list[TreasuryAccountOut]


class SignatureIn(Body):
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class OrderIn(Body):
    order: Annotated[dict[str, Any], Field(max_length=20, description="The JSON object that was signed")]
    signatures: Annotated[list[SignatureIn], Field(min_length=1, max_length=5)]


class OrderOut(BaseModel):
    order: dict[str, Any]
    state: str
    signatures: list[SignatureIn]
    transfer: str | None
    given_at: datetime
    executed_at: datetime | None


class RefusalOut(BaseModel):
    order: dict[str, Any]
    signatures: list[SignatureIn]
    code: str
    reason: str
    subject: str
    at: datetime


class StakeIn(Body):
    wallet: AccountName
    amount: Amount


class UnstakeIn(Body):
    amount: Amount


class StakeOut(BaseModel):
    wallet: str
    token: str
    amount: str
    cooling: str
    locked_until: datetime
    rewards_due: str
    rewards_claimed: str


class UnstakingOut(BaseModel):
    id: str
    wallet: str
    amount: str
    ready_at: datetime
    open: bool


class PoolOut(BaseModel):
    token: str
    staked: str
    rewards_funded: str
    rewards_paid: str


class PoolListOut(BaseModel):
    data: list[PoolOut]


class VestingOut(BaseModel):
    id: str
    token: str
    beneficiary: str
    total: str
    vested: str
    released: str
    releasable: str
    start: datetime
    cliff_at: datetime
    end_at: datetime
    revocable: bool
    revoked_at: datetime | None


class DelegationIn(Body):
    delegate: Annotated[str | None, Field(max_length=120, description="A wallet of AIA_GOV; null: nobody")]


class DelegationOut(BaseModel):
    wallet: str
    delegate: str | None
    from_seq: int | None


class VotesOut(BaseModel):
    delegate: str
    seq: int | None
    votes: str
    votes_units: int
    total_supply_units: int | None


class AgentSumOut(BaseModel):
    agent: str
    price: str
    earned: str


class StatementLineOut(BaseModel):
    task: str
    agent: str
    skill: str
    state: str
    held: str
    price: str
    earned: str
    treasury: str
    transfers: list[str]


class MissionStatementOut(BaseModel):
    mission: str
    budget: str
    spent: str
    agents: list[AgentSumOut]
    tasks: list[StatementLineOut]


def result_out(result: Result) -> ResultOut:
    return ResultOut(
        id=result.transfer_id,
        outcome=result.outcome.value,
        seq=result.seq,
        debit_balance_units=result.debit_after,
        credit_balance_units=result.credit_after,
    )


def shown_or_none(units: int | None) -> str | None:
    return None if units is None else format_units(units)
