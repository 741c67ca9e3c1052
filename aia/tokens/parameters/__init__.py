"""Governed parameters of the economy: bounds in the program, changes in the books."""

from aia.tokens.parameters.model import DEFINITIONS, BadParameter, Change, Definition, Parameter, named
from aia.tokens.parameters.service import Parameters, values_in_force

__all__ = [
    "DEFINITIONS",
    "BadParameter",
    "Change",
    "Definition",
    "Parameter",
    "Parameters",
    "named",
    "values_in_force",
]
