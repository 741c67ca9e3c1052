"""What the last batches left behind: rows as they stand under the ledger's head, so that the next batch reads less.

Right as long as the head stands where this says: every posting moves it, and closing an account raises its epoch.
So whoever posts with these rows writes only if the head still stands there, and forgets them when it does not.
Accounts are known as soon as a batch has touched them. A transfer or hold that is not known and whose id is of a
clock (`aia.core.ids`), made after the oldest that is known, is taken to be new without asking; if it is not after
all, as its maker's clock is wrong, the unique index refuses the write, and the batch is read for.
"""

from collections.abc import Iterable

from aia.core.clock import Instant
from aia.ledger.model import Account, Hold, PostedTransfer
from aia.ledger.posting import Posting
from aia.ledger.store import Head

ACCOUNTS_MAX = 100_000
HOLDS_MAX = 100_000
TRANSFERS_MAX = 32_768
"""Half of the transfers that are kept: when as many are new, the older half goes."""

CLOCKS_APART_MS = 200
"""How far the clocks of those who make ids may be apart before it costs a look or a refused write."""


class RowCache:
    """Rows that are right under a head, which is committed."""

    def __init__(self, head: Head, now: Instant) -> None:
        self.head = head
        self.accounts: dict[str, Account] = {}
        self.holds: dict[str, Hold] = {}
        self._young: dict[str, PostedTransfer] = {}
        self._old: dict[str, PostedTransfer] = {}
        self._new_from = _number_at(now)

    @property
    def full(self) -> bool:
        """Whether there is so much that it is time to begin anew."""
        return len(self.accounts) > ACCOUNTS_MAX or len(self.holds) > HOLDS_MAX

    def transfers(self, ids: Iterable[str]) -> dict[str, PostedTransfer]:
        """Those of the transfers that are known."""
        young, old = self._young, self._old
        return {name: row for name in ids if (row := young.get(name) or old.get(name))}

    def is_new(self, number: int) -> bool:
        """Whether an id of that number that is not known here cannot stand, if its maker's clock is right."""
        return number >= self._new_from

    def learn(self, accounts: Iterable[Account], holds: Iterable[Hold]) -> None:
        """Rows that were read under the head."""
        self.accounts.update({account.id: account for account in accounts})
        self.holds.update({hold.id: hold for hold in holds})

    def follow(self, posting: Posting, head: Head) -> None:
        """A batch was written, and the head stands there now."""
        self.head = head
        self.learn(posting.accounts, (*posting.holds_created, *posting.holds_changed))
        if len(self._young) >= TRANSFERS_MAX:
            if self._old:
                self._new_from = _number_at(next(reversed(self._old.values())).at)
            self._old, self._young = self._young, {}
        self._young.update({row.id: row for row in posting.transfers})


def _number_at(at: Instant) -> int:
    """The least number of an id made when a clock shows that time, or ours does within what clocks may be apart."""
    return (int(at.timestamp() * 1000) + CLOCKS_APART_MS) << 80
