"""What a critic does: hold each claim against the text itself, and say what is wrong with it.

The same reference judges the critics: a finding is upheld when the claim is false, and a false alarm
when it is true.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aia.text.model import StatementKind
from aia.ventures.assessment import Audience, momentum, solved_voices, voice_months, voices
from aia.ventures.assessment.tally import Tally, tally_of
from aia.ventures.discovery.claims import ClaimContext, ClaimKind, NeedClaim

ONE_SOURCE_SHARE = 0.5
SOLVED_SHARE = 0.25
GROWTH_TOLERANCE = 1e-4
SHARED_TERMS_MIN = 5
SHARED_MEMBERS_MIN = 0.5


def check(claims: Sequence[NeedClaim], book: ClaimContext) -> dict[str, Any]:
    """A critic: what is wrong, for each claim with which something is."""
    found = {claim.id: wrong for claim in claims if (wrong := examine(claim, book)) is not None}
    return {"findings": found, "checked": len(claims)}


def examine(claim: NeedClaim, book: ClaimContext) -> str | None:
    """What is wrong with a claim, or None when it holds."""
    match claim.kind:
        case ClaimKind.PASSAGE:
            return _passage(claim, book)
        case ClaimKind.COUNT:
            return _count(claim, book)
        case ClaimKind.GROWTH:
            return _growth(claim, book)
        case ClaimKind.SEVERAL:
            return _several(claim, book)
        case ClaimKind.UNSOLVED:
            return _unsolved(claim, book)
        case ClaimKind.DISTINCT:
            return _distinct(claim, book)


def _passage(claim: NeedClaim, book: ClaimContext) -> str | None:
    c = claim.content
    if not 0 <= c["document"] < len(book.documents):
        return "the document does not exist"
    if book.documents[c["document"]].text[c["start"] : c["end"]] != c["quotation"] or not c["quotation"]:
        return "the quotation does not stand there"
    places = {(s.document, s.start, s.end) for s in (book.statements[i] for i in book.needs[claim.need].members)}
    if (c["document"], c["start"], c["end"]) not in places:
        return "the passage does not state this need"
    return None


def count_on(book: ClaimContext) -> None:
    """Count what is new in the needs of candidates that an earlier discovery counted, once for all critics."""
    for candidate in book.candidates:
        before = book.counted.get(candidate.need)
        if before is not None:
            members = [book.statements[i] for i in book.needs[candidate.need].members]
            book.counted_on[candidate.need] = tally_of(members, book.documents, before)


def _tally(claim: NeedClaim, book: ClaimContext) -> Tally | None:
    """What was counted before of its need with what is new in it; None where all is to be counted."""
    return book.counted_on.get(claim.need)


def _count(claim: NeedClaim, book: ClaimContext) -> str | None:
    column, value = claim.content["column"], claim.content["value"]
    counted = _counted(column, claim, book)
    return None if counted == value else f"{column} are {counted}, not {value}"


def _counted(column: str, claim: NeedClaim, book: ClaimContext) -> int:
    members = [book.statements[i] for i in book.needs[claim.need].members]
    match column:
        case "statements":
            return len(members)
        case "requests":
            return sum(statement.kind is StatementKind.REQUEST for statement in members)
        case "authors" if (tally := _tally(claim, book)) is not None:
            return tally.authors
        case "authors":
            return len({book.documents[s.document].author for s in members} - {None})
        case _:
            return len({statement.document for statement in members})


def _growth(claim: NeedClaim, book: ClaimContext) -> str | None:
    if (tally := _tally(claim, book)) is not None:
        audience = Audience.of(book.documents) if book.audience is None else book.audience
        months = tally.months(audience.months)
    else:
        months = voice_months(book.documents, voices(book.documents, book.documents_of(claim.need)), book.audience)
    found = momentum(months)
    if found is None:
        return "there are too few dates to tell"
    claimed = claim.content["lower"]
    return None if abs(found.lower - claimed) <= GROWTH_TOLERANCE else f"it is {found.lower}, not {claimed}"


def _several(claim: NeedClaim, book: ClaimContext) -> str | None:
    """Survivorship: what one loud source says often is not what many need."""
    documents = book.documents_of(claim.need)
    if (tally := _tally(claim, book)) is not None:
        most = tally.largest_author
    else:
        authors = Counter(a for d in documents if (a := book.documents[d].author) is not None)
        most = max(authors.values(), default=0)
    return f"one source wrote {most} of {len(documents)}" if most > ONE_SOURCE_SHARE * len(documents) else None


def _unsolved(claim: NeedClaim, book: ClaimContext) -> str | None:
    """Counted as the report counts it, so that a flag and the number beside it tell the same."""
    if (tally := _tally(claim, book)) is not None:
        heard, solved = tally.voices, tally.solved
    else:
        members = [book.statements[i] for i in book.needs[claim.need].members]
        spoken = voices(book.documents, book.documents_of(claim.need))
        heard = len({voice for voice in spoken.values() if voice is not None})
        solved = len(solved_voices(members, book.documents, spoken))
    return f"{solved} of {heard} voices say that it is solved" if solved > SOLVED_SHARE * heard else None


def _distinct(claim: NeedClaim, book: ClaimContext) -> str | None:
    """Only needs that rank better make a later one a repeat."""
    c = claim.content
    terms, members = set(c["terms"]), set(c["members"])
    for other in book.candidates[: c["rank"]]:
        if other.need == claim.need:
            continue
        shared = members & set(book.needs[other.need].members)
        if len(terms & set(other.terms)) >= SHARED_TERMS_MIN or other.title == c["title"]:
            return f"repeats {other.need}"
        if len(shared) > SHARED_MEMBERS_MIN * len(members):
            return f"repeats {other.need}"
    return None
