"""Backtest: does momentum say which themes grow? Trained before a day, compared with what came after it."""

from aia.ventures.backtest.run import (
    CUTOFFS_DEFAULT,
    PARTITIONS_DEFAULT,
    BacktestOptions,
    CutOffResult,
    HistoryTooThin,
    backtest,
    summary,
)

__all__ = [
    "CUTOFFS_DEFAULT",
    "PARTITIONS_DEFAULT",
    "BacktestOptions",
    "CutOffResult",
    "HistoryTooThin",
    "backtest",
    "summary",
]
