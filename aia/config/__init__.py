"""Settings: every number and secret AIA takes from the environment, with its bound and its meaning."""

from aia.config.settings import Environment, Settings, load_settings

__all__ = ["Environment", "Settings", "load_settings"]
