"""A discovery at work: each task's tool called with what it needs, outside any transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.plugins import load_plugin
from aia.infra.sql import Database, Tx
from aia.knowledge import Fact, Knowledge, Passage, StoredDocument
from aia.llm import Model
from aia.missions import Inputs, Mission, Score, Task, TaskFailed, Work
from aia.reports import Reports, dumps
from aia.ventures.discovery.compose import compose
from aia.ventures.discovery.phrasing import phrase
from aia.ventures.model import Assessment, Document, Need, Statement

TOOLS = "aia.tools"
QUOTED = "quoted-in"


class Pricing(Protocol):
    """What a session needs of its playbook."""

    @property
    def price_per_mtok(self) -> Units: ...
    @property
    def version(self) -> str: ...


class DiscoverySession:
    """Works on one mission in this process; documents are loaded once, when first needed."""

    def __init__(
        self,
        database: Database,
        knowledge: Knowledge,
        reports: Reports,
        model: Model | None,
        pricing: Pricing,
        principal: Principal,
        mission: Mission,
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._reports = reports
        self._model = model
        self._pricing = pricing
        self._principal = principal
        self._mission = mission
        self._stored: list[StoredDocument] | None = None
        self._loading = asyncio.Lock()

    async def work(self, task: Task, inputs: Inputs) -> Work:
        """The task's skill names the tool; what it is given follows from the skill."""
        match task.skill:
            case "extract":
                return await self._extract(task)
            case "group":
                return await self._group(inputs)
            case "assess":
                return await self._assess(task, inputs)
            case "rank":
                return await self._rank(inputs)
            case "check":
                return await self._check(task, inputs)
            case "review":
                return await self._review(inputs)
            case "direct":
                return await self._direct(inputs)
            case other:
                raise TaskFailed(f"a discovery has no use for the skill {other!r}")

    async def _tool(self, skill: str, *arguments: object) -> dict[str, Any]:
        """Run a tool in a thread: tools compute, and the loop must go on answering."""
        return await asyncio.to_thread(load_plugin(TOOLS, skill), *arguments)

    async def _documents(self) -> list[StoredDocument]:
        async with self._loading:
            if self._stored is None:
                async with self._database.read(self._principal) as read:
                    self._stored = await self._knowledge.documents(read, self._mission.brief["corpus"])
            return self._stored

    async def _plain(self) -> list[Document]:
        return [Document(d.id, d.text, d.date, d.author, d.source, d.fields) for d in await self._documents()]

    async def _extract(self, task: Task) -> Work:
        part = (await self._documents())[task.input["first"] : task.input["end"]]
        result = await self._tool("extract", [(d.position, d.text) for d in part])
        return Work(result, units_of_work=len(part))

    async def _group(self, inputs: Inputs) -> Work:
        statements = statements_of(inputs)
        documents = await self._documents()
        texts = [documents[s.document].text[s.start : s.end] for s in statements]
        result = await self._tool("group", statements, texts, self._mission.seed, self._needs_max())
        scores = _scout_scores(inputs, result["needs"])
        return Work(result, units_of_work=len(documents), scores=scores)

    def _needs_max(self) -> int:
        return int(self._mission.brief["needs_max"])

    async def _assess(self, task: Task, inputs: Inputs) -> Work:
        mine = needs_of(inputs)[task.input["share"] :: task.input["of"]]
        documents = await self._plain()
        result = await self._tool("assess", mine, statements_of(inputs), documents)
        assessments = [Assessment.from_json(row) for row in result["assessments"]]
        tokens = 0
        if self._model is not None and self._mission.brief["model"] is not None:
            assessments, tokens = await self._phrased(self._model, assessments, documents)
        result = {"assessments": [a.to_json() for a in assessments]}
        surcharge = -(-tokens * self._pricing.price_per_mtok // 1_000_000)
        facts = tuple([await self._fact(task, assessment) for assessment in assessments])
        return Work(result, units_of_work=len(mine), facts=facts, surcharge_units=surcharge)

    async def _phrased(
        self, model: Model, assessments: Sequence[Assessment], documents: Sequence[Document]
    ) -> tuple[list[Assessment], int]:
        phrased: list[Assessment] = []
        tokens = 0
        for a in assessments:
            words = await phrase(model, [documents[d].text[start:end] for d, start, end in a.evidence])
            tokens += words.tokens
            if words.name is None:
                phrased.append(a)
                continue
            changes = {"title": words.name, "summary": words.summary, "phrased_by": model.name}
            phrased.append(Assessment.from_json(a.to_json() | changes))
        return phrased, tokens

    async def _fact(self, task: Task, assessment: Assessment) -> Fact:
        documents = await self._documents()
        passages = tuple(
            Passage(
                corpus=self._mission.brief["corpus"],
                document=documents[d].id,
                start=start,
                end=end,
                quotation=documents[d].text[start:end],
                document_sha256=documents[d].sha256,
            )
            for d, start, end in assessment.evidence
        )
        value = {"title": assessment.title, "documents": assessment.documents, "statements": assessment.statements}
        corpus = self._mission.brief["corpus"]
        return Fact(assessment.need, f"stated-in:{corpus}", value, task.agent, self._mission.id, passages=passages)

    async def _rank(self, inputs: Inputs) -> Work:
        assessments = assessments_of(inputs)
        keep = 2 * int(self._mission.brief["top"])
        result = await self._tool("rank", assessments, self._mission.seed, keep)
        return Work(result, units_of_work=len(assessments))

    async def _check(self, task: Task, inputs: Inputs) -> Work:
        ranked = _ranked_assessments(inputs)
        mine = ranked[task.input["share"] :: task.input["of"]]
        result = await self._tool("check", mine, ranked, await self._plain())
        return Work(result, units_of_work=len(mine))

    async def _review(self, inputs: Inputs) -> Work:
        found = {need: f for task in inputs.of("check") for need, f in (task.result or {})["findings"].items()}
        order = [a.need for a in _ranked_assessments(inputs)]
        result = await self._tool("review", {need: found[need] for need in order})
        return Work(result, units_of_work=len(order), scores=_analyst_scores(inputs, result["refused"]))

    async def _direct(self, inputs: Inputs) -> Work:
        ranked, accepted = inputs.one("rank")["ranked"], inputs.one("review")["accepted"]
        result = await self._tool("direct", ranked, accepted, int(self._mission.brief["top"]))
        return Work(result, units_of_work=len(accepted))

    async def publish(self, mission: Mission, tasks: Sequence[Task]) -> "SignedReport":
        """Compose and sign; the report's times are the mission's own, so that again is the same."""
        async with self._database.read(self._principal) as read:
            corpus = await self._knowledge.corpus(read, mission.brief["corpus"])
            stored = await self._reports.find(read, mission.id)
            now = read.now
        if stored is not None:
            return SignedReport(self._reports, mission.id, corpus.id, None, stored)
        report = compose(mission, tasks, corpus, await self._documents(), version=self._pricing.version, ended_at=now)
        document = self._reports.signed(report, now)
        return SignedReport(self._reports, mission.id, corpus.id, document, dumps(document))


class SignedReport:
    """A composed discovery report, ready to keep."""

    def __init__(
        self, reports: Reports, mission: str, corpus: str, document: Mapping[str, Any] | None, data: bytes
    ) -> None:
        self._reports = reports
        self._mission = mission
        self._corpus = corpus
        self._document = document
        self._data = data

    async def write(self, tx: Tx) -> None:
        if self._document is not None:
            await self._reports.keep(tx, self._mission, self._corpus, self._document)

    async def copy(self) -> None:
        await self._reports.copy(self._mission, self._data)


def statements_of(inputs: Inputs) -> list[Statement]:
    """All statements of the scouts, in order of document and place."""
    return [Statement.from_json(row) for task in inputs.of("extract") for row in (task.result or {})["statements"]]


def needs_of(inputs: Inputs) -> list[Need]:
    return [Need.from_json(row) for row in inputs.one("group")["needs"]]


def assessments_of(inputs: Inputs) -> list[Assessment]:
    return [Assessment.from_json(row) for task in inputs.of("assess") for row in (task.result or {})["assessments"]]


def _ranked_assessments(inputs: Inputs) -> list[Assessment]:
    by_need = {a.need: a for a in assessments_of(inputs)}
    return [by_need[row["need"]] for row in inputs.one("rank")["ranked"]]


def _scout_scores(inputs: Inputs, needs: Sequence[Mapping[str, Any]]) -> tuple[Score, ...]:
    """A scout's score: the share of its statements that found their place in a need."""
    used = {i for need in needs for i in need["members"]}
    found: dict[str, list[bool]] = {}
    index = 0
    for task in inputs.of("extract"):
        for _ in (task.result or {})["statements"]:
            found.setdefault(task.agent, []).append(index in used)
            index += 1
    return tuple(Score(agent, "extract", sum(hits) / len(hits)) for agent, hits in sorted(found.items()))


def _analyst_scores(inputs: Inputs, refused: Mapping[str, Any]) -> tuple[Score, ...]:
    """An analyst's score: the share of its needs that no critic broke."""
    kept: dict[str, list[bool]] = {}
    for task in inputs.of("assess"):
        for row in (task.result or {})["assessments"]:
            kept.setdefault(task.agent, []).append(row["need"] not in refused)
    return tuple(Score(agent, "assess", sum(hits) / len(hits)) for agent, hits in sorted(kept.items()))
