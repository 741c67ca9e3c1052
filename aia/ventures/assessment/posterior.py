"""The terms of a need as joint draws: (needs, draws) arrays, one for each term.

    reach         voices per 1,000 of the corpus       Gamma(voices + 1/2) over the exposure (Jeffreys)
    momentum      log rate a month                     normal, from the quasi-Poisson fit; N(0, 0.1) unknown
    severity      0 to 1                               Bayesian bootstrap over voices of 1 - 0.5^kinds of harm
    paying        share of voices                      Beta(counted + 1/2, rest + 1/2) (Jeffreys)
    satisfaction  share of voices                      Beta(counted + 1/2, rest + 1/2)
    competition   0 to 1, rivals / (rivals + 3)        Gamma(rivals + 1/2); Beta(1, 2) when not known
    feasibility   share of the skills it takes         Beta, as certain as the nearest skill is near

Draws of one term are stratified (McKay, Beckman and Conover, 1979), so that 1,000 of them place a
percentile well. The Bayesian bootstrap is Rubin's (1981) with a quarter of a voice added to each level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from aia.ventures.model import Assessment

Array = npt.NDArray[np.float64]

PER = 1_000
SLOPE_UNKNOWN_SD = 0.1
LEVEL_PRIOR = 0.25
RIVALS_HALF = 3.0
SKILL_SCALE = 0.1
SKILL_VOICES = 10.0

UNITS: Mapping[str, str] = {
    "reach": "voices of 1,000",
    "momentum": "log rate a month",
    "severity": "0 to 1",
    "paying": "share of voices",
    "satisfaction": "share of voices",
    "competition": "0 to 1",
    "feasibility": "share of skills",
}


@dataclass(frozen=True, slots=True)
class Skills:
    """What the organisation can do, and what each skill it lacks costs to bring in, in AIA."""

    held: frozenset[str]
    prices_aia: Mapping[str, float]

    def weights(self, a: Assessment) -> dict[str, float]:
        """How much of each skill a need takes: softmax of the cosines, sharp enough to name a few."""
        if not a.skills:
            return {}
        near = np.array([cosine for _, cosine in a.skills])
        weights = np.exp((near - near.max()) / SKILL_SCALE)
        return dict(zip((name for name, _ in a.skills), (weights / weights.sum()).tolist(), strict=True))

    def held_share(self, a: Assessment) -> float:
        return sum(weight for name, weight in self.weights(a).items() if name in self.held)

    def missing_aia(self, a: Assessment) -> float:
        """The price of what is missing, each skill by its weight."""
        missing = {name: weight for name, weight in self.weights(a).items() if name not in self.held}
        return sum(weight * self.prices_aia.get(name, 0.0) for name, weight in missing.items())


def draw_terms(assessments: Sequence[Assessment], skills: Skills, *, seed: int, draws: int) -> dict[str, Array]:
    """Joint draws of every term of every need."""
    rng = np.random.default_rng(seed)

    def uniform() -> Array:
        strata = np.tile(np.arange(draws, dtype=np.float64), (len(assessments), 1))
        return (rng.permuted(strata, axis=1) + rng.random((len(assessments), draws))) / draws

    def beta(counted: Sequence[int]) -> Array:
        of = np.array([max(a.counts.voices, c) for a, c in zip(assessments, counted, strict=True)])
        yes = np.array(counted)
        return special.betaincinv(yes[:, None] + 0.5, (of - yes)[:, None] + 0.5, uniform())

    voices = np.array([a.counts.voices for a in assessments])
    exposure = np.array([max(a.counts.exposure, 1) for a in assessments])
    fits = [
        (0.0, SLOPE_UNKNOWN_SD) if (m := a.momentum) is None else (m.slope, m.standard_error) for a in assessments
    ]
    slope, error = np.array(fits).T
    return {
        "reach": special.gammaincinv(voices[:, None] + 0.5, uniform()) * (PER / exposure)[:, None],
        "momentum": slope[:, None] + error[:, None] * special.ndtri(np.clip(uniform(), 1e-9, 1 - 1e-9)),
        "severity": np.stack([_severity(a.counts.severity, rng, draws) for a in assessments]),
        "paying": beta([a.counts.paying for a in assessments]),
        "satisfaction": beta([a.counts.solved for a in assessments]),
        "competition": np.stack([_competition(a, u) for a, u in zip(assessments, uniform(), strict=True)]),
        "feasibility": np.stack([_feasibility(a, skills, u) for a, u in zip(assessments, uniform(), strict=True)]),
    }


def _severity(levels: Sequence[int], rng: np.random.Generator, draws: int) -> Array:
    values = 1 - 0.5 ** np.arange(len(levels))
    return rng.dirichlet(np.array(levels) + LEVEL_PRIOR, draws) @ values


def _competition(a: Assessment, u: Array) -> Array:
    if a.market is None:
        return 1 - np.sqrt(1 - u)
    rivals = special.gammaincinv(a.market.rivals + 0.5, u)
    return rivals / (rivals + RIVALS_HALF)


def _feasibility(a: Assessment, skills: Skills, u: Array) -> Array:
    held = skills.held_share(a)
    certain = SKILL_VOICES * max((cosine for _, cosine in a.skills), default=0.0)
    certain = max(certain, 0.0)
    return special.betaincinv(0.5 + certain * held, 0.5 + certain * (1 - held), u)
