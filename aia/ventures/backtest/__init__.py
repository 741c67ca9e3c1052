"""Backtest: does momentum say which themes grow? Trained before a day, compared with what came after it."""

from aia.ventures.backtest.run import BacktestOptions, CutOffResult, HistoryTooThin, backtest, summary

__all__ = ["BacktestOptions", "CutOffResult", "HistoryTooThin", "backtest", "summary"]
