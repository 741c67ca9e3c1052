"""Ranking: the terms of each need become a score with an interval, and the rank is by its cautious end.

The skeleton is Ulwick's opportunity score, importance + max(importance - satisfaction, 0) with both on 0
to 10 (Ulwick, 2002, "Turn customer input into innovation", Harvard Business Review), scaled to 0 to 100.

    importance   = 10 sqrt(reach x pain)
    reach        = log10(1 + voices of 1,000 in half a year) / 3, at most 1: ten times the voices is a third more
    pain         = 1 - (1 - severity)(1 - paying): it hurts, or is worth money
    satisfaction = 10 (1 - (1 - satisfaction)(1 - competition)): those who state it are served, or someone serves it

Half a year ahead the rate is exp(6 x momentum) times today's, within a factor of four. 1,000 joint draws
give median, 80 % interval and P(top 10); the rank goes by a low percentile of the score. A need with a
grave flag (one voice, mostly repeated or advertising, or a name that only condemns or pleads) ranks behind all
others, whatever its score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from aia.core.errors import Invalid
from aia.ventures.assessment.flags import GRAVE, confidence_cap, flags_of
from aia.ventures.assessment.information import next_experiment, value_of_terms
from aia.ventures.assessment.posterior import UNITS, Array, Skills, draw_terms
from aia.ventures.model import RANK_QUANTILE, Assessment, Ranked, Rice, Term

DRAWS = 1_000
QUANTILE_MIN, QUANTILE_MAX = 0.05, 0.5
TOP = 10
SCORE_MAX = 100.0
MONTHS_AHEAD = 6.0
FACTOR_MAX = 4.0
IMPACT_MIN, IMPACT_RANGE = 0.25, 12.0
"""RICE counts impact from 0.25, minimal, to 3, massive."""
EFFORT_AIA = 100.0
TERM_PRICES: Mapping[str, float] = dict.fromkeys(UNITS, 1.0)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a ranking depends on besides the counts: the organisation, and how cautious it is.

    Raises `Invalid` when the quantile is not 0.05 to 0.5: above the median it would reward not knowing.
    """

    skills: Skills = field(default_factory=lambda: Skills(frozenset(), {}))
    term_prices_aia: Mapping[str, float] = field(default_factory=lambda: dict(TERM_PRICES))
    quantile: float = RANK_QUANTILE

    def __post_init__(self) -> None:
        if not QUANTILE_MIN <= self.quantile <= QUANTILE_MAX:
            raise Invalid(
                f"rank quantile is {self.quantile}: choose {QUANTILE_MIN} to {QUANTILE_MAX}", field="rank_quantile"
            )


def rank(
    assessments: Sequence[Assessment], *, seed: int, basis: Basis | None = None, draws: int = DRAWS
) -> tuple[Ranked, ...]:
    """Needs by the low percentile of their score, best first, those with a grave flag last; ties by need id."""
    if not assessments:
        return ()
    basis = basis or Basis()
    ordered = sorted(assessments, key=lambda a: a.need)
    terms = draw_terms(ordered, basis.skills, seed=seed, draws=draws)
    scores = opportunity_scores(terms)
    grave = np.array([bool(GRAVE & set(flags_of(a))) for a in ordered])
    places = (
        (np.where(grave, SCORE_MAX, 0)[:, None] - scores)
        .argsort(axis=0, kind="stable")
        .argsort(axis=0, kind="stable")
    )
    values = value_of_terms(terms, scores * (0.5 + 0.5 * terms["feasibility"]), top=TOP)
    low, cautious, median, high = np.quantile(scores, [0.1, basis.quantile, 0.5, 0.9], axis=1)
    ranked: list[Ranked] = []
    for i, a in enumerate(ordered):
        flags = flags_of(a)
        ranked.append(
            Ranked(
                need=a.need,
                score=round(float(median[i]), 2),
                low=round(float(low[i]), 2),
                high=round(float(high[i]), 2),
                rank_quantile=round(float(cautious[i]), 4),
                probability_top_10=round(float((places[i] < TOP).mean()), 3),
                terms=_terms(a, {name: rows[i] for name, rows in terms.items()}, values[i], basis),
                rice=_rice(a, {name: rows[i] for name, rows in terms.items()}, float(high[i] - low[i]), flags, basis),
                flags=flags,
                experiment=next_experiment(values[i], basis.term_prices_aia),
            )
        )
    return tuple(sorted(ranked, key=lambda r: (bool(GRAVE & set(r.flags)), -r.rank_quantile, r.need)))


def ahead(terms: Mapping[str, Array]) -> Array:
    """Voices of 1,000 in half a year, if the rate goes on as it does."""
    factor = np.exp(np.clip(terms["momentum"] * MONTHS_AHEAD, -np.log(FACTOR_MAX), np.log(FACTOR_MAX)))
    return terms["reach"] * factor


def pain(terms: Mapping[str, Array]) -> Array:
    return 1 - (1 - terms["severity"]) * (1 - terms["paying"])


def opportunity_scores(terms: Mapping[str, Array]) -> Array:
    """Ulwick's score of each draw, 0 to 100."""
    reach = np.minimum(np.log10(1 + ahead(terms)) / 3, 1.0)
    importance = 10 * np.sqrt(reach * pain(terms))
    satisfaction = 10 * (1 - (1 - terms["satisfaction"]) * (1 - terms["competition"]))
    return 5 * (importance + np.maximum(importance - satisfaction, 0))


def _terms(a: Assessment, draws: Mapping[str, Array], values: Mapping[str, float], basis: Basis) -> tuple[Term, ...]:
    c = a.counts
    months = sum(count for _, count, _ in a.months)
    counted: dict[str, tuple[bool, int, int]] = {
        "reach": (True, c.voices, c.exposure),
        "momentum": (a.momentum is not None, months, sum(every for _, _, every in a.months)),
        "severity": (c.voices > 0, sum(c.severity[1:]), c.voices),
        "paying": (c.voices > 0, c.paying, c.voices),
        "satisfaction": (c.voices > 0, c.solved, c.voices),
        "competition": (False, 0, 0) if a.market is None else (True, a.market.near, a.market.companies),
        "feasibility": (bool(a.skills), sum(n in basis.skills.held for n, _ in a.skills), len(a.skills)),
    }
    found: list[Term] = []
    for name, rows in draws.items():
        low, median, high = (round(float(q), 4) for q in np.quantile(rows, [0.1, 0.5, 0.9]))
        worth = round(values[name] / basis.term_prices_aia[name], 4)
        found.append(Term(name, UNITS[name], median, low, high, *counted[name], worth))
    return tuple(found)


def _rice(a: Assessment, draws: Mapping[str, Array], width: float, flags: Sequence[str], basis: Basis) -> Rice:
    reach = float(np.median(ahead(draws)))
    impact = IMPACT_MIN * IMPACT_RANGE ** float(np.median(pain(draws)))
    confidence = min(confidence_cap(flags), max(0.0, 1 - width / 100))
    effort = 1 + basis.skills.missing_aia(a) / EFFORT_AIA
    return Rice(*(round(x, 3) for x in (reach, impact, confidence, effort, reach * impact * confidence / effort)))
