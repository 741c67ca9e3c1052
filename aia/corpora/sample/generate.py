"""A synthetic corpus with planted needs, trends and noise, and its truth: labelled as what it is.

Used by `make discover` when no file is given, and by tests to measure how much of what was planted is
found. Nothing in the engine knows of it.
"""

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

DOCUMENTS = 2_500
MONTHS = 12
FIRST_DAY = date(2024, 1, 1)
NOISE_SHARE = 0.25
GROWTH = {"growing": 1.6, "flat": 0.0, "falling": -1.6}
AUTHORS = 900


@dataclass(frozen=True, slots=True)
class Planted:
    """A need of the sample: how people say it, and how its share moves over the year."""

    name: str
    trend: str
    things: Sequence[str]
    troubles: Sequence[str]
    wishes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The whole of sample.toml."""

    planted: tuple[Planted, ...]
    openings: Sequence[str]
    wishes: Sequence[str]
    tails: Sequence[str]
    noise: Sequence[str]
    fillers: Sequence[str]


def phrases() -> Phrases:
    """What the sample is made of."""
    content = tomllib.loads(files("aia.corpora.sample").joinpath("sample.toml").read_text(encoding="utf-8"))
    planted = tuple(Planted(**need) for need in content.pop("need"))
    return Phrases(planted=planted, **content)


def generate(seed: int, documents: int = DOCUMENTS) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """(rows, truth): rows of id, date, text, author, source; truth names the need of each document."""
    rng = np.random.default_rng(seed)
    words = phrases()
    needs = _monthly_needs(rng, documents, words.planted)
    rows: list[dict[str, Any]] = []
    truth: dict[str, str | None] = {}
    for number, (month, planted) in enumerate(needs, 1):
        row_id = f"synthetic-{number:05d}"
        day = FIRST_DAY + timedelta(days=int(30.4 * month + rng.integers(0, 28)))
        rows.append(
            {
                "id": row_id,
                "date": day.isoformat(),
                "text": _noise(rng, words) if planted is None else _say(rng, words, planted),
                "author": f"author-{rng.integers(0, AUTHORS):04d}",
                "source": "synthetic",
            }
        )
        truth[row_id] = None if planted is None else planted.name
    trends = {planted.name: planted.trend for planted in words.planted}
    return rows, {"synthetic": True, "seed": seed, "documents": truth, "trends": trends}


def _monthly_needs(
    rng: np.random.Generator, documents: int, needs: Sequence[Planted]
) -> list[tuple[int, Planted | None]]:
    """A month and a need (or noise) for each document; volume itself grows, which must not mislead."""
    months = rng.choice(MONTHS, documents, p=np.linspace(1, 2, MONTHS) / np.linspace(1, 2, MONTHS).sum())
    drawn: list[tuple[int, Planted | None]] = []
    for month in np.sort(months).tolist():
        if rng.random() < NOISE_SHARE:
            drawn.append((month, None))
            continue
        place = 2 * month / (MONTHS - 1) - 1
        weights = np.exp(np.array([GROWTH[planted.trend] * place for planted in needs]))
        drawn.append((month, needs[int(rng.choice(len(needs), p=weights / weights.sum()))]))
    return drawn


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(0, len(options)))]


def _say(rng: np.random.Generator, words: Phrases, planted: Planted) -> str:
    thing = _pick(rng, planted.things)
    trouble = f"{_pick(rng, words.openings)}{thing} {_pick(rng, planted.troubles)}.".strip()
    parts = [trouble[0].upper() + trouble[1:]]
    if rng.random() < 0.6:
        parts.append(_pick(rng, words.wishes).format(_pick(rng, planted.wishes)))
    text = " ".join(parts) + _pick(rng, words.tails).format(int(rng.integers(2, 20)))
    return f"{_noise(rng, words)} {text}" if rng.random() < 0.15 else text


def _noise(rng: np.random.Generator, words: Phrases) -> str:
    return f"{_pick(rng, words.noise).format(_pick(rng, words.fillers))} ({int(rng.integers(1, 9_999))})"


def write_sample(folder: Path, *, seed: int = 0, documents: int = DOCUMENTS) -> Path:
    """Write `synthetic-sample.jsonl` and `synthetic-sample.truth.json`; the path of the former."""
    rows, truth = generate(seed, documents)
    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "synthetic-sample.jsonl"
    _write(corpus, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    _write(folder / "synthetic-sample.truth.json", _json(truth))
    return corpus


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    """Whole or not at all, so that a killed run leaves no half sample."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
