"""Agents and their ratings."""

from typing import Annotated

from fastapi import APIRouter, Path

from aia.agents import Agent, Roster
from aia.api.deps import AppDep, ReadDep
from aia.api.schemas import AgentOut, Listed, RatingOut
from aia.core.money import format_units
from aia.ledger import agent_wallet

router = APIRouter(prefix="/v1", tags=["agents"])


@router.get("/agents")
async def list_agents(app: AppDep, read: ReadDep) -> Listed[AgentOut]:
    """The organisation's agents, director first."""
    roster = await app.agents.roster(read)
    return Listed(data=[_shown(agent, roster, read.organisation) for agent in roster.agents])


@router.get("/agents/{agent_id}")
async def get_agent(agent_id: Annotated[str, Path(max_length=40)], app: AppDep, read: ReadDep) -> AgentOut:
    """One agent."""
    roster = await app.agents.roster(read)
    return _shown(roster.get(agent_id), roster, read.organisation)


@router.get("/rankings")
async def list_ratings(app: AppDep, read: ReadDep) -> Listed[RatingOut]:
    """Agents by the mean of their scores, best first."""
    return Listed(
        data=[
            RatingOut(
                agent=rating.agent,
                skill=rating.skill,
                mean=round(rating.mean, 6),
                standard_deviation=round(rating.standard_deviation, 6),
                scores=rating.scores,
                updated_at=rating.updated_at,
            )
            for rating in await app.performance.ratings(read)
        ]
    )


def _shown(agent: Agent, roster: Roster, organisation: str) -> AgentOut:
    return AgentOut(
        id=agent.id,
        role=agent.role.value,
        title=agent.title,
        level=roster.level(agent),
        manager=agent.manager,
        skills=list(agent.skills),
        wallet=agent_wallet(organisation, agent.id),
        price=format_units(agent.price_units),
        price_per_unit=format_units(agent.price_per_unit_units),
        price_per_outcome=format_units(agent.price_per_outcome_units),
    )
