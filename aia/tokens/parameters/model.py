"""Governed parameters: numbers of the economy that a signed order may change within fixed bounds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aia.core.clock import Instant
from aia.core.errors import Invalid

DAY_S = 86_400


class BadParameter(Invalid):
    """No such parameter, or a value outside its bounds; nothing was changed."""

    code = "bad-parameter"
    title = "The parameter cannot be set to this"


class Parameter(StrEnum):
    """Names carry their unit: bps is 1/10,000, s seconds, tokens whole tokens."""

    TRANSFER_FEE_BPS = "transfer_fee_bps"
    BURN_SHARE_BPS = "burn_share_bps"
    AGENT_SHARE_BPS = "agent_share_bps"
    UNSTAKE_COOLDOWN_S = "unstake_cooldown_s"
    STAKE_LOCK_S = "stake_lock_s"
    SLASH_MAX_BPS = "slash_max_bps"
    TREASURY_EPOCH_S = "treasury_epoch_s"
    SECOND_APPROVAL_AIA = "second_approval_aia_tokens"
    SECOND_APPROVAL_GOV = "second_approval_gov_tokens"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a parameter is before anyone changed it, and between which values it stays."""

    default: int
    low: int
    high: int
    meaning: str


DEFINITIONS: Mapping[Parameter, Definition] = {
    Parameter.TRANSFER_FEE_BPS: Definition(10, 0, 500, "fee of a transfer to another organisation"),
    Parameter.BURN_SHARE_BPS: Definition(5_000, 0, 10_000, "part of that fee that is burnt"),
    Parameter.AGENT_SHARE_BPS: Definition(
        7_000, 5_000, 10_000, "part of a task's price that its agent gets; the treasury gets the rest"
    ),
    Parameter.UNSTAKE_COOLDOWN_S: Definition(7 * DAY_S, 0, 90 * DAY_S, "seconds between unstaking and withdrawing"),
    Parameter.STAKE_LOCK_S: Definition(DAY_S, 0, 365 * DAY_S, "seconds a stake stays locked after it was raised"),
    Parameter.SLASH_MAX_BPS: Definition(5_000, 0, 10_000, "part of a stake that one slashing may take"),
    Parameter.TREASURY_EPOCH_S: Definition(7 * DAY_S, 3_600, 365 * DAY_S, "seconds of an epoch of spending limits"),
    Parameter.SECOND_APPROVAL_AIA: Definition(
        1_000_000, 0, 9_000_000_000, "an order above this needs a second approver"
    ),
    Parameter.SECOND_APPROVAL_GOV: Definition(100_000, 0, 9_000_000_000, "the same for orders that move AIA_GOV"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A value in force for ledger sequence numbers of `from_seq` and above; `version` counts its changes."""

    name: Parameter
    version: int
    from_seq: int
    value: int
    order: str
    at: Instant


def named(name: str) -> Parameter:
    """Raises `BadParameter` naming those there are."""
    try:
        return Parameter(name)
    except ValueError:
        known = ", ".join(parameter.value for parameter in Parameter)
        raise BadParameter(f"parameter is {name[:60]!r}: choose {known}", field="parameter") from None


def check_value(name: Parameter, value: int) -> int:
    """The value, within its bounds; raises `BadParameter` naming both."""
    bounds = DEFINITIONS[name]
    if not bounds.low <= value <= bounds.high:
        raise BadParameter(
            f"{name.value} is {value}: choose {bounds.low} to {bounds.high}", field="value", parameter=name.value
        )
    return value
