"""Statements to needs: neighbour graph, communities, names."""

from aia.ventures.needs.grouping import centres_of, group, partition

__all__ = ["centres_of", "group", "partition"]
