"""What changed between two runs: needs matched by id, by what they are made of, by what they mean. Pure.

A need keeps its lineage as long as each run matches the one before: the same id; else half of the smaller
one's statements shared; else passages of nearly the same meaning. The best match wins, each need once.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

from aia.core.clock import Instant
from aia.core.ids import content_id
from aia.ventures.monitoring.model import Alert, AlertKind, Change, ChangeKind, SeenNeed

SHARED_MIN = 0.5
COSINE_MIN = 0.75
CHANGED_Z = 1.64
NEW_EVIDENCE_MAX = 3


def match(now: Sequence[SeenNeed], before: Sequence[SeenNeed], cosines: Sequence[Sequence[float]]) -> dict[str, str]:
    """Needs of now to needs of before; `cosines[i][j]` is how near their passages are in meaning."""
    candidates: list[tuple[int, float, int, int]] = []
    for i, here in enumerate(now):
        for j, there in enumerate(before):
            if here.need == there.need:
                candidates.append((0, -1.0, i, j))
                continue
            smaller = min(len(here.places), len(there.places))
            shared = len(here.places & there.places) / smaller if smaller else 0.0
            if shared >= SHARED_MIN:
                candidates.append((1, -shared, i, j))
            elif cosines[i][j] >= COSINE_MIN:
                candidates.append((2, -cosines[i][j], i, j))
    found: dict[int, int] = {}
    for _, _, i, j in sorted(candidates):
        if i not in found and j not in found.values():
            found[i] = j
    return {now[i].need: before[j].need for i, j in found.items()}


def changes(
    now: Sequence[SeenNeed],
    before: Sequence[SeenNeed],
    matched: Mapping[str, str],
    lineages: Mapping[str, str],
    known: frozenset[str],
) -> tuple[Change, ...]:
    """Each need of now in order of rank, then what is gone. `known` are the documents of before."""
    by_id = {need.need: need for need in before}
    made = [_change(n, by_id.get(matched.get(n.need, "")), lineages, known) for n in sorted(now, key=_order)]
    gone = [n for n in sorted(before, key=_order) if n.need not in matched.values()]
    return (*made, *(_gone(n, lineages) for n in gone))


def _order(need: SeenNeed) -> tuple[int, str]:
    return (need.rank or 10_000, need.need)


def _change(here: SeenNeed, there: SeenNeed | None, lineages: Mapping[str, str], known: frozenset[str]) -> Change:
    fresh = tuple(q for q in here.evidence if q.document not in known)[:NEW_EVIDENCE_MAX]
    return Change(
        kind=ChangeKind.NEW if there is None else _direction(here, there),
        need=here.need,
        was=None if there is None else there.need,
        lineage=here.need if there is None else lineages.get(there.need, there.need),
        title=here.title,
        documents=here.documents,
        documents_before=0 if there is None else there.documents,
        share=round(here.share, 6),
        share_before=0.0 if there is None else round(there.share, 6),
        rank=here.rank,
        rank_before=None if there is None else there.rank,
        lower=here.lower,
        lower_before=None if there is None else there.lower,
        new_evidence=fresh,
    )


def _direction(here: SeenNeed, there: SeenNeed) -> ChangeKind:
    """Grown or shrunk when the shares of documents differ by more than chance (two-proportion z test, 90 %)."""
    read = here.read + there.read
    pooled = (here.documents + there.documents) / read if read else 0.0
    error = sqrt(pooled * (1 - pooled) * (1 / max(here.read, 1) + 1 / max(there.read, 1)))
    z = (here.share - there.share) / error if error else 0.0
    return ChangeKind.GROWN if z > CHANGED_Z else ChangeKind.SHRUNK if z < -CHANGED_Z else ChangeKind.SAME


def _gone(there: SeenNeed, lineages: Mapping[str, str]) -> Change:
    return Change(
        kind=ChangeKind.GONE,
        need=there.need,
        was=there.need,
        lineage=lineages.get(there.need, there.need),
        title=there.title,
        documents=0,
        documents_before=there.documents,
        share=0.0,
        share_before=round(there.share, 6),
        rank=None,
        rank_before=there.rank,
        lower=None,
        lower_before=there.lower,
        new_evidence=(),
    )


def alerts(
    made: Sequence[Change],
    *,
    first: bool,
    subject: str,
    mission: str,
    documents_min: int,
    lower_min: float,
    now: Instant,
) -> tuple[Alert, ...]:
    """Needs that emerge: new since the last run, or whose growth is now above the threshold and was not.

    The id covers subject, lineage and kind, so that the same news is raised once. A first run has nothing
    to be new against.
    """
    raised: list[Alert] = []
    for change in made:
        if change.kind is ChangeKind.GONE or change.documents < documents_min:
            continue
        grows = change.lower is not None and change.lower >= lower_min
        grew = change.lower_before is not None and change.lower_before >= lower_min
        kinds = [AlertKind.NEW_NEED] if change.kind is ChangeKind.NEW and not first else []
        kinds += [AlertKind.GROWING] if grows and not grew else []
        raised += [
            Alert(
                id=content_id("alr", subject, change.lineage, kind.value),
                subject=subject,
                mission=mission,
                need=change.need,
                kind=kind,
                title=change.title,
                detail=_detail(kind, change),
                at=now,
            )
            for kind in kinds
        ]
    return tuple(raised)


def _detail(kind: AlertKind, change: Change) -> str:
    if kind is AlertKind.NEW_NEED:
        return f"{change.documents} documents state it; the run before had none like it"
    return f"its share grows by a log rate of at least {change.lower:.3f} a month, in {change.documents} documents"
