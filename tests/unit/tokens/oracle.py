"""A naive ledger written from the rules in words, not from the code: balances are recomputed each time."""

from dataclasses import dataclass, field
from datetime import datetime

from aia.tokens.model import Transfer

MOST = 2**53 - 1
ASKED = {
    "kind": "kind", "debit": "debit", "credit": "credit", "token": "token", "amount": "amount", "hold_id": "hold",
    "reverses": "reverses", "expires_at": "expires-at", "memo": "memo",
}  # fmt: skip


@dataclass
class Oracle:
    """Accounts as (token, has a floor, closed); a list of entries; holds as small dictionaries."""

    accounts: dict[str, tuple[str, bool, bool]]
    entries: list[dict] = field(default_factory=list)
    holds: dict[str, dict] = field(default_factory=dict)
    seen: dict[str, Transfer] = field(default_factory=dict)

    def balance(self, account: str) -> int:
        received = sum(e["amount"] for e in self.entries if e["credit"] == account)
        return received - sum(e["amount"] for e in self.entries if e["debit"] == account)

    def held(self, account: str) -> int:
        return sum(h["amount"] for h in self.holds.values() if h["debit"] == account and h["state"] == "open")

    def batch(self, transfers: list[Transfer], now: datetime) -> list[str]:
        answers: list[str] = []
        index = 0
        while index < len(transfers):
            end = index
            while end < len(transfers) - 1 and transfers[end].linked:
                end += 1
            answers += self.chain(transfers[index : end + 1], now)
            index = end + 1
        return answers

    def chain(self, transfers: list[Transfer], now: datetime) -> list[str]:
        entries, holds = list(self.entries), {k: dict(v) for k, v in self.holds.items()}
        seen = dict(self.seen)
        answers: list[str] = []
        for number, transfer in enumerate(transfers):
            answer = self.one(transfer, now)
            if answer not in {"created", "exists"} and len(transfers) > 1:
                self.entries, self.holds, self.seen = entries, holds, seen
                return [answer if i == number else "linked-failed" for i in range(len(transfers))]
            answers.append(answer)
        return answers

    def one(self, t: Transfer, now: datetime) -> str:
        if t.id in self.seen:
            first = self.seen[t.id]
            for name, word in ASKED.items():
                if getattr(first, name) != getattr(t, name):
                    return f"exists-with-different-{word}"
            return "exists"
        answer = self.refuse(t, now)
        if answer is None:
            self.seen[t.id] = t
            moved = 0 if t.kind in {"hold", "void", "expire"} else t.amount
            if t.kind == "hold":
                self.holds[t.hold_id] = {
                    "debit": t.debit, "credit": t.credit, "token": t.token, "amount": t.amount,
                    "state": "open", "expires": t.expires_at,
                }  # fmt: skip
            if t.kind in {"post", "void", "expire"}:
                self.holds[t.hold_id]["state"] = {"post": "posted", "void": "voided", "expire": "expired"}[t.kind]
            self.entries.append(
                {"id": t.id, "debit": t.debit, "credit": t.credit, "amount": moved, "kind": t.kind, "of": t.reverses}
            )
        return answer or "created"

    def refuse(self, t: Transfer, now: datetime) -> str | None:
        zero = t.kind in {"void", "expire"}
        if (t.amount != 0) if zero else not 1 <= t.amount <= MOST:
            return "invalid-amount"
        if t.debit == t.credit:
            return "same-account"
        if t.debit not in self.accounts or t.credit not in self.accounts:
            return "account-not-found"
        (from_token, from_floor, from_closed), (to_token, to_floor, to_closed) = (
            self.accounts[t.debit],
            self.accounts[t.credit],
        )
        if (from_closed or to_closed) and not zero:
            return "account-closed"
        if {from_token, to_token} != {t.token}:
            return "wrong-token"
        if (not from_floor) != (t.kind == "mint") or (not to_floor) != (t.kind == "burn"):
            return "mint-not-allowed"
        size = "balance-too-large" if self.too_large(t) else None
        if t.kind in {"post", "void", "expire"}:
            return self.refuse_closing(t, now) or size
        if t.kind == "hold":
            if t.hold_id is None:
                return "hold-not-found"
            if t.hold_id in self.holds:
                return "hold-exists"
        if t.kind == "reversal":
            answer = self.refuse_reversal(t)
            if answer:
                return answer
        if from_floor and t.amount > self.balance(t.debit) - self.held(t.debit):
            return "insufficient-funds"
        return size

    def too_large(self, t: Transfer) -> bool:
        return self.balance(t.credit) + t.amount > MOST or self.balance(t.debit) - t.amount < -MOST

    def refuse_closing(self, t: Transfer, now: datetime) -> str | None:
        hold = self.holds.get(t.hold_id or "")
        if hold is None:
            return "hold-not-found"
        if (hold["debit"], hold["credit"], hold["token"]) != (t.debit, t.credit, t.token):
            return "hold-mismatch"
        if hold["state"] != "open":
            return "hold-expired" if hold["state"] == "expired" else "hold-closed"
        expired = hold["expires"] is not None and hold["expires"] <= now
        if t.kind == "expire":
            return None if expired else "hold-not-expired"
        if t.kind == "post" and expired:
            return "hold-expired"
        return "hold-exceeded" if t.amount > hold["amount"] else None

    def refuse_reversal(self, t: Transfer) -> str | None:
        originals = [e for e in self.entries if e["id"] == t.reverses and e["kind"] != "reversal"]
        if not originals or (originals[0]["debit"], originals[0]["credit"]) != (t.credit, t.debit):
            return "reversed-not-found"
        done = sum(e["amount"] for e in self.entries if e["kind"] == "reversal" and e["of"] == t.reverses)
        return "reversal-exceeded" if done + t.amount > originals[0]["amount"] else None
