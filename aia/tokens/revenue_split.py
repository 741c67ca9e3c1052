"""The price of work, split between the agent that did it and the treasury. Pure."""

from dataclasses import dataclass, replace

from aia.core.ids import content_id
from aia.core.money import Units, apportion
from aia.ledger.model import Token, Transfer, TransferKind
from aia.ledger.service import transfer, treasury_account

WHOLE_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """A price and its parts, which sum to it."""

    agent: Units
    treasury: Units

    @property
    def price(self) -> Units:
        return Units(self.agent + self.treasury)


def split(price: Units, agent_share_bps: int) -> Split:
    """The agent's part and the treasury's by largest remainder; a tie goes to the agent."""
    agent, treasury = apportion(price, [agent_share_bps, WHOLE_BPS - agent_share_bps])
    return Split(agent, treasury)


def treasury_transfer(captured: str) -> str:
    """The id of the transfer that pays the treasury's part of a captured hold."""
    return content_id("tfr", captured, "treasury")


def capture(posted: Transfer, parts: Split) -> list[Transfer]:
    """Capture a hold by the split of its price, as one linked chain.

    `posted` is the POST of the hold; it pays the agent's part and frees the rest of the hold, out of which
    the treasury's part is paid by a second transfer whose id derives from the first. The hold was at least
    the price, so the second cannot fail where the first did not.
    """
    paying = replace(posted, amount=parts.agent)
    if not parts.agent:
        paying = replace(paying, kind=TransferKind.VOID)
    if not parts.treasury:
        return [paying]
    share = transfer(
        treasury_transfer(posted.id),
        *(posted.debit, treasury_account(Token.AIA), parts.treasury),
        memo="share of the treasury",
    )
    return [replace(paying, linked=True), share]
