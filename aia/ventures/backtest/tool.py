"""A backtest as plain values, loaded as a plugin when it is asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from aia.corpora.model import Document
from aia.text.vectors import shipped_table
from aia.ventures.backtest.run import BacktestOptions, backtest, summary


def run(documents: Sequence[Document], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Results by cut-off and their means; raises `HistoryTooThin` or `Invalid`."""
    results = backtest(documents, shipped_table(), BacktestOptions(**asked))
    return {"cutoffs": [result.to_json() for result in results], "mean": summary(results)}
