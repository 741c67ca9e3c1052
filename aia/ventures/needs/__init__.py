"""Statements to needs: neighbour graph, communities, names."""

from aia.ventures.needs.continuity import Extension, Known, extend, match
from aia.ventures.needs.grouping import centres_of, group, partition

__all__ = ["Extension", "Known", "centres_of", "extend", "group", "match", "partition"]
