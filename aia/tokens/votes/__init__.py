"""Voting weight of AIA_GOV: delegation and checkpoints at every sequence number."""

from aia.tokens.votes.model import SUPPLY, Checkpoint, Delegation, FutureLookup
from aia.tokens.votes.service import NotAVotingWallet, VoteKeeper, Votes

__all__ = ["SUPPLY", "Checkpoint", "Delegation", "FutureLookup", "NotAVotingWallet", "VoteKeeper", "Votes"]
