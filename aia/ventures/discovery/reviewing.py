"""The head of quality: ruling on findings by holding the accused claims against the text once more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aia.ventures.discovery.claims import ClaimContext, ClaimKind, NeedClaim
from aia.ventures.discovery.critics import examine

FLAGS = {ClaimKind.SEVERAL: "mostly one source", ClaimKind.UNSOLVED: "some say it is solved"}
"""What a broken claim of these kinds puts on an opportunity; one of any other kind refuses it."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the head of quality decides: by critic's task, claims rightly broken and falsely accused."""

    broken: Mapping[str, str]
    upheld: Mapping[str, tuple[str, ...]]
    false_alarms: Mapping[str, tuple[str, ...]]
    missed: Mapping[str, tuple[str, ...]]


def rule(
    findings: Mapping[str, Mapping[str, str]],
    handed: Mapping[str, Sequence[NeedClaim]],
    planted: Sequence[NeedClaim],
    book: ClaimContext,
) -> Ruling:
    """Rule on each critic's findings by holding the accused claims against the text again.

    `findings` and `handed` are by critic's task. A finding on a claim the critic was not handed counts as
    a false alarm. A planted claim is false by construction, whatever the reference says of it.
    """
    false = {claim.id for claim in planted}
    broken: dict[str, str] = {}
    upheld: dict[str, tuple[str, ...]] = {}
    alarms: dict[str, tuple[str, ...]] = {}
    missed: dict[str, tuple[str, ...]] = {}
    for task, said in sorted(findings.items()):
        mine = {claim.id: claim for claim in handed[task]}
        right: list[str] = []
        for claim_id in sorted(said):
            claim = mine.get(claim_id)
            wrong = None if claim is None else examine(claim, book)
            if claim is not None and (wrong is not None or claim_id in false):
                right.append(claim_id)
                if claim_id not in false:
                    broken[claim_id] = wrong or said[claim_id]
        upheld[task] = tuple(right)
        alarms[task] = tuple(sorted(set(said) - set(right)))
        missed[task] = tuple(sorted(false & set(mine) - set(right)))
    return Ruling(broken, upheld, alarms, missed)


def review(
    findings: Mapping[str, Mapping[str, str]],
    handed: Mapping[str, Sequence[NeedClaim]],
    planted: Sequence[NeedClaim],
    book: ClaimContext,
) -> dict[str, Any]:
    """The head of quality: which candidates stand, which are refused and why, and how the critics did."""
    ruling = rule(findings, handed, planted, book)
    claims = {claim.id: claim for mine in handed.values() for claim in mine}
    refused: dict[str, list[str]] = defaultdict(list)
    flags: dict[str, list[str]] = defaultdict(list)
    for claim_id, wrong in sorted(ruling.broken.items()):
        claim = claims[claim_id]
        if claim.kind in FLAGS:
            flags[claim.need].append(FLAGS[claim.kind])
        else:
            refused[claim.need].append(wrong)
    return {
        "accepted": [a.need for a in book.candidates if a.need not in refused],
        "refused": dict(refused),
        "flags": dict(flags),
        "broken": sorted(ruling.broken),
        "planted": [claim.to_json() for claim in planted],
        "claims": len(claims) - len(planted),
        "critics": {
            task: {
                "upheld": list(ruling.upheld[task]),
                "false_alarms": list(ruling.false_alarms[task]),
                "missed": list(ruling.missed[task]),
            }
            for task in sorted(findings)
        },
    }
