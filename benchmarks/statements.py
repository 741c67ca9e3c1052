"""Are problems and requests found, by the rules and with the n-gram model? On sentences labelled by hand.

    python -m benchmarks.statements [--quick] [--json]

`statement_labels.tsv` names sentences of ../shared/data (or AIA_SHARED) by place. Those of `development` were seen
when the model's frames were written; those of `held-out` were drawn and labelled after them, by the same person.
Speed is of one process, in sentences a CPU second, rules beside rules and model in one run.
"""

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aia.text.statements import find_statements, sentences
from aia.text.statements.learned import shipped_model

LABELS = Path(__file__).parent / "statement_labels.tsv"
FILES = {"cfpb-complaints": "complaints", "banking77": "queries", "yc-companies": "companies"}
DOCUMENTS_TIMED, QUICK = 1_000, 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer documents for the speed")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    shared = Path(os.environ.get("AIA_SHARED", Path(__file__).parent.parent.parent / "shared"))
    if not (shared / "data").is_dir():
        print(f"{shared}/data is not here: name the folder with AIA_SHARED", file=sys.stderr)
        return 2
    texts = {name: _texts(shared / f"data/{name}/{file}.jsonl.gz") for name, file in FILES.items()}
    model = shipped_model()
    ways: dict[str, Callable[[str], Any]] = {
        "rules": find_statements,
        "rules and model": lambda text: find_statements(text, model),
    }
    detail: dict[str, Any] = {}
    for part, rows in _labels().items():
        for way, find in ways.items():
            detail[f"{part}/{way}"] = found = _measured(rows, texts, find)
            print(f"{part:12} {way:16} " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
    timed = list(texts["cfpb-complaints"].values())[: QUICK if arguments.quick else DOCUMENTS_TIMED]
    rates = {way: _rate(timed, find) for way, find in ways.items()}
    print(", ".join(f"{way}: {rate:,.0f} sentences a CPU second" for way, rate in rates.items()))
    singles = [text[a:b] for text in timed for a, b in sentences(text)]
    begun = time.process_time()
    for start in range(0, len(singles), 100):
        model.kinds(singles[start : start + 100])
    alone = len(singles) / (time.process_time() - begun)
    print(f"the model alone, a hundred at a time: {alone:,.0f} sentences a CPU second")
    held = [detail[f"held-out/{way}"]["f1"] for way in ways]
    ratios = {"f1_rules": held[0], "f1_model": held[1], "f1_gain": round(held[1] - held[0], 4)}
    ratios |= {"model_sentences_per_cpu_second": round(alone)}
    print(ratios)
    if arguments.json:
        print(json.dumps({"bench": "statements", "ratios": ratios, "detail": detail | {"rates": rates}}))
    return 0


def _texts(path: Path) -> dict[str, str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["id"]: row["text"] for row in rows if row["text"]}


def _labels() -> dict[str, list[tuple[str, str, int, int, str]]]:
    found: dict[str, list[tuple[str, str, int, int, str]]] = {}
    for line in LABELS.read_text(encoding="utf-8").splitlines()[1:]:
        part, data, document, start, end, label = line.split("\t")
        found.setdefault(part, []).append((data, document, int(start), int(end), label))
    return found


def _measured(
    rows: Sequence[tuple[str, str, int, int, str]], texts: dict[str, dict[str, str]], find: Callable[[str], Any]
) -> dict[str, float]:
    """Precision, recall and F1 of statement against other, and the mean F1 of the three classes."""
    pairs: list[tuple[str, str]] = []
    for data, document, start, end, label in rows:
        spans = [s for s in find(texts[data][document]) if s.start < end and s.end > start]
        pairs.append((label, spans[0].kind.value[0] if spans else "o"))
    right = sum(label != "o" and said != "o" for label, said in pairs)
    said, labelled = (sum(pair[i] != "o" for pair in pairs) for i in (1, 0))
    f1 = [
        2 * sum(label == said == c for label, said in pairs) / max(1, sum((a == c) + (b == c) for a, b in pairs))
        for c in "pro"
    ]
    return {
        "precision": round(right / max(said, 1), 4),
        "recall": round(right / max(labelled, 1), 4),
        "f1": round(2 * right / max(said + labelled, 1), 4),
        "macro_f1": round(sum(f1) / 3, 4),
    }


def _rate(texts: Sequence[str], find: Callable[[str], Any]) -> float:
    number = sum(1 for text in texts for _ in sentences(text))
    begun = time.process_time()
    for text in texts:
        find(text)
    return number / (time.process_time() - begun)


if __name__ == "__main__":
    sys.exit(main())
