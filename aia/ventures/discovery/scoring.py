"""What rulings come to: what of an agent's work counts, what it earns, and how good that shows it to be.

Scouts are judged when statements have been grouped, analysts and critics when findings have been ruled on.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

from aia.missions import Score, Task, Verdict
from aia.ventures.discovery.claims import NeedClaim
from aia.ventures.discovery.task_results import is_recall, number_of


def critic_verdicts(reviewed: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """A bounty for each claim a critic broke rightly; each false alarm costs as much of its stake."""
    return tuple(
        Verdict(task, outcomes=len(found["upheld"]), false_alarms=len(found["false_alarms"]))
        for task, found in reviewed["critics"].items()
    )


def critic_scores(reviewed: Mapping[str, Any], tasks: Sequence[Task]) -> tuple[Score, ...]:
    """Recall of the planted claims, times the share of findings that were right; 1 where there were none."""
    planted = {claim["id"] for claim in reviewed["planted"]}
    sums: dict[str, list[int]] = {}
    for task in tasks:
        found = reviewed["critics"][task.key]
        caught = len(planted & set(found["upheld"]))
        row = (caught, caught + len(found["missed"]), len(found["upheld"]), len(found["false_alarms"]))
        sums[task.agent] = [a + b for a, b in zip(sums.get(task.agent, [0, 0, 0, 0]), row, strict=True)]
    return tuple(
        Score(agent, "check", _share(c, p) * _share(u, u + f)) for agent, (c, p, u, f) in sorted(sums.items())
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def analyst_verdicts(
    reviewed: Mapping[str, Any], claims: Sequence[NeedClaim], by_task: Mapping[str, Sequence[str]]
) -> tuple[Verdict, ...]:
    """Each claim of a candidate that no critic broke counts; `by_task` are the needs of each analyst's task."""
    standing, _ = _standing(reviewed, claims)
    return tuple(Verdict(task, sum(standing[n] for n in needs)) for task, needs in sorted(by_task.items()))


def analyst_scores(
    reviewed: Mapping[str, Any],
    claims: Sequence[NeedClaim],
    tasks: Sequence[Task],
    by_task: Mapping[str, Sequence[str]],
) -> tuple[Score, ...]:
    """The share of an analyst's checked claims that stand."""
    standing, all_of = _standing(reviewed, claims)
    sums: dict[str, tuple[int, int]] = {}
    for task in tasks:
        kept, every = sums.get(task.agent, (0, 0))
        needs = by_task[task.key]
        sums[task.agent] = (kept + sum(standing[n] for n in needs), every + sum(all_of[n] for n in needs))
    return tuple(Score(agent, "assess", kept / n) for agent, (kept, n) in sorted(sums.items()) if n)


def _standing(reviewed: Mapping[str, Any], claims: Sequence[NeedClaim]) -> tuple[dict[str, int], dict[str, int]]:
    broken = set(reviewed["broken"])
    standing: dict[str, int] = defaultdict(int)
    every: dict[str, int] = defaultdict(int)
    for claim in claims:
        every[claim.need] += 1
        standing[claim.need] += claim.id not in broken
    return standing, every


def scout_verdicts(
    tasks: Sequence[Task], keys: Sequence[Hashable], used: set[int], before: Collection[Hashable] = ()
) -> tuple[tuple[Verdict, ...], tuple[Score, ...]]:
    """Each statement that found its place in a need and says what none before it said counts.

    `keys[i]` is what statement i says, over all tasks in order; `used` are the statements of needs. What was said
    `before` says nothing new either.
    """
    seen: set[Hashable] = set(before)
    verdicts: list[Verdict] = []
    sums: dict[str, tuple[int, int]] = {}
    index = 0
    for task in tasks:
        accepted, number = 0, number_of(task)
        for i in range(index, index + number):
            accepted += i in used and keys[i] not in seen
            seen.add(keys[i])
        index += number
        if is_recall(task):
            continue
        verdicts.append(Verdict(task.key, accepted))
        kept, every = sums.get(task.agent, (0, 0))
        sums[task.agent] = (kept + accepted, every + number)
    scores = tuple(Score(agent, "extract", kept / n) for agent, (kept, n) in sorted(sums.items()) if n)
    return tuple(verdicts), scores
