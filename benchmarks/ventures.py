"""Needs and trends beside BERTopic on BANKING77: python -m benchmarks.ventures [--quick] [--json] [--data PATH].

The sample: at most 40 queries of each of the 77 intents, drawn with seed 0. Both methods get the same MiniLM vectors;
BERTopic (defaults, warmed up before) makes its own reduction, clusters and words, AIA its graph, communities, names
and quotations; CPU seconds are those of this process, all threads. Resolutions are chosen without labels, which only
score. Trends: each intent's queries get a month of a year; ten random intents grow by e^1.6 to both sides of the
middle, ten fall, the rest is flat; a cluster among the first ten is right if most of its queries are of a growing
intent. AIA's list is that of `aia ventures momentum`: documents count by their share in needs, and a need that
repeats the growth of near kin goes behind; BERTopic's is its raw slopes. 40 drawings.
"""

import argparse
import gzip
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bertopic import BERTopic
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from aia.text.model import Statement, StatementKind
from aia.text.vectors import Embedding, open_embedder
from aia.ventures.assessment.trend import distinct_first, momenta
from aia.ventures.needs import group_linked

DATA = Path(__file__).resolve().parents[2] / "shared/data/banking77/queries.jsonl.gz"
PER_INTENT = 40
MONTHS = 12
GROWTH = 1.6
MOVING = 10
WARM_UP = 400
NOBODY = -1


def sample(path: Path, per_intent: int) -> tuple[list[str], np.ndarray]:
    """(texts, labels), labels as numbers from 0."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    names = sorted({row["label"] for row in rows})
    labels = np.array([names.index(row["label"]) for row in rows])
    rng = np.random.default_rng(0)
    chosen = [rng.permutation(np.flatnonzero(labels == label))[:per_intent] for label in range(len(names))]
    kept = np.sort(np.concatenate(chosen))
    return [rows[i]["text"] for i in kept], labels[kept]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its CPU seconds."""
    started = time.process_time()
    found = work()
    return found, time.process_time() - started


@dataclass(frozen=True)
class Clusters:
    """A label for each document (-1 outside), its share (documents, clusters) of each cluster, and their kinship."""

    labels: np.ndarray
    shares: np.ndarray
    kinship: np.ndarray


def aia_clusters(texts: Sequence[str], vectors: np.ndarray, seed: int) -> Clusters:
    statements = [Statement(i, 0, len(text), StatementKind.PROBLEM, 0.5, 0.0) for i, text in enumerate(texts)]
    linked = group_linked(statements, texts, vectors, seed=seed, needs_max=len(texts))
    labels = np.full(len(texts), NOBODY)
    for number, need in enumerate(linked.needs):
        labels[list(need.members)] = number
    return Clusters(labels, linked.shares.toarray(), linked.kinship)


def topics_of(labels: np.ndarray) -> Clusters:
    """Topics as they are: each document is of one, and none knows of another."""
    shares = (labels[:, None] == np.arange(labels.max() + 1)).astype(float)
    return Clusters(labels, shares, np.zeros((labels.max() + 1, labels.max() + 1)))


def months_of(labels: np.ndarray, growing: np.ndarray, falling: np.ndarray, growth: float, rng: Any) -> np.ndarray:
    """A month for each document: the odds of a moving intent's change by e^growth from the middle to either end."""
    place = np.linspace(-1, 1, MONTHS)
    months = np.empty(len(labels), dtype=int)
    for label in np.unique(labels):
        slope = growth if label in growing else -growth if label in falling else 0.0
        odds = np.exp(slope * place)
        rows = labels == label
        months[rows] = rng.choice(MONTHS, rows.sum(), p=odds / odds.sum())
    return months


def counts_of(clusters: Clusters, months: np.ndarray) -> np.ndarray:
    """(clusters, months) documents."""
    return clusters.shares.T @ np.eye(MONTHS)[months]


