"""Finding ventures: needs, their assessment, discovery, market size, monitoring, backtest."""

from aia.ventures.service import BacktestAsked, DiscoveryRequest, Ventures

__all__ = ["BacktestAsked", "DiscoveryRequest", "Ventures"]
