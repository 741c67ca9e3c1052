"""A discovery as a mission: its playbook, what its agents do, and the report they come to."""

from aia.ventures.discovery.playbook import TOP_DEFAULT, DiscoveryPlaybook

__all__ = ["TOP_DEFAULT", "DiscoveryPlaybook"]
