"""Seeded random transfers, steered by the oracle into the corners that chance alone rarely finds.

A world plays on its oracle while it makes a batch, so each transfer knows what those before it came to:
holds are posted when they are open and when they are not, reversals ask for the rest and for one unit
more, chains break in the middle, ids come again with the same and with other content, and the clock
stops at, before and after the instant of an expiry.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aia.core.ids import content_id
from aia.core.money import Units
from aia.ledger.model import Token, Transfer, TransferKind
from aia.ledger.store_ids import TRANSFER, text_of
from tests.ledger.oracle import BY_ORDER, MOST, Answer, Oracle

K = TransferKind
START = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
FLOORS = {"a": 0, "b": 0, "c": 0, "credit": -500, "reserve": -1, "spare": 0, "last": 0, "vault": 0}
SIZES = (1, 1, 2, 3, 5, 8, 20, 50, 120, 300, 600)
OPEN_HOLDS_MOST = 40


class World:
    """Accounts of its own (`name` keeps worlds in one database apart), an oracle, a clock, a generator.

    `seq` is the last sequence number of the ledger before this world began.
    """

    def __init__(self, seed: str, name: str, *, seq: int = 0) -> None:
        self.rng = random.Random(seed)
        self.name = name
        self.now = START
        floors: dict[str, tuple[str, int | None]] = {self.at(n): ("AIA", floor) for n, floor in FLOORS.items()}
        floors |= {self.at(f"gov{n}"): ("AIA_GOV", 0) for n in range(2)}
        floors |= {self.at("vast"): ("AIA", 0), self.at("vaster"): ("AIA", -MOST)}
        floors |= {self.at(name): ("AIA", None) for name in ("mint", "vastmint")}
        floors |= {self.at("govmint"): ("AIA_GOV", None)}
        self.oracle = Oracle(floors, seq)
        self.made = 0
        self.heard: list[Transfer] = []
        self.kinds: list[Callable[[], Transfer]] = [
            *[self.plain] * 8, *[self.hold] * 7, *[self.post] * 5, *[self.void] * 2, *[self.expire] * 2,
            *[self.reversal] * 4, self.remark, self.mint, self.burn, self.vast, *[self.again] * 3, *[self.spoilt] * 4,
        ]  # fmt: skip

    def at(self, account: str) -> str:
        return f"test:{self.name}:{account}"

    def opening(self) -> list[Transfer]:
        """Money to begin with."""
        rich = [("mint", "a", 5_000), ("mint", "b", 2_000), ("mint", "reserve", 700)]
        batch = [self.ask(K.MINT, mint, account, amount) for mint, account, amount in rich]
        return [*batch, replace(self.ask(K.MINT, "govmint", "gov0", 900), token=Token.AIA_GOV)]

    def play(self, batch: list[Transfer]) -> list[Answer]:
        """The oracle's answers to a batch made elsewhere."""
        return self.oracle.batch(batch, self.now)

    def next_batch(self, size: int | None = None) -> tuple[list[Transfer], list[Answer]]:
        """A batch and what the oracle answers to it; the clock may have moved."""
        self.now += self.step()
        wanted = size or self.rng.choice(SIZES)
        batch: list[Transfer] = []
        answers: list[Answer] = []
        while len(batch) < wanted:
            chain = self.next_chain(wanted - len(batch))
            batch += chain
            answers += self.oracle.chain(chain, self.now)
            self.heard = [*self.heard[-200:], *chain]
        return batch, answers

    def next_chain(self, most: int) -> list[Transfer]:
        if self.heard and self.rng.random() < 0.04:
            return [self.changed(self.rng.choice(self.heard))]
        length = min(most, self.rng.choice((1, 1, 1, 1, 1, 2, 3, 4, 7)))
        chain: list[Transfer] = []
        while len(chain) < length:
            # Mostly look for one that will be made: of chains of chance, hardly any would be.
            for _ in range(self.rng.choice((1, 6, 6, 6, 6, 6))):
                link = replace(self.rng.choice(self.kinds)(), linked=True)
                if self.oracle.would([*chain, link], self.now):
                    break
            chain.append(link)
        if length > 2 and self.rng.random() < 0.4:
            chain[1] = self.sequel(chain[0])
        if length > 1 and self.rng.random() < 0.2:
            chain[self.rng.randrange(length)] = replace(self.spoilt(), linked=True)
        if length > 1 and self.rng.random() < 0.1:
            chain[self.rng.randrange(1, length)] = self.rng.choice(chain)
        # Now and then the last of a batch is linked to nothing.
        open_end = length == most and self.rng.random() < 0.2
        return [*chain[:-1], replace(chain[-1], linked=open_end)]

    def sequel(self, first: Transfer) -> Transfer:
        """What needs the first link of its own chain, and is undone with it when the chain fails."""
        token, hold = first.token, first.hold_id
        if first.kind is K.HOLD:
            kind, amount = self.rng.choice(((K.POST, max(first.amount // 2, 1)), (K.VOID, 0)))
            return self.ask(kind, first.debit, first.credit, amount, hold_id=hold, token=token, linked=True)
        return self.ask(K.REVERSAL, first.credit, first.debit, 1, reverses=first.id, token=token, linked=True)

    def step(self) -> timedelta:
        """Usually a little; at times to the very instant at which a hold expires, or one tick around it."""
        ends = [end for hold in self.oracle.purses if (end := self.oracle.holds[hold].expires_at) and end > self.now]
        if ends and self.rng.random() < 0.3:
            return max(self.rng.choice(ends) - self.now + self.rng.choice((-TICK, 0 * TICK, TICK)), TICK)
        return self.rng.choice((TICK, TICK, timedelta(seconds=1), timedelta(minutes=20), timedelta(days=3)))

    def close(self) -> str | None:
        """Close an account that this world can spare: a few in its life."""
        spare = [self.at(n) for n in ("spare", "last") if self.at(n) not in self.oracle.closed]
        if not spare or self.rng.random() < 0.85:
            return None
        self.oracle.closed.add(spare[0])
        return spare[0]

    # Makers of one transfer. Amounts look at what is there; the answer may still be a refusal.

    def ask(self, kind: K, debit: str, credit: str, amount: int, **more) -> Transfer:
        self.made += 1
        name = content_id("tfr", self.name, str(self.made))
        if self.made % 2:  # of a clock, which a poster takes to be new without a look when its time is late enough
            digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:10])
            name = text_of(TRANSFER, int(self.now.timestamp() * 1000) << 80 | digest)
        names = [account if ":" in account else self.at(account) for account in (debit, credit)]
        return Transfer(name, kind, *names, Units(amount), more.pop("token", Token.AIA), **more)

    def near(self, most: int) -> int:
        """An amount around a bound: often well below it, often it exactly, at times one above."""
        roll = self.rng.random()
        if most < 1 or roll < 0.08:
            return max(most, 0) + 1
        return most if roll < 0.15 else self.rng.randint(1, max(most // self.rng.choice((1, 4, 40)), 1))

    def pair(self) -> tuple[str, str]:
        if self.rng.random() < 0.1:
            return "gov0", "gov1"
        gone = self.oracle.closed if self.rng.random() < 0.95 else set[str]()
        payer, payee = self.rng.sample([*(n for n in FLOORS if self.at(n) not in gone), "a", "b", "a", "b"], 2)
        return payer, payee if payee != payer else "c"

    def priced(self, kind: K, **more) -> Transfer:
        payer, payee = self.pair()
        token = Token.AIA_GOV if payer == "gov0" else Token.AIA
        amount = self.near(self.oracle.available(self.at(payer)))
        memo = self.rng.choice(("", "", "ration d’été") if payer != "vault" else ("", BY_ORDER, BY_ORDER))
        return self.ask(kind, payer, payee, amount, token=token, memo=memo, **more)

    def plain(self) -> Transfer:
        return self.priced(K.PLAIN)

    def remark(self) -> Transfer:
        """Fields that mean something to other kinds only: a plain payment carries them, no more."""
        hold = self.rng.choice([None, *list(self.oracle.holds)[-5:]])
        return self.priced(K.PLAIN, hold_id=hold, reverses=self.rng.choice([None, *[t.id for t in self.heard[-20:]]]))

    def mint(self) -> Transfer:
        return self.ask(K.MINT, "mint", self.rng.choice(("a", "b", "spare")), self.rng.randint(1, 400))

    def burn(self) -> Transfer:
        return self.ask(K.BURN, "a", "mint", self.near(self.oracle.available(self.at("a")) // 10))

    def vast(self) -> Transfer:
        """Around the most that a balance may be."""
        kind, payer, payee = self.rng.choice(
            (
                (K.MINT, "vastmint", "vast"),
                (K.BURN, "vast", "vastmint"),
                (K.PLAIN, "vaster", "vast"),
                (K.PLAIN, "vast", "vaster"),
                (K.HOLD, "vaster", "vast"),
            )
        )
        rest = MOST - self.oracle.balance(self.at(payee))
        amount = self.rng.choice((1, MOST // 2, MOST, rest, rest + 1, max(rest - 1, 1)))
        hold = content_id("hld", self.name, str(self.made)) if kind is K.HOLD else None
        return self.ask(kind, payer, payee, amount, hold_id=hold)

    def hold(self) -> Transfer:
        if len(self.oracle.purses) > OPEN_HOLDS_MOST:
            return self.void()
        after = self.rng.choice((None, None, -TICK, 0 * TICK, TICK, timedelta(seconds=2), timedelta(hours=1)))
        until = None if after is None else self.now + after
        return self.priced(K.HOLD, hold_id=content_id("hld", self.name, str(self.made)), expires_at=until)

    def closing(self, kind: K, amount: Callable[[int], int]) -> Transfer:
        """Of an open hold mostly, else of any hold there ever was."""
        holds = self.oracle.purses if self.rng.random() < 0.85 and self.oracle.purses else self.oracle.holds
        if not holds:
            return self.ask(kind, "a", "b", amount(1), hold_id=content_id("hld", self.name, "none"))
        hold = self.rng.choice(list(holds)[-OPEN_HOLDS_MOST:])
        made = self.oracle.holds[hold]
        memo = BY_ORDER if made.debit == self.at("vault") and self.rng.random() < 0.8 else ""
        return self.ask(kind, made.debit, made.credit, amount(made.amount), token=made.token, hold_id=hold, memo=memo)

    def post(self) -> Transfer:
        return self.closing(K.POST, self.near)

    def void(self) -> Transfer:
        return self.closing(K.VOID, lambda _: 0)

    def expire(self) -> Transfer:
        late = [h for h in self.oracle.purses if (end := self.oracle.holds[h].expires_at) and end <= self.now]
        if not late or self.rng.random() < 0.3:
            return self.closing(K.EXPIRE, lambda _: 0)
        made = self.oracle.holds[self.rng.choice(late)]
        return self.ask(K.EXPIRE, made.debit, made.credit, 0, token=made.token, hold_id=made.hold_id)

    def reversal(self) -> Transfer:
        """Of something that moved money, mostly; of a hold, a mint, a reversal or nothing at times."""
        known = self.rng.sample(self.heard, min(len(self.heard), 12))
        told = [t for t in known if self.oracle.refundable.get(t.id) or self.rng.random() < 0.05]
        if not told:
            return self.plain()
        first = self.rng.choice(told)
        amount = self.near(self.oracle.refundable.get(first.id, 3))
        return self.ask(
            K.REVERSAL, first.credit, first.debit, amount, token=first.token, reverses=first.id, hold_id=first.hold_id
        )

    def again(self) -> Transfer:
        """An id that was used (or refused), asked for again; sometimes with one thing changed."""
        if not self.heard:
            return self.plain()
        first = self.rng.choice(self.heard)
        return first if self.rng.random() < 0.5 else self.changed(first)

    def changed(self, first: Transfer) -> Transfer:
        other = self.plain()
        change = self.rng.choice(
            (
                {"amount": Units(first.amount + 1)},
                {"amount": Units(max(first.amount - 1, 0)), "memo": "less"},
                {"debit": other.debit},
                {"credit": other.credit},
                {"kind": self.rng.choice(list(K))},
                {"hold_id": content_id("hld", self.name, "other")},
                {"reverses": other.id},
                {"expires_at": self.now + TICK},
                {"token": Token.AIA_GOV},
                {"memo": "another"},
            )
        )
        return replace(first, linked=False, **change)

    def spoilt(self) -> Transfer:
        """A transfer that breaks a rule, or two."""
        plain, closed = self.plain(), self.closing(self.rng.choice((K.POST, K.VOID, K.EXPIRE)), self.near)
        return self.rng.choice(
            (
                replace(plain, amount=Units(self.rng.choice((0, -1, -MOST, MOST, MOST + 1, 2**63 - 1)))),
                replace(plain, memo=self.rng.choice(("x" * 201, "a\0b", "x" * 200))),
                replace(plain, debit=plain.credit),
                replace(plain, credit=self.at("nobody")),
                replace(plain, debit=self.at("nobody"), amount=Units(1)),
                replace(plain, credit=self.rng.choice((self.at("spare"), self.at("last")))),
                replace(plain, credit=self.rng.choice((self.at("gov0"), self.at("mint")))),
                replace(plain, token=Token.AIA_GOV if plain.token is Token.AIA else Token.AIA),
                replace(plain, debit=self.at("mint"), kind=self.rng.choice((K.PLAIN, K.HOLD, K.BURN, K.REVERSAL))),
                replace(plain, kind=self.rng.choice((K.MINT, K.BURN, K.POST, K.VOID, K.EXPIRE, K.REVERSAL))),
                replace(plain, kind=K.HOLD, hold_id=None),
                replace(plain, kind=K.HOLD, hold_id=closed.hold_id),
                replace(plain, kind=K.REVERSAL, reverses=plain.id),
                replace(closed, hold_id=self.rng.choice((None, content_id("hld", self.name, "none")))),
                replace(closed, debit=closed.credit, credit=closed.debit),
                replace(closed, debit=self.at("c")),
                replace(closed, credit=self.at("c")),
                replace(closed, debit=self.at("c"), credit=self.at("reserve")),
                replace(closed, amount=Units(self.rng.choice((0, 1, MOST)))),
                replace(closed, kind=K.EXPIRE, amount=Units(0)),
                replace(closed, kind=K.EXPIRE, amount=Units(0)),
                self.ask(K.PLAIN, "a", "b", self.oracle.available(self.at("a")) + 1),
                self.ask(K.HOLD, "b", "a", MOST, hold_id=content_id("hld", self.name, f"much{self.made}")),
            )
        )
