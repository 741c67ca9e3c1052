"""What the agents of a discovery do: one pure function for each skill, loaded as a plugin when first used.

Each takes plain values and gives back a JSON result; none reads a file, a clock or a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aia.agents import shipped_skills
from aia.corpora.model import Document
from aia.text.model import Statement
from aia.text.statements import find_statements
from aia.text.statements.learned import shipped_model
from aia.text.vectors import Embedding, open_embedder, shipped_table
from aia.ventures.assessment import Audience, Surroundings, describe
from aia.ventures.assessment import assess as assess_need
from aia.ventures.assessment import rank as rank_needs
from aia.ventures.assessment.tally import Tally
from aia.ventures.discovery.basis import basis_of
from aia.ventures.model import Assessment, Need
from aia.ventures.needs import continue_needs
from aia.ventures.needs import group as group_statements

STATEMENTS_GROUPED_MAX = 1_000_000


def extract(documents: Sequence[tuple[int, str]], statements: str = "rules") -> dict[str, Any]:
    """A scout: statements of (position, text) pairs, by the rules alone or with what the `model` adds."""
    model = shipped_model() if statements == "model" else None
    found = [
        Statement(position, s.start, s.end, s.kind, s.strength, s.severity).to_json()
        for position, text in documents
        for s in find_statements(text, model)
    ]
    return {"statements": found}


def group(
    statements: Sequence[Statement],
    texts: Sequence[str],
    seed: int,
    needs_max: int,
    known: tuple[Sequence[Need], int] | None = None,
) -> dict[str, Any]:
    """The head of scouting: needs of all statements; of more than a million the strongest are grouped.

    `known` are needs that stand, and the number of statements they were found in: those after that are new.
    """
    if known is not None and known[1]:
        embedder = open_embedder(Embedding.TABLE)
        found = continue_needs(
            statements,
            texts,
            known[0],
            embedder.encode,
            first_new=known[1],
            seed=seed,
            needs_max=needs_max,
        )
        told = {"grouped": len(statements), "method": embedder.name, "continued": found.told()}
        return {"needs": [n.to_json() for n in found.needs], **told}
    chosen = chosen_of(statements)
    kept = [statements[i] for i in chosen]
    if len(kept) < 3:
        return too_few(len(kept))
    embedder = open_embedder(Embedding.TABLE)
    kept_texts = [texts[i] for i in chosen]
    vectors = embedder.encode(kept_texts)
    needs = group_statements(kept, kept_texts, vectors, seed=seed, needs_max=needs_max)
    return as_result(needs, chosen, embedder.name)


def chosen_of(statements: Sequence[Statement]) -> list[int]:
    """The statements that are grouped, in order: all of them, or the strongest million."""
    chosen = list(range(len(statements)))
    if len(chosen) > STATEMENTS_GROUPED_MAX:
        chosen.sort(key=lambda i: (-statements[i].strength, i))
        chosen = sorted(chosen[:STATEMENTS_GROUPED_MAX])
    return chosen


def too_few(grouped: int) -> dict[str, Any]:
    return {"needs": [], "grouped": grouped, "method": "too few statements to group"}


def as_result(needs: Sequence[Need], chosen: Sequence[int], method: str) -> dict[str, Any]:
    """The result of grouping the chosen statements, by their numbers among all."""
    renumbered = [
        replace(n, members=tuple(chosen[i] for i in n.members), medoids=tuple(chosen[i] for i in n.medoids))
        for n in needs
    ]
    return {"needs": [n.to_json() for n in renumbered], "grouped": len(chosen), "method": method}


def assess(
    needs: Sequence[Need],
    statements: Sequence[Statement],
    documents: Sequence[Document],
    companies: Sequence[Document] | None = None,
    audience: Audience | None = None,
    tallies: Mapping[str, Tally] | None = None,
) -> dict[str, Any]:
    """An analyst: what the text says about each need, who serves it already, and what skills it takes.

    `audience` and `tallies` (by need) are counted here unless they are at hand.
    """
    skills = [(skill.name, skill.description) for skill in shipped_skills()]
    surroundings = Surroundings.of(shipped_table(), companies, skills)
    audience = Audience.of(documents) if audience is None else audience
    found: list[dict[str, Any]] = []
    for need in needs:
        centre = surroundings.centre(describe(need, statements, documents))
        market, near = surroundings.market(centre), surroundings.skills_of(centre)
        tally = (tallies or {}).get(need.id)
        assessed = assess_need(
            need, statements, documents, audience=audience, tally=tally, market=market, skills=near
        )
        found.append(assessed.to_json())
    return {"assessments": found}


def rank(
    assessments: Sequence[Assessment], seed: int, keep: int, basis: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The head of analysis: the needs with a score, best first."""
    ranked = rank_needs(assessments, seed=seed, basis=None if basis is None else basis_of(basis))
    return {"ranked": [r.to_json() for r in ranked[:keep]]}


def direct(ranked: Sequence[Mapping[str, Any]], accepted: Sequence[str], top: int) -> dict[str, Any]:
    """The director: the accepted needs in order of rank, as many as were asked for."""
    keep = set(accepted)
    return {"opportunities": [r["need"] for r in ranked if r["need"] in keep][:top]}
