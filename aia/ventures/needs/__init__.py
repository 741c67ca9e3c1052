"""Statements to needs: neighbour graph, communities, names."""

from aia.ventures.needs.grouping import group

__all__ = ["group"]
