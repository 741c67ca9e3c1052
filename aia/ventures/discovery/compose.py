"""From finished tasks to a report: pure. Every sentence rests on a passage or on a cell of the table."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from aia.core.clock import Instant
from aia.core.ids import content_id
from aia.core.money import Units
from aia.knowledge import CorpusInfo, StoredDocument
from aia.missions import Inputs, Mission, Task, TaskState
from aia.reports import Cell, Claim, CorpusSummary, Evidence, Opportunity, Report, Run, SpendLine, corpus_digest
from aia.ventures.discovery.arguments import argument_claims, arguments_of, model_notes
from aia.ventures.discovery.claims import NeedClaim
from aia.ventures.discovery.conduct import critics_notes, read_of, reading_notes, without_planted
from aia.ventures.model import Assessment

EXTRACTIVE = "deterministic extractive analyst (rules, token vectors, Leiden, quasi-Poisson); no language model"


def compose(
    mission: Mission,
    tasks: Sequence[Task],
    corpus: CorpusInfo,
    documents: Sequence[StoredDocument],
    *,
    version: str,
    ended_at: Instant,
) -> Report:
    """The report of a mission whose tasks are done."""
    inputs = Inputs(tuple(task for task in tasks if task.state is TaskState.DONE))
    assessments = {
        a.need: a
        for task in inputs.of("assess")
        for row in (task.result or {})["assessments"]
        for a in [Assessment.from_json(row)]
    }
    ranked = {row["need"]: row for row in inputs.one("rank")["ranked"]}
    chosen: list[str] = inputs.one("direct")["opportunities"]
    flags: Mapping[str, Sequence[str]] = inputs.one("review")["flags"]
    arguments, model = arguments_of(inputs), mission.brief["model"]
    return Report(
        title=mission.brief["title"],
        question=mission.brief["question"],
        method=EXTRACTIVE
        if model is None
        else f"{EXTRACTIVE.partition(';')[0]}; names phrased and argued by {model}",
        seed=mission.seed,
        version=version,
        corpus=_summary(corpus, documents),
        opportunities=without_planted(
            tuple(
                _opportunity(
                    assessments[n],
                    ranked[n],
                    documents,
                    flags.get(n, ()),
                    argument_claims(arguments.get(n), str(model), documents),
                )
                for n in chosen
            ),
            [NeedClaim.from_json(row) for row in inputs.one("review")["planted"]],
            documents,
        ),
        spend=_spend(tasks),
        budget=mission.budget,
        notes=(
            *_notes(inputs, documents, chosen, int(mission.brief["needs_max"])),
            *model_notes(inputs, model),
        ),
        run=Run(mission.id, mission.started_at or mission.created_at, ended_at),
    )


def _summary(corpus: CorpusInfo, documents: Sequence[StoredDocument]) -> CorpusSummary:
    days = sorted(document.date for document in documents if document.date is not None)
    return CorpusSummary(
        name=corpus.name,
        digest=corpus_digest((document.id, document.sha256) for document in documents),
        documents=len(documents),
        undated=sum(document.date is None for document in documents),
        rejected=tuple(sorted(corpus.reading["rejected"].items())),
        first_day=days[0].isoformat() if days else None,
        last_day=days[-1].isoformat() if days else None,
    )


def _spend(tasks: Sequence[Task]) -> tuple[SpendLine, ...]:
    done: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in tasks:
        if task.state is TaskState.DONE and not (task.result or {}).get("skipped"):
            done[task.agent, task.skill].append(task)
    return tuple(
        SpendLine(a, s, len(mine), Units(sum(t.paid for t in mine)), Units(sum(t.earned for t in mine)))
        for (a, s), mine in sorted(done.items())
    )


def _notes(
    inputs: Inputs, documents: Sequence[StoredDocument], chosen: Sequence[str], needs_max: int
) -> tuple[str, ...]:
    stating = {row[0] for task in inputs.of("extract") for row in (task.result or {})["statements"]}
    grouping = inputs.one("group")
    reviewed = inputs.one("review")
    return (
        *reading_notes(inputs, len(documents), needs_max),
        f"{len(stating)} of {len(read_of(inputs))} documents state a problem or a request.",
        f"{grouping['grouped']} statements were grouped ({grouping['method']}) into {len(grouping['needs'])} needs.",
        *critics_notes(reviewed),
        f"Critics refused {len(reviewed['refused'])} candidates; {len(chosen)} opportunities are listed.",
        "Rules and word lists are English; text in other languages is mostly passed over.",
    )


def _opportunity(
    a: Assessment,
    rank: Mapping[str, Any],
    documents: Sequence[StoredDocument],
    found: Sequence[str],
    argued: Sequence[Claim],
) -> Opportunity:
    opportunity = content_id("opp", a.need)
    values = _values(a, rank)
    evidence = tuple(
        Evidence(documents[d].id, start, end, documents[d].text[start:end], documents[d].sha256)
        for d, start, end in a.evidence
    )
    return Opportunity(
        id=opportunity,
        need=a.need,
        name=a.title,
        phrased_by=a.phrased_by or "extracted from the text",
        claims=(*_claims(a, opportunity, values, evidence), *argued),
        values=values,
        months=a.months if a.momentum is not None else (),
        flags=(*_flags(a), *(flag for flag in found if flag not in _flags(a))),
    )


def _values(a: Assessment, rank: Mapping[str, Any]) -> dict[str, str | int]:
    values: dict[str, str | int] = {
        "documents": a.documents,
        "statements": a.statements,
        "requests": a.requests,
        "authors": a.authors,
        "severity": f"{a.severity_sum / a.statements:.2f}",
        "score": f"{rank['score']:.2f}",
        "low": f"{rank['low']:.2f}",
        "high": f"{rank['high']:.2f}",
        "probabilityTop10": f"{rank['probability_top_10']:.3f}",
    }
    if a.momentum is not None:
        values |= {"slope": f"{a.momentum.slope:.4f}", "slopeLower": f"{a.momentum.lower:.4f}"}
    return values


def _claims(
    a: Assessment, opportunity: str, values: Mapping[str, str | int], evidence: tuple[Evidence, ...]
) -> tuple[Claim, ...]:
    claims: list[Claim] = []
    if a.summary is not None:
        claims.append(Claim(f"In the words of {a.phrased_by}: {a.summary}", evidence))
    number = f"{values['documents']} documents state this need in {values['statements']} passages"
    cells = (Cell(opportunity, "documents"), Cell(opportunity, "statements"))
    claims.append(Claim(f"{number}. The passages nearest to what they have in common:", evidence, cells))
    if a.momentum is not None:
        claims.append(_momentum_claim(a.momentum.slope, opportunity, values))
    return tuple(claims)


def _momentum_claim(slope: float, opportunity: str, values: Mapping[str, str | int]) -> Claim:
    direction = "grows" if float(values["slopeLower"]) > 0 else "falls" if slope < 0 else "does not clearly grow"
    text = (
        f"Its share of all documents {direction}: log rate {values['slope']} a month "
        f"({100 * (math.exp(slope) - 1):+.1f} %), lower bound {values['slopeLower']}."
    )
    return Claim(text, cells=(Cell(opportunity, "slope"), Cell(opportunity, "slopeLower")))


def _flags(a: Assessment) -> tuple[str, ...]:
    flags: list[str] = []
    if a.authors == 1:
        flags.append("one author")
    if a.momentum is None:
        flags.append("no momentum: too few dates")
    elif a.momentum.lower > 0:
        flags.append("growing")
    if a.documents < 5:
        flags.append("few documents")
    return tuple(flags)
