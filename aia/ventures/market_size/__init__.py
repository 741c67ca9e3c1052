"""TAM, SAM and SOM as Fermi trees: every input cited, counted, or marked as an assumption."""

from aia.ventures.market_size.model import Assumptions, BadAssumptions, Factor, SizeTree, parse_assumptions
from aia.ventures.market_size.read import read_assumptions

__all__ = ["Assumptions", "BadAssumptions", "Factor", "SizeTree", "parse_assumptions", "read_assumptions"]
