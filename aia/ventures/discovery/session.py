"""A discovery at work: each task's tool called with what it needs, outside any transaction."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from aia.core.money import Units
from aia.core.principal import Principal
from aia.corpora.model import Document
from aia.infra.plugins import load_plugin
from aia.infra.sql import Database, Tx
from aia.knowledge import Fact, Knowledge, Passage, StoredDocument
from aia.llm import Model
from aia.missions import Inputs, Mission, Task, TaskFailed, TaskState, Work, results_of
from aia.reports import Reports, dumps
from aia.text.fingerprint import fingerprint_of, numbers_as_bytes, numbers_in
from aia.text.model import Statement
from aia.text.words import content_words
from aia.ventures.assessment.tally import Tally, pack, tally_of, unpack
from aia.ventures.assessment.voices import Audience
from aia.ventures.discovery.allocation import dealt
from aia.ventures.discovery.arguments import argued, numbered
from aia.ventures.discovery.claims import ClaimContext, NeedClaim, claims_of, handed_out, plant
from aia.ventures.discovery.continuation import CONTINUES, Recalled, grew_behind, recall
from aia.ventures.discovery.critics import count_on
from aia.ventures.discovery.derived_state import DerivedState
from aia.ventures.discovery.grouped import companies_of, plain, unread_undated
from aia.ventures.discovery.phrasing import phrase
from aia.ventures.discovery.report import compose
from aia.ventures.discovery.scoring import (
    analyst_scores,
    analyst_verdicts,
    critic_scores,
    critic_verdicts,
    scout_verdicts,
)
from aia.ventures.discovery.shard_tasks import COMPARE, EMBED, LISTS, ROWS, SIFT, SPREAD, PartWork, work_of
from aia.ventures.discovery.sharding import Round, new_of, stops
from aia.ventures.discovery.task_results import (
    PACKED,
    extracts_of,
    is_recall,
    packed,
    positions_of,
    read_anew,
    read_of,
    read_rounds,
    statements_in,
    was_skipped,
)
from aia.ventures.model import Assessment, Need

TOOLS = "aia.tools"
TALLIES, SAID = "tallies", "said"
QUOTED = "quoted-in"


class Pricing(Protocol):
    """What a session needs of its playbook."""

    @property
    def price_per_mtok(self) -> Units: ...
    @property
    def version(self) -> str: ...
    @property
    def memory(self) -> DerivedState: ...


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
        self._rounds_done: dict[int, list[Round]] = {}
        self._taken: ReadCorpus | None = None
        self._recalled: Recalled | None = None
        self._counted: dict[str, Tally] | None = None
        self._book: ClaimContext | None = None

    async def work(self, task: Task, inputs: Inputs) -> Work:
        """The task's skill names the tool; what it is given follows from the skill."""
        match task.skill:
            case "extract":
                return await self._extract(task, inputs)
            case "sift" | "embed" | "compare":
                return await self._part(task, inputs)
            case "group":
                return await self._group(task, inputs)
            case "assess":
                return await self._assess(task, inputs)
            case "rank":
                return await self._rank(task, inputs)
            case "forecast":
                return await self._forecast(task, inputs)
            case "check":
                return await self._check(task, inputs)
            case "review":
                return await self._review(inputs)
            case "direct":
                return await self._direct(inputs)
            case other:
                raise TaskFailed(f"a discovery has no use for the skill {other!r}")

    def spreads(self, task: Task) -> bool:
        return task.skill in SPREAD

    async def _tool(self, skill: str, *arguments: object) -> Any:
        """Run a tool in a thread: tools compute, and the loop must go on answering."""
        return await asyncio.to_thread(load_plugin(TOOLS, skill), *arguments)

    async def _documents(self) -> list[StoredDocument]:
        async with self._loading:
            if self._stored is None:
                async with self._database.read(self._principal) as read:
                    self._stored = await self._knowledge.documents(read, self._mission.brief["corpus"])
            return self._stored

    async def _read(self, inputs: Inputs) -> "ReadCorpus":
        """What the scouts made of the corpus: worked out once, when all of them are done."""
        stored = await self._documents()
        async with self._loading:
            if self._taken is None:
                recalled = None if self._recalled is None else self._recalled.statements
                self._taken = await asyncio.to_thread(ReadCorpus.of, stored, inputs, recalled)
            return self._taken

    async def _companies(self) -> list[Document] | None:
        """The company corpus of the brief, if it names one."""
        corpus = self._mission.brief.get("companies")
        if corpus is None:
            return None
        async with self._database.read(self._principal) as read:
            return [plain(d) for d in await self._knowledge.documents(read, corpus)]

    async def _extract(self, task: Task, inputs: Inputs) -> Work:
        least = int(self._mission.brief["stop_new_per_aia"])
        if task.input["round"] and stops(await self._rounds(inputs), least):
            return Work({"statements": [], "skipped": True}, units_of_work=0, skipped=True)
        if is_recall(task):
            recalled = await self._recall()
            rows = await asyncio.to_thread(packed, recalled.statements)
            return Work({"statements": [], PACKED: rows}, units_of_work=0)
        documents = await self._documents()
        part = [documents[i] for i in positions_of(task)]
        how = self._mission.brief.get("statements", "rules")
        result = await self._tool("extract", [(d.position, d.text) for d in part], how)
        return Work(result, units_of_work=len(part))

    async def _recall(self) -> Recalled:
        """What the mission that this one goes on from found in the documents both have."""
        async with self._loading:
            if self._recalled is None:
                brief = self._mission.brief
                async with self._database.read(self._principal) as read:
                    earlier = brief[CONTINUES]["mission"]
                    tasks = await results_of(read, earlier)
                    both = await self._knowledge.in_common(read, brief[CONTINUES]["corpus"], brief["corpus"])
                self._recalled = await asyncio.to_thread(partial(recall, tasks, both, behind=grew_behind(brief)))
            return self._recalled

    async def _rounds(self, inputs: Inputs) -> list[Round]:
        """What each finished round of reading came to; the same for all tasks of a round, so kept."""
        number = len(read_rounds(inputs))
        if number not in self._rounds_done:
            documents = await self._documents()
            rounds = read_rounds(inputs)
            said = [
                [tuple(content_words(documents[s.document].text[s.start : s.end])) for s in statements_in(tasks)]
                for tasks in rounds
            ]
            self._rounds_done[number] = [
                Round(new, sum(t.paid for t in tasks), skipped=all(was_skipped(t) for t in tasks))
                for new, tasks in zip(new_of(said), rounds, strict=True)
            ]
        return self._rounds_done[number]

    async def _part(self, task: Task, inputs: Inputs) -> Work:
        """A part of grouping; all but the first are done by any process, from what tasks before it kept."""
        parts = PartWork(self._database, self._knowledge, self._principal, self._mission)
        which = (int(task.input["part"]), int(task.input["of"]))
        match task.skill:
            case "sift":
                return work_of(task, await self._tool(SIFT, *await self._statements(inputs), self._mission.seed))
            case "embed":
                layout = await parts.layout()
                texts = await parts.texts(await self._tool("places", layout, *which))
                return work_of(task, await self._tool(EMBED, texts, layout, *which))
            case _:
                return work_of(task, await self._tool(COMPARE, await parts.kept(ROWS), await parts.layout(), *which))

    async def _statements(self, inputs: Inputs) -> tuple[list[Statement], list[str]]:
        """All statements in order of place, and their texts."""
        statements = (await self._read(inputs)).statements
        documents = await self._documents()
        return statements, [documents[s.document].text[s.start : s.end] for s in statements]

    async def _group(self, task: Task, inputs: Inputs) -> Work:
        statements, texts = await self._statements(inputs)
        given = (statements, texts, self._mission.seed, int(task.input["needs"]))
        known = None
        if self._mission.brief.get(CONTINUES):
            recalled = await self._recall()
            known = (recalled.needs, len(recalled.statements))
        if task.input.get("parts"):
            work = PartWork(self._database, self._knowledge, self._principal, self._mission)
            parts = {"layout": await work.layout(), "rows": await work.kept(ROWS), "lists": await work.kept(LISTS)}
            result = await self._tool("group-parts", *given, parts)
        else:
            result = await self._tool("group", *given, known)
        before, said = await self._said(texts, 0 if known is None else known[1])
        used = {i for need in result["needs"] for i in need["members"]}
        verdicts, scores = scout_verdicts(extracts_of(inputs), said, used, before)
        return Work(result, units_of_work=read_anew(inputs), scores=scores, verdicts=verdicts)

    async def _said(self, texts: Sequence[str], first_new: int) -> tuple[set[int], list[int]]:
        """Hashes of what was said before, and of what each text says; 0 for those said before."""
        left: dict[str, bytes] = {}
        if grew_behind(self._mission.brief):
            left = await self._pricing.memory.left_by(
                self._principal, self._mission.brief[CONTINUES]["mission"], SAID
            )
        before = {h for data in left.values() for h in numbers_in(data)}
        passed = first_new if before else 0
        said = [0] * passed + await asyncio.to_thread(lambda: [fingerprint_of(text) for text in texts[passed:]])
        every = before.union(said[passed:])
        await self._pricing.memory.put(self._principal, self._mission.id, SAID, numbers_as_bytes(every))
        return before, said

    async def _assess(self, task: Task, inputs: Inputs) -> Work:
        mine = dealt(needs_of(inputs), task.input)
        taken, companies = await self._read(inputs), await self._companies()
        before = await self._counted_before()
        tallies = await asyncio.to_thread(_tallied, mine, taken, before)
        await self._pricing.memory.put(self._principal, self._mission.id, f"{TALLIES}/{task.key}", pack(tallies))
        given = (mine, taken.statements, taken.documents, companies, taken.audience, tallies)
        result = await self._tool("assess", *given)
        assessments = [Assessment.from_json(row) for row in result["assessments"]]
        said: dict[str, Any] = {}
        tokens = 0
        if self._model is not None and self._mission.brief["model"] is not None:
            needs = {need.id: need for need in mine}
            assessments, said, tokens = await self._phrased(self._model, assessments, needs, inputs)
        result = {"assessments": [a.to_json() for a in assessments], **said}
        surcharge = -(-tokens * self._pricing.price_per_mtok // 1_000_000)
        facts = tuple([await self._fact(task, assessment) for assessment in assessments])
        return Work(result, units_of_work=len(mine), facts=facts, surcharge_units=surcharge)

    async def _counted_before(self) -> dict[str, Tally]:
        """What the mission that this one goes on from counted of its needs; nothing where documents moved."""
        async with self._loading:
            if self._counted is None:
                self._counted = {}
                if grew_behind(self._mission.brief):
                    earlier = self._mission.brief[CONTINUES]["mission"]
                    left = await self._pricing.memory.left_by(self._principal, earlier, TALLIES)
                    self._counted = {need: t for data in left.values() for need, t in unpack(data).items()}
            return self._counted

    async def _phrased(
        self, model: Model, assessments: Sequence[Assessment], needs: Mapping[str, Need], inputs: Inputs
    ) -> tuple[list[Assessment], dict[str, Any], int]:
        """The assessments in the model's words, what it argued and what was dropped, and its tokens."""
        taken = await self._read(inputs)
        documents, statements = taken.documents, taken.statements
        phrased: list[Assessment] = []
        arguments: dict[str, Any] = {}
        dropped: Counter[str] = Counter()
        tokens = 0
        for a in assessments:
            places = numbered(a, needs[a.need], statements, documents)
            words = await phrase(model, [documents[d].text[start:end] for d, start, end in places])
            tokens += words.tokens
            dropped.update(words.dropped)
            arguments[a.need] = argued(words, places)
            changes = {"title": words.name, "summary": words.summary, "phrased_by": model.name}
            phrased.append(a if words.name is None else replace(a, **changes))
        return phrased, {"arguments": arguments, "dropped": dict(dropped), "asked": len(assessments)}, tokens

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

    async def _rank(self, task: Task, inputs: Inputs) -> Work:
        assessments = assessments_of(inputs)
        keep, basis = int(task.input["keep"]), task.input["basis"]
        result = await self._tool("rank", assessments, self._mission.seed, keep, basis)
        return Work(result, units_of_work=len(assessments))

    async def _forecast(self, task: Task, inputs: Inputs) -> Work:
        ranked = _ranked_assessments(inputs)
        result = await self._tool("forecast", ranked, task.input["method"])
        return Work(result, units_of_work=len(ranked))

    async def _casebook(self, inputs: Inputs) -> ClaimContext:
        needs = {need.id: need for need in needs_of(inputs)}
        ranked = _ranked_assessments(inputs)
        taken = await self._read(inputs)
        before = await self._counted_before()
        async with self._loading:
            if self._book is None:
                texts = (taken.statements, taken.documents, taken.audience)
                book = ClaimContext(tuple(ranked), needs, *texts, before)
                await asyncio.to_thread(count_on, book)
                self._book = book
            return self._book

    def _dispatch(self, book: ClaimContext) -> tuple[list[NeedClaim], list[NeedClaim], list[NeedClaim]]:
        """The claims, those planted, and both together as they are dealt to critics: a function of the seed."""
        claims = claims_of(book)
        planted = plant(claims, book, self._mission.seed)
        return claims, planted, handed_out(claims, planted, self._mission.seed)

    async def _check(self, task: Task, inputs: Inputs) -> Work:
        book = await self._casebook(inputs)
        _, _, together = await asyncio.to_thread(self._dispatch, book)
        mine = dealt(together, task.input)
        result = await self._tool("check", mine, book)
        return Work(result, units_of_work=len(mine))

    async def _review(self, inputs: Inputs) -> Work:
        book = await self._casebook(inputs)
        checks, analyses = inputs.of("check"), inputs.of("assess")
        claims, planted, together = await asyncio.to_thread(self._dispatch, book)
        given = {task.key: dealt(together, task.input) for task in checks}
        findings = {task.key: (task.result or {})["findings"] for task in checks}
        result = await self._tool("review", findings, given, planted, book)
        by_task = {t.key: [row["need"] for row in (t.result or {})["assessments"]] for t in analyses}
        return Work(
            result,
            units_of_work=len(book.candidates),
            scores=(*analyst_scores(result, claims, analyses, by_task), *critic_scores(result, checks)),
            verdicts=(*analyst_verdicts(result, claims, by_task), *critic_verdicts(result)),
        )

    async def _direct(self, inputs: Inputs) -> Work:
        ranked, accepted = inputs.one("rank")["ranked"], inputs.one("review")["accepted"]
        result = await self._tool("direct", ranked, accepted, int(self._mission.brief["top"]))
        return Work(result, units_of_work=len(accepted))

    async def publish(self, mission: Mission, tasks: Sequence[Task]) -> "SignedReport":
        """Compose and sign; the report's times are the mission's own, so that again is the same."""
        async with self._database.read(self._principal) as read:
            corpus = await self._knowledge.corpus(read, mission.brief["corpus"])
            stored = await self._reports.find(read, mission.id)
            companies = await companies_of(self._knowledge, read, mission.brief.get("companies"))
            now = read.now
        if stored is not None:
            return SignedReport(self._reports, self._pricing.memory, mission, None, stored)
        documents = await self._documents()
        taken = await self._read(Inputs(tuple(task for task in tasks if task.state is TaskState.DONE)))
        report = compose(
            mission,
            tasks,
            corpus,
            documents,
            version=self._pricing.version,
            plain=None if any(d.day is None for d in taken.documents) else taken.documents,
            ended_at=now,
            companies=companies,
            statements=taken.statements,
        )
        document = self._reports.signed(report, {d.id: d.text for d in documents}, now)
        return SignedReport(self._reports, self._pricing.memory, mission, document, dumps(document))


class SignedReport:
    """A composed discovery report, ready to keep."""

    def __init__(
        self,
        reports: Reports,
        memory: DerivedState,
        mission: Mission,
        document: Mapping[str, Any] | None,
        data: bytes,
    ) -> None:
        self._reports = reports
        self._memory = memory
        self._mission = mission
        self._document = document
        self._data = data

    async def write(self, tx: Tx) -> None:
        if self._document is not None:
            await self._reports.keep(tx, self._mission.id, self._mission.brief["corpus"], self._document)
        await self._memory.settle(tx, (self._mission.brief.get(CONTINUES) or {}).get("mission"))

    async def copy(self) -> None:
        await self._reports.copy(self._mission.id, self._data)


@dataclass(frozen=True, slots=True)
class ReadCorpus:
    """What was read: all statements in order of place, and the documents, the unread ones without a date."""

    statements: list[Statement]
    documents: list[Document]
    audience: Audience

    @classmethod
    def of(
        cls, stored: Sequence[StoredDocument], inputs: Inputs, recalled: Sequence[Statement] | None = None
    ) -> "ReadCorpus":
        """`recalled` are the statements of the task that recalls what was read before, if they are at hand."""
        documents = unread_undated([plain(d) for d in stored], set(read_of(inputs)))
        tasks = extracts_of(inputs)
        if recalled is not None and tasks and is_recall(tasks[0]):
            statements = [*recalled, *statements_in(tasks[1:])]
        else:
            statements = statements_in(tasks)
        return cls(statements, documents, Audience.of(documents))


def _tallied(needs: Sequence[Need], taken: ReadCorpus, before: Mapping[str, Tally]) -> dict[str, Tally]:
    """The tally of each need, going on from what was counted before of it."""
    return {
        n.id: tally_of([taken.statements[i] for i in n.members], taken.documents, before.get(n.id)) for n in needs
    }


def needs_of(inputs: Inputs) -> list[Need]:
    return [Need.from_json(row) for row in inputs.one("group")["needs"]]


def assessments_of(inputs: Inputs) -> list[Assessment]:
    return [Assessment.from_json(row) for task in inputs.of("assess") for row in (task.result or {})["assessments"]]


def _ranked_assessments(inputs: Inputs) -> list[Assessment]:
    by_need = {a.need: a for a in assessments_of(inputs)}
    return [by_need[row["need"]] for row in inputs.one("rank")["ranked"]]
