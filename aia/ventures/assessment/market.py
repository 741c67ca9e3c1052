"""A need held against what is outside its corpus: companies that serve it, and skills it takes.

Both are cosines of the shipped table of token vectors, which needs no fitting and so compares texts of
different corpora. A company counts by how near it is: from 0 at `NEAR_COSINE` to 1 at `SAME_COSINE`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aia.corpora.model import Document
from aia.text.model import Statement
from aia.text.vectors.embedder import Embedder, Vectors
from aia.ventures.model import Market, Need

NEAR_COSINE, SAME_COSINE = 0.45, 0.75
SHOWN_MAX = 3
SKILLS_MAX = 5
MEDOIDS_MAX = 5
DECIMALS = 4


def describe(need: Need, statements: Sequence[Statement], documents: Sequence[Document]) -> list[str]:
    """What a need is in words: its extracted name, and the passages nearest its centre."""
    medoids = [statements[i] for i in need.medoids[:MEDOIDS_MAX]]
    return [" ".join([need.title, *need.terms]), *(documents[s.document].text[s.start : s.end] for s in medoids)]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Companies and skills as vectors, ready to be compared with needs; `companies` None when not given."""

    embedder: Embedder
    companies: tuple[Sequence[Document], Vectors] | None
    skills: tuple[list[str], Vectors]

    @classmethod
    def of(
        cls, embedder: Embedder, companies: Sequence[Document] | None, skills: Sequence[tuple[str, str]]
    ) -> "Surroundings":
        """`skills` are (name, description)."""
        described = embedder.encode([description for _, description in skills])
        return cls(
            embedder,
            None if companies is None else (companies, embedder.encode([c.text for c in companies])),
            ([name for name, _ in skills], described),
        )

    def centre(self, texts: Sequence[str]) -> Vectors:
        """The unit vector of a need's words; 0 when none is known."""
        mean = self.embedder.encode(texts).mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-12)

    def market(self, centre: Vectors) -> Market | None:
        if self.companies is None:
            return None
        companies, vectors = self.companies
        cosines = np.round(vectors @ centre, DECIMALS)
        weights = np.clip((cosines - NEAR_COSINE) / (SAME_COSINE - NEAR_COSINE), 0, 1)
        order = np.lexsort((np.arange(len(cosines)), -cosines))[:SHOWN_MAX]
        near = tuple((companies[i].id, round(float(cosines[i]), DECIMALS)) for i in order.tolist())
        return Market(len(companies), int((weights > 0).sum()), round(float(weights.sum()), DECIMALS), near)

    def skills_of(self, centre: Vectors) -> tuple[tuple[str, float], ...]:
        """The skills nearest to a need, nearest first."""
        names, vectors = self.skills
        cosines = np.round(vectors @ centre, DECIMALS)
        order = np.lexsort((np.arange(len(cosines)), -cosines))[:SKILLS_MAX]
        return tuple((names[i], round(float(cosines[i]), DECIMALS)) for i in order.tolist())
