"""Scores and ratings: how well agents measurably do."""

from dataclasses import dataclass

from aia.core.clock import Instant


@dataclass(frozen=True, slots=True)
class Rating:
    """What is known of an agent at a skill: a Beta posterior over its scores, prior Beta(1, 1).

    A score s in [0, 1] counts as s successes and 1 - s failures, so `mean` is (1 + sum) / (2 + n).
    """

    agent: str
    skill: str
    scores: int
    total: float
    updated_at: Instant

    @property
    def alpha(self) -> float:
        return 1.0 + self.total

    @property
    def beta(self) -> float:
        return 1.0 + self.scores - self.total

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    @property
    def standard_deviation(self) -> float:
        n = self.alpha + self.beta
        return (self.alpha * self.beta / (n * n * (n + 1.0))) ** 0.5
