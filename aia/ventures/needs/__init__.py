"""Statements to needs: neighbour graph, communities, names."""

from aia.ventures.needs.continuity import Extension, Known, extend, match
from aia.ventures.needs.grouping import Linked, centres_of, group, group_linked, partition
from aia.ventures.needs.incremental import continue_needs

__all__ = [
    "Extension",
    "Known",
    "Linked",
    "centres_of",
    "continue_needs",
    "extend",
    "group",
    "group_linked",
    "match",
    "partition",
]
