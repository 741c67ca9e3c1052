"""The members of an organisation: role, level, manager, skills, price; delegation follows the tree."""

from aia.agents.model import Agent, AgentNotFound, BadRoster, NobodyCan, Role, Roster
from aia.agents.roster_file import default_roster, parse_roster, read_roster
from aia.agents.service import Agents, NoRoster, RosterExists
from aia.agents.skills import Skill, shipped_skills

__all__ = [
    "Agent",
    "AgentNotFound",
    "Agents",
    "BadRoster",
    "NoRoster",
    "NobodyCan",
    "Role",
    "Roster",
    "RosterExists",
    "Skill",
    "default_roster",
    "parse_roster",
    "read_roster",
    "shipped_skills",
]
