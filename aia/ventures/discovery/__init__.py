"""A discovery as a mission: its playbook, what its agents do, and the report they come to.

Its playbook is a plugin (`aia.playbooks`): it takes numpy and scipy along, and loads when an App is opened.
"""
