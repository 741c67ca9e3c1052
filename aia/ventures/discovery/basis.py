"""What a ranking takes from the organisation: the skills it has, and what learning more of a term costs.

It is worked out when a mission is planned and stands in the plan, so that a change of the roster does not
change a ranking afterwards, and in the report, so that anyone can rank again.
"""

from collections.abc import Mapping
from typing import Any

from aia.agents import Roster, shipped_skills
from aia.core.money import UNITS_PER_TOKEN
from aia.ventures.assessment import Basis, Skills

DOCUMENTS_MORE = 250
"""To learn more of what people say, a scout reads as many documents again."""


def basis_values(roster: Roster, quantile: float) -> dict[str, Any]:
    """A basis as JSON: prices are in AIA, as decimals of six places.

    To learn reach or momentum a scout reads more. For severity, paying and satisfaction an analyst then
    assesses the need anew. For competition a scout reads companies and an analyst compares them; for
    feasibility the analyst and the head of analysis look at the skills.
    """
    director = roster.director
    ranker = roster.delegates(director, "rank")[0]
    scout = roster.delegates(director, "extract")[0].price(DOCUMENTS_MORE)
    analyst = roster.delegates(director, "assess")[0].price(1)
    units = {
        "reach": scout,
        "momentum": scout,
        "severity": scout + analyst,
        "paying": scout + analyst,
        "satisfaction": scout + analyst,
        "competition": scout + analyst,
        "feasibility": analyst + ranker.price(1),
    }
    return {
        "held": sorted({skill for agent in roster.agents for skill in agent.skills}),
        "term_prices": {name: price / UNITS_PER_TOKEN for name, price in units.items()},
        "quantile": quantile,
    }


def basis_of(values: Mapping[str, Any]) -> Basis:
    """The other way round; the prices of skills are those of the registry."""
    prices = {skill.name: skill.price_units / UNITS_PER_TOKEN for skill in shipped_skills()}
    return Basis(Skills(frozenset(values["held"]), prices), dict(values["term_prices"]), values["quantile"])
