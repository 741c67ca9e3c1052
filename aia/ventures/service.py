"""Use-cases of ventures: keep an input, start a discovery on it, check a report against it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from aia.core.errors import Forbidden, Invalid
from aia.core.money import Units
from aia.infra.plugins import load_plugin
from aia.infra.sql import Read, Tx
from aia.knowledge import CorpusInfo, CorpusNotFound, Knowledge, StoredDocument, stored_document
from aia.missions import Mission, Missions, Playbook
from aia.performance import Performance, rating_snapshot
from aia.reports import Reports, Verification, verify
from aia.ventures.discovery.grouped import companies_id, plain
from aia.ventures.model import RANK_QUANTILE, TOP_DEFAULT, Corpus

DOCUMENTS_MIN = 10
RATINGS = "ratings"
TITLE_MAX, QUESTION_MAX = 200, 1_000
QUESTION_DEFAULT = "What should we build next, and how do we know?"


class TooFewDocuments(Invalid):
    """Too little text to find anything that several people need."""

    code = "too-few-documents"
    title = "Too few documents"


@dataclass(frozen=True, slots=True)
class DiscoveryRequest:
    """What the caller asks of a discovery; `budget` None holds what the plan may cost at most.

    `companies` is the id of a kept corpus of companies, from which competition is told; `rank_quantile`
    (0.05 to 0.5) is how cautious the ranking is.
    """

    title: str | None = None
    question: str = QUESTION_DEFAULT
    top: int = TOP_DEFAULT
    seed: int = 0
    budget: Units | None = None
    companies: str | None = None
    rank_quantile: float = RANK_QUANTILE


class DiscoveryKind(Playbook, Protocol):
    """What a playbook of discoveries offers besides: the brief of a mission."""

    def brief(
        self,
        corpus: str,
        documents: int,
        *,
        title: str,
        question: str,
        top: int,
        companies: str | None,
        rank_quantile: float,
    ) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Ventures:
    """Discoveries on kept corpora."""

    missions: Missions
    knowledge: Knowledge
    reports: Reports
    playbook: DiscoveryKind
    performance: Performance
    enabled: bool = True

    async def keep(self, tx: Tx, corpus: Corpus) -> CorpusInfo:
        """Store a corpus that was read; raises `TooFewDocuments` below ten documents."""
        if len(corpus.documents) < DOCUMENTS_MIN:
            left_out = sum(corpus.reading.rejected.values())
            told = ", ".join(f"{n} {reason}" for reason, n in corpus.reading.rejected.items()) or "nothing"
            raise TooFewDocuments(
                f"{corpus.name} has {len(corpus.documents)} distinct documents ({left_out} rows left out: {told}); "
                f"a discovery needs at least {DOCUMENTS_MIN}"
            )
        return await self.knowledge.keep_corpus(tx, corpus.name, _stored(corpus), corpus.reading.to_json())

    async def start(self, tx: Tx, corpus: CorpusInfo, request: DiscoveryRequest) -> Mission:
        """Mission, budget hold and news in this transaction; the caller then starts the engine.

        The brief takes the ratings of this moment along, and they share out the work. A repeat of an
        earlier discovery takes that one's, so that it is a repeat.
        Raises `BudgetTooSmall`, `InsufficientFunds`, `Invalid`, or `Forbidden` when discovery is off.
        """
        earlier = await self.earlier(tx, corpus, request)
        taken = None if earlier is None else earlier.brief.get(RATINGS)
        if taken is None:
            taken = rating_snapshot(await self.performance.ratings(tx))
        brief = self._brief(corpus, request) | {RATINGS: taken}
        return await self.missions.create(tx, self.playbook.kind, brief, seed=request.seed, budget=request.budget)

    async def earlier(self, read: Read, corpus: CorpusInfo, request: DiscoveryRequest) -> Mission | None:
        """The mission of this very request that was cut off or completed, if there is one."""
        brief = self._brief(corpus, request)
        return await self.missions.latest_like(
            read, self.playbook.kind, brief, seed=request.seed, budget=request.budget
        )

    def _brief(self, corpus: CorpusInfo, request: DiscoveryRequest) -> dict[str, Any]:
        if not self.enabled:
            raise Forbidden("discovery is switched off: set VENTURE_DISCOVERY_ENABLED=true")
        title = request.title or f"Needs in {corpus.name}"
        for field, value, most in (("title", title, TITLE_MAX), ("question", request.question, QUESTION_MAX)):
            if not 1 <= len(value) <= most or not value.isprintable():
                raise Invalid(f"{field} must be 1 to {most} printable characters", field=field)
        return self.playbook.brief(
            corpus.id,
            corpus.documents,
            title=title,
            question=request.question,
            top=request.top,
            companies=request.companies,
            rank_quantile=request.rank_quantile,
        )

    async def verify_report(self, read: Read, document: Mapping[str, Any]) -> Verification:
        """Hold a report against the documents stored in this organisation: quotations, and every number."""
        corpus = await self.reports.corpus_of(read, document)
        if corpus is None:
            return verify(document, None)
        documents = [plain(d) for d in await self.knowledge.documents(read, corpus)]
        companies = None
        if (named := companies_id(document)) is not None:
            with suppress(CorpusNotFound):
                companies = [plain(d) for d in await self.knowledge.documents(read, named)]
        return await asyncio.to_thread(load_plugin("aia.tools", "recount"), document, documents, companies)


def _stored(corpus: Corpus) -> list[StoredDocument]:
    return [
        stored_document(position, d.id, d.text, day=d.day, author=d.author, source=d.source, fields=d.fields)
        for position, d in enumerate(corpus.documents)
    ]