def lower_bounds(counts: np.ndarray, months: np.ndarray) -> np.ndarray:
    totals = np.bincount(months, minlength=MONTHS)
    found = momenta(counts, [f"2024-{m + 1:02d}" for m in range(MONTHS)], totals.tolist())
    return np.array([-np.inf if m is None else m.lower for m in found])


def raw_slopes(counts: np.ndarray, _: np.ndarray) -> np.ndarray:
    """What a reader of topics_over_time sees: the straight line through each topic's monthly frequency."""
    place = np.arange(MONTHS) - (MONTHS - 1) / 2
    return counts @ place / (place @ place)


Score = Callable[[np.ndarray, np.ndarray], np.ndarray]


def majorities(labels: np.ndarray, clusters: Clusters) -> np.ndarray:
    """The commonest label of each cluster."""
    return np.array([np.bincount(labels[clusters.labels == c]).argmax() for c in range(clusters.labels.max() + 1)])


def trends(labels: np.ndarray, clusters: Clusters, score: Score, repetitions: int) -> tuple[float, float]:
    """(precision of the first ten, share of the growing intents among them)."""
    majority = majorities(labels, clusters)
    precision: list[float] = []
    recall: list[float] = []
    for repetition in range(repetitions):
        rng = np.random.default_rng(1_000 + repetition)
        moving = rng.permutation(labels.max() + 1)[: 2 * MOVING]
        growing, falling = moving[:MOVING], moving[MOVING:]
        months = months_of(labels, growing, falling, GROWTH, rng)
        best = distinct_first(score(counts_of(clusters, months), months).tolist(), clusters.kinship)[:MOVING]
        right = np.isin(majority[best], growing)
        precision.append(float(right.mean()))
        recall.append(len(set(majority[best][right])) / MOVING)
    return float(np.mean(precision)), float(np.mean(recall))


def flagged(labels: np.ndarray, clusters: Clusters, growth: float, repetitions: int) -> tuple[float, float]:
    """(share of clusters of growing intents, or of all where nothing grows, whose lower bound is above zero; share of
    the first ten places that such a cluster takes)."""
    majority = majorities(labels, clusters)
    shares: list[float] = []
    listed: list[float] = []
    for repetition in range(repetitions):
        rng = np.random.default_rng(5_000 + repetition)
        growing = rng.permutation(labels.max() + 1)[:MOVING]
        months = months_of(labels, growing, np.array([]), growth, rng)
        lower = lower_bounds(counts_of(clusters, months), months)
        counted = np.isin(majority, growing) if growth else np.ones(len(majority), bool)
        shares.append(float((lower[counted & np.isfinite(lower)] > 0).mean()))
        listed.append(float((np.sort(lower)[::-1][:MOVING] > 0).mean()))
    return float(np.mean(shares)), float(np.mean(listed))


