"""Staking: locked tokens, rewards by a global index, slashing by order."""

from aia.tokens.staking.model import (
    NothingStaked,
    NothingToClaim,
    NotStakeable,
    Pool,
    SlashTooLarge,
    Stake,
    StakeLocked,
    StakeNotFound,
    StakeTooSmall,
    TooManyUnstakings,
    Unstaking,
    UnstakingClosed,
    UnstakingNotReady,
)
from aia.tokens.staking.service import Staking, rewards_account, slashed_account, stake_account

__all__ = [
    "NotStakeable",
    "NothingStaked",
    "NothingToClaim",
    "Pool",
    "SlashTooLarge",
    "Stake",
    "StakeLocked",
    "StakeNotFound",
    "StakeTooSmall",
    "Staking",
    "TooManyUnstakings",
    "Unstaking",
    "UnstakingClosed",
    "UnstakingNotReady",
    "rewards_account",
    "slashed_account",
    "stake_account",
]
