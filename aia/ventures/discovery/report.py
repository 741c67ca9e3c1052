"""From finished tasks to a report: pure. Every sentence rests on a passage or on a cell of the table."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aia.core.clock import Instant
from aia.core.money import Units
from aia.corpora.model import NOT_SAMPLED, Document
from aia.knowledge import CorpusInfo, StoredDocument
from aia.missions import Inputs, Mission, Task, TaskState
from aia.reports import (
    Companies,
    CorpusSummary,
    Opportunity,
    RankBasis,
    Report,
    Run,
    SpendLine,
    corpus_digest,
    records_digest,
)
from aia.text.model import Statement
from aia.ventures.discovery.arguments import argument_claims, arguments_of, model_notes
from aia.ventures.discovery.claims import NeedClaim
from aia.ventures.discovery.grouped import grouped_of, ranges_of, themes_of
from aia.ventures.discovery.grouped import plain as unstored
from aia.ventures.discovery.opportunity import opportunity_of, quoted
from aia.ventures.discovery.shard_tasks import OF_GROUPING
from aia.ventures.discovery.task_results import (
    critics_notes,
    extracts_of,
    forecast_notes,
    read_of,
    reading_notes,
    statements_in,
    without_planted,
)
from aia.ventures.market_size import Assumptions, parse_assumptions
from aia.ventures.market_size.report import cited, counts_of, sizings_of
from aia.ventures.model import Assessment, Need, Ranked

EXTRACTIVE = "deterministic extractive analyst (rules, token vectors, Leiden, quasi-Poisson); no language model"
FEW_STATING_SHARE = 0.1
FEW_STATE = (
    "That is few: text that offers, describes or praises states no needs, and text that is not English hides them."
)


def compose(
    mission: Mission,
    tasks: Sequence[Task],
    corpus: CorpusInfo,
    documents: Sequence[StoredDocument],
    *,
    version: str,
    ended_at: Instant,
    companies: Companies | None = None,
    statements: Sequence[Statement] | None = None,
    plain: Sequence[Document] | None = None,
) -> Report:
    """The report of a mission whose tasks are done.

    `statements` of its scouts and the documents as `plain` ones are worked out unless they are at hand.
    """
    inputs = Inputs(tuple(task for task in tasks if task.state is TaskState.DONE))
    rows = [row for task in inputs.of("assess") for row in (task.result or {})["assessments"]]
    assessments = {a.need: a for a in map(Assessment.from_json, rows)}
    ranked = {row["need"]: Ranked.from_json(row) for row in inputs.one("rank")["ranked"]}
    statements = statements_in(extracts_of(inputs)) if statements is None else statements
    plain = [unstored(d) for d in documents] if plain is None else plain
    needs = [Need.from_json(row) for row in inputs.one("group")["needs"]]
    arguments, model, needs_max = arguments_of(inputs), mission.brief["model"], int(mission.brief["needs_max"])
    digests, sized = [d.sha256 for d in documents], _sized(mission.brief.get("assumptions"), plain, mission.seed)
    return Report(
        title=mission.brief["title"],
        question=mission.brief["question"],
        method=_method(model),
        seed=mission.seed,
        version=version,
        corpus=_summary(corpus, documents),
        opportunities=without_planted(
            tuple(
                sized(
                    a := assessments[n],
                    opportunity_of(
                        a,
                        ranked[n],
                        quoted(a, plain, digests),
                        found=inputs.one("review")["flags"].get(n, ()),
                        argued=argument_claims(arguments.get(n), str(model), documents),
                    ),
                )
                for n in inputs.one("direct")["opportunities"]
            ),
            [NeedClaim.from_json(row) for row in inputs.one("review")["planted"]],
            documents,
        ),
        spend=_spend(tasks),
        budget=mission.budget,
        notes=(
            *_notes(inputs, statements, documents, needs_max, corpus.reading["rejected"]),
            *model_notes(inputs, model),
        ),
        run=Run(mission.id, mission.started_at or mission.created_at, ended_at),
        grouped=grouped_of(needs, statements, plain),
        themes=themes_of(needs),
        basis=_basis(tasks, companies, ranges_of(read_of(inputs), len(documents))),
    )


def _method(model: str | None) -> str:
    named = f"{EXTRACTIVE.partition(';')[0]}; names phrased and argued by {model}"
    return EXTRACTIVE if model is None else named


def _sized(
    given: Mapping[str, Any] | None, documents: Sequence[Document], seed: int
) -> Callable[[Assessment, Opportunity], Opportunity]:
    """What puts market sizes on an opportunity, where the brief carries assumptions."""
    assumptions = Assumptions() if given is None else parse_assumptions(given)
    evidence = cited(assumptions, documents)

    def sized(a: Assessment, opportunity: Opportunity) -> Opportunity:
        counted = counts_of(opportunity.values, len(documents), a.counts.exposure)
        sizes = sizings_of(assumptions, a.need, (a.title, *a.terms), counted, seed, evidence)
        used = {f.evidence for market_size in sizes for f in market_size.factors}
        return replace(opportunity, sizes=sizes, sizes_cite=tuple(e for e in evidence.values() if e.id in used))

    return sized


def _basis(tasks: Sequence[Task], companies: Companies | None, read: str) -> RankBasis:
    values = next(task.input for task in tasks if task.skill == "rank")["basis"]
    prices = tuple((term, f"{aia:.6f}") for term, aia in sorted(values["term_prices"].items()))
    return RankBasis(f"{values['quantile']:.2f}", tuple(values["held"]), prices, companies, read)


def _summary(corpus: CorpusInfo, documents: Sequence[StoredDocument]) -> CorpusSummary:
    days = sorted(document.date for document in documents if document.date is not None)
    return CorpusSummary(
        name=corpus.name,
        digest=corpus_digest((document.id, document.sha256) for document in documents),
        records_digest=records_digest((d.id, d.sha256, d.date, d.author, d.source, d.fields) for d in documents),
        documents=len(documents),
        undated=sum(document.date is None for document in documents),
        rejected=tuple(sorted(corpus.reading["rejected"].items())),
        first_day=days[0].isoformat() if days else None,
        last_day=days[-1].isoformat() if days else None,
    )


def _spend(tasks: Sequence[Task]) -> tuple[SpendLine, ...]:
    """Parts of a task count as that task: how many there were is a matter of the machines, not of the work."""
    done: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in tasks:
        if task.state is TaskState.DONE and not (task.result or {}).get("skipped"):
            done[task.agent, "group" if task.skill in OF_GROUPING else task.skill].append(task)
    return tuple(
        SpendLine(
            agent,
            skill,
            sum(task.skill == skill for task in mine),
            Units(sum(task.paid for task in mine)),
            Units(sum(task.earned for task in mine)),
        )
        for (agent, skill), mine in sorted(done.items())
    )


def _notes(
    inputs: Inputs,
    statements: Sequence[Statement],
    documents: Sequence[StoredDocument],
    needs_max: int,
    rejected: Mapping[str, int],
) -> tuple[str, ...]:
    stating = {statement.document for statement in statements}
    grouping = inputs.one("group")
    reviewed = inputs.one("review")
    chosen = inputs.one("direct")["opportunities"]
    sampled = rejected.get(NOT_SAMPLED, 0)
    read = read_of(inputs)
    return (
        *((f"The input was sampled by content: {sampled} more texts are not in the sample.",) if sampled else ()),
        *reading_notes(inputs, len(documents), needs_max),
        f"{len(stating)} of {len(read)} documents state a problem or a request.",
        *((FEW_STATE,) if len(stating) < FEW_STATING_SHARE * len(read) else ()),
        f"{grouping['grouped']} statements were grouped ({grouping['method']}) into {len(grouping['needs'])} needs.",
        *critics_notes(reviewed),
        *forecast_notes(inputs),
        f"Critics refused {len(reviewed['refused'])} candidates; {len(chosen)} opportunities are listed.",
        "Rules and word lists are English; text in other languages is mostly passed over.",
    )