def quality(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    return {
        "nmi": round(float(normalized_mutual_info_score(labels, clusters)), 4),
        "ari": round(float(adjusted_rand_score(labels, clusters)), 4),
        "clusters": int(clusters.max()) + 1,
        "outside": round(float((clusters < 0).mean()), 4),
    }


def clustered(texts: list[str], detail: dict[str, Any]) -> dict[str, Clusters]:
    """Clusters by method; CPU seconds and rates go to the detail."""
    vectors: dict[str, np.ndarray] = {}
    for choice in Embedding:
        embedder = open_embedder(choice)
        embedder.encode(texts[:WARM_UP])
        vectors[choice], seconds = timed(lambda encode=embedder.encode: encode(texts))
        detail[f"documents_per_cpu_s_{choice}"] = round(len(texts) / seconds)
    minilm = vectors[Embedding.MINILM]
    BERTopic().fit_transform(texts[:WARM_UP], minilm[:WARM_UP])
    topics, seconds = timed(lambda: np.array(BERTopic().fit_transform(texts, minilm)[0]))
    detail["cpu_s_bertopic"] = round(seconds, 3)
    clusters = {"bertopic": topics_of(topics)}
    for choice in Embedding:
        clusters[choice], seconds = timed(lambda v=vectors[choice]: aia_clusters(texts, v, 0))
        detail[f"cpu_s_{choice}"] = round(seconds, 3)
    return clusters


def run(path: Path, quick: bool) -> dict[str, Any]:
    texts, labels = sample(path, 12 if quick else PER_INTENT)
    repetitions = 5 if quick else 40
    detail: dict[str, Any] = {"documents": len(texts), "intents": int(labels.max()) + 1}
    clusters = clustered(texts, detail)
    detail["quality"] = {name: quality(labels, found.labels) for name, found in clusters.items()}
    detail["trends"] = {
        name: trends(labels, found, raw_slopes if name == "bertopic" else lower_bounds, repetitions)
        for name, found in clusters.items()
    }
    alarms = {str(c): flagged(labels, clusters[c], 0.0, repetitions) for c in Embedding}
    detail["false_alarms"] = {name: round(share, 4) for name, (share, _) in alarms.items()}
    detail["false_alarms_of_the_first_ten"] = {name: round(listed, 4) for name, (_, listed) in alarms.items()}
    detail["power"] = {
        str(growth): round(flagged(labels, clusters[Embedding.TABLE], growth, repetitions)[0], 3)
        for growth in (0.2, 0.4, 0.8, 1.2, 1.6)
    }
    ours, theirs = detail["quality"][Embedding.MINILM], detail["quality"]["bertopic"]
    ratios = {
        "nmi_minus_bertopic": ours["nmi"] - theirs["nmi"],
        "ari_minus_bertopic": ours["ari"] - theirs["ari"],
        "cpu_vs_bertopic": detail["cpu_s_minilm"] / detail["cpu_s_bertopic"],
        "nmi_table": detail["quality"][Embedding.TABLE]["nmi"],
        "trend_precision_table": detail["trends"][Embedding.TABLE][0],
        "trend_recall_table": detail["trends"][Embedding.TABLE][1],
        "trend_precision_minilm": detail["trends"][Embedding.MINILM][0],
        "trend_recall_minilm": detail["trends"][Embedding.MINILM][1],
        "trend_precision_bertopic_raw": detail["trends"]["bertopic"][0],
        "false_alarm_rate": max(detail["false_alarms"].values()),
    }
    return {"bench": "ventures", "ratios": {k: round(v, 4) for k, v in ratios.items()}, "detail": detail}


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", action="store_true")
    options.add_argument("--data", type=Path, default=DATA)
    given = options.parse_args()
    if not given.data.exists():
        sys.exit(f"benchmarks.ventures: {given.data} is not there; give BANKING77 as JSON lines with --data")
    warnings.simplefilter("ignore")
    found = run(given.data, given.quick)
    detail = found["detail"]
    print(f"{detail['documents']} queries, {detail['intents']} intents")
    print(f"{'':10} {'clusters':>8} {'outside':>8} {'NMI':>6} {'ARI':>6} {'CPU s':>7} {'prec@10':>7} {'recall':>6}")
    for name in ("bertopic", "minilm", "table"):
        q, (precision, recall) = detail["quality"][name], detail["trends"][name]
        print(
            f"{name:10} {q['clusters']:8} {q['outside']:8.3f} {q['nmi']:6.3f} {q['ari']:6.3f} "
            f"{detail[f'cpu_s_{name}']:7.2f} {precision:7.3f} {recall:6.3f}"
        )
    for choice in Embedding:
        print(f"{choice}: {detail[f'documents_per_cpu_s_{choice}']} documents a CPU second")
    print(f"needs said to grow when none does: {detail['false_alarms']}")
    listed = detail["false_alarms_of_the_first_ten"]
    print(
        f"places of the first ten that such needs take, of a list that shows the strongest whatever it is: {listed}"
    )
    print(f"power, by growth to either side of the middle (log): {detail['power']}")
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
