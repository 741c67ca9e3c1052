"""AIA: an operating system for an organisation of AI agents that finds ventures."""

__version__ = "0.1.0"
