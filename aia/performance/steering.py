"""Ratings steer: who gets how much of the next work, by how probably it is the best for its price.

Thompson sampling (Thompson, 1933; Russo et al., 2018, "A Tutorial on Thompson Sampling") over the Beta
posteriors of ratings: in each draw the agent with the greatest value for its price wins, and its share of
wins is its share of the work, above a floor that keeps everyone measured. Pure: a seed and a snapshot
give the same weights on every machine.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from aia.performance.model import Rating

DRAWS = 512
FLOOR = 0.5
"""This part of the work is shared equally, whatever the ratings say."""
WEIGHT_ONE = 1_000_000


def rating_snapshot(ratings: Sequence[Rating]) -> dict[str, dict[str, Any]]:
    """The ratings as plain JSON, for a brief: skill, agent, [alpha, beta] of its posterior, rounded."""
    taken: dict[str, dict[str, Any]] = {}
    for rating in sorted(ratings, key=lambda r: (r.skill, r.agent)):
        taken.setdefault(rating.skill, {})[rating.agent] = [round(rating.alpha, 6), round(rating.beta, 6)]
    return taken


def work_weights(
    agents: Sequence[str], prices: Sequence[int], posteriors: Mapping[str, Sequence[float]], seed: int
) -> list[int]:
    """Integer weights of agents that can do the same; equal where nothing is known of any.

    `prices` are what the same work costs from each. An agent without a rating has the prior Beta(1, 1).
    """
    if not any(agent in posteriors for agent in agents):
        return [WEIGHT_ONE] * len(agents)
    rng = random.Random(f"steering/{seed}")
    wins = [0] * len(agents)
    for _ in range(DRAWS):
        values = [rng.betavariate(*posteriors.get(agent, (1.0, 1.0))) for agent in agents]
        worth = [value / max(price, 1) for value, price in zip(values, prices, strict=True)]
        wins[max(range(len(agents)), key=lambda i: (worth[i], -i))] += 1
    floor = round(WEIGHT_ONE * FLOOR / len(agents))
    return [floor + round(WEIGHT_ONE * (1 - FLOOR) * won / DRAWS) for won in wins]
