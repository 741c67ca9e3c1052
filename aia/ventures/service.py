"""Use-cases of ventures: keep an input, start a discovery on it, check a report against it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from aia.core.errors import Conflict, Forbidden, Invalid, TooLarge
from aia.core.money import Units
from aia.core.pages import PageRequest
from aia.corpora.model import Document
from aia.infra.plugins import load_plugin
from aia.infra.sql import Read, Tx
from aia.knowledge import CorpusInfo, CorpusNotFound, Knowledge
from aia.missions import Mission, Missions, MissionState, Playbook
from aia.performance import Performance, rating_snapshot
from aia.reports import Reports, Verification, verify
from aia.ventures.discovery.continuation import CONTINUES, continued, to_read
from aia.ventures.discovery.grouped import companies_id, plain
from aia.ventures.discovery.sharding import DOCUMENTS_PER_SHARD
from aia.ventures.market_size import Assumptions
from aia.ventures.market_size.amend import NeedSizes, with_sizes
from aia.ventures.market_size.report import cited
from aia.ventures.model import RANK_QUANTILE, TOP_DEFAULT

BACKTEST_DOCUMENTS_MAX = 50_000
RATINGS = "ratings"
LATELY = 50
"""Missions looked at for one to go on from."""
STATEMENTS = ("rules", "model")
"""How statements are found: by rules, or by rules and the n-gram model."""
TITLE_MAX, QUESTION_MAX = 200, 1_000
QUESTION_DEFAULT = "What should we build next, and how do we know?"


class ReportDoesNotHold(Conflict):
    """A report that was changed is not signed again."""

    code = "report-does-not-hold"
    title = "The report does not hold"


@dataclass(frozen=True, slots=True)
class DiscoveryRequest:
    """What the caller asks of a discovery; `budget` None holds what the plan may cost at most.

    `regroup` groups everything anew even where an earlier discovery could be gone on from.
    `companies` is the id of a kept corpus of companies, from which competition is told; `rank_quantile`
    (0.05 to 0.5) is how cautious the ranking is. `assumptions` give market sizes to the needs they are about;
    `statements` says how statements are found.
    """

    title: str | None = None
    question: str = QUESTION_DEFAULT
    top: int = TOP_DEFAULT
    seed: int = 0
    budget: Units | None = None
    companies: str | None = None
    rank_quantile: float = RANK_QUANTILE
    assumptions: Assumptions | None = None
    regroup: bool = False
    statements: str = STATEMENTS[0]


@dataclass(frozen=True, slots=True)
class BacktestAsked:
    """What is asked of a backtest of a kept corpus; without cut-offs the latest five are taken."""

    cutoffs: tuple[date, ...] = ()
    window_months: int = 60
    horizon_months: int = 24
    partitions: int = 1
    seed: int = 0


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

    async def start(self, tx: Tx, corpus: CorpusInfo, request: DiscoveryRequest, key: str | None = None) -> Mission:
        """Mission, budget hold and news in this transaction; the caller then starts the engine.

        A `key` has one mission for ever, which asking again gives back.

        The brief takes the ratings of this moment along, and they share out the work. A repeat of an
        earlier discovery takes that one's, so that it is a repeat.
        Raises `BudgetTooSmall`, `InsufficientFunds`, `KeyReused`, `Invalid` (also for a quote of the assumptions
        that does not stand in the corpus), or `Forbidden` when discovery is off.
        """
        earlier = await self.earlier(tx, corpus, request)
        brief = self._brief(corpus, request)
        taken = None if earlier is None else earlier.brief.get(RATINGS)
        if taken is None:
            taken = rating_snapshot(await self.performance.ratings(tx))
        if request.assumptions is not None and request.assumptions.quotes:
            cited(request.assumptions, await self.knowledge.documents(tx, corpus.id))
        if request.regroup:
            continues = None
        elif earlier is not None:
            continues = earlier.brief.get(CONTINUES)
        else:
            continues = await self._continued(tx, brief, request.seed)
        brief |= {RATINGS: taken} if continues is None else {RATINGS: taken, CONTINUES: continues}
        return await self.missions.create(
            tx, self.playbook.kind, brief, seed=request.seed, budget=request.budget, key=key
        )

    async def earlier(self, read: Read, corpus: CorpusInfo, request: DiscoveryRequest) -> Mission | None:
        """The mission of this very request that was cut off or completed, if there is one."""
        brief = self._brief(corpus, request)
        return await self.missions.latest_like(
            read, self.playbook.kind, brief, seed=request.seed, budget=request.budget
        )

    async def _continued(self, tx: Tx, brief: Mapping[str, Any], seed: int) -> dict[str, Any] | None:
        """The newest discovery, of those made lately, that read most of this corpus and may be gone on from."""
        lately = (await self.missions.page(tx, PageRequest(LATELY))).items
        for mission in lately:
            done = mission.state is MissionState.COMPLETED and mission.kind == self.playbook.kind
            if not done or mission.seed != seed or mission.brief["corpus"] == brief["corpus"]:
                continue
            both = await self.knowledge.in_common(tx, mission.brief["corpus"], brief["corpus"])
            found = continued(mission.id, mission.brief, brief, both)
            if found is not None and await self._read_all(tx, mission):
                return found
        return None

    async def _read_all(self, tx: Tx, mission: Mission) -> bool:
        """Whether the budget of a mission reached for all that it was to read."""
        new = to_read(mission.brief)
        recalls, documents = (0, mission.brief["documents"]) if new is None else (1, len(new))
        tree = await self.missions.tree(tx, mission.id)
        return sum(task.skill == "extract" for task in tree) == recalls + -(-documents // DOCUMENTS_PER_SHARD)

    def _brief(self, corpus: CorpusInfo, request: DiscoveryRequest) -> dict[str, Any]:
        if not self.enabled:
            raise Forbidden("discovery is switched off: set VENTURE_DISCOVERY_ENABLED=true")
        title = request.title or f"Needs in {corpus.name}"
        for field, value, most in (("title", title, TITLE_MAX), ("question", request.question, QUESTION_MAX)):
            if not 1 <= len(value) <= most or not value.isprintable():
                raise Invalid(f"{field} must be 1 to {most} printable characters", field=field)
        brief = self.playbook.brief(
            corpus.id,
            corpus.documents,
            title=title,
            question=request.question,
            top=request.top,
            companies=request.companies,
            rank_quantile=request.rank_quantile,
        )
        if request.statements not in STATEMENTS:
            raise Invalid(
                f"statements is {request.statements[:40]!r}: choose {' or '.join(STATEMENTS)}", field="statements"
            )
        if request.assumptions is not None:
            brief |= {"assumptions": request.assumptions.to_json()}
        return brief if request.statements == STATEMENTS[0] else brief | {"statements": request.statements}

    async def size_report(
        self, read: Read, document: Mapping[str, Any], assumptions: Assumptions, need: str | None = None
    ) -> tuple[dict[str, Any], list[NeedSizes]]:
        """The report with market sizes, signed anew, and the sizes; `need` leaves the others as they are.

        Nothing is signed anew that does not hold: a report that is not the one stored is verified first.
        Raises `BadAssumptions`, `ReportDoesNotHold`, or `NeedNotSized` when the assumptions are about no
        opportunity of it.
        """
        if not await self.reports.is_stored(read, document):
            result = await self.verify_report(read, document)
            if not result.ok:
                first = result.findings[0]
                raise ReportDoesNotHold(f"{first.where}: {first.what}; sizes are put on reports that hold")
        corpus = await self.reports.corpus_of(read, document) if assumptions.quotes else None
        documents = [] if corpus is None else await self.knowledge.documents(read, corpus)
        sized, found = await asyncio.to_thread(with_sizes, document, assumptions, documents, need)
        return self.reports.sign_document(sized, read.now), found

    async def history(self, read: Read, corpus: str) -> list[Document]:
        """The documents of the newest corpus kept under a name, for a backtest.

        Raises `CorpusNotFound`, or `TooLarge` for one that would take too long.
        """
        info = await self.knowledge.newest_named(read, corpus)
        if info.documents > BACKTEST_DOCUMENTS_MAX:
            raise TooLarge(
                f"{corpus} has {info.documents} documents: at most {BACKTEST_DOCUMENTS_MAX} are tested by HTTP; "
                "use aia ventures backtest"
            )
        return [plain(d) for d in await self.knowledge.documents(read, info.id)]

    async def backtest(self, documents: Sequence[Document], asked: BacktestAsked) -> dict[str, Any]:
        """Computes for long: call it with no transaction open. Raises `HistoryTooThin` or `Invalid`."""
        return await asyncio.to_thread(load_plugin("aia.tools", "backtest"), documents, asdict(asked))

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
