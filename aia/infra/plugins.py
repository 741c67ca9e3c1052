"""Plugins are entry points; built-ins are registered in the same way and load when first used.

Groups: `aia.embeddings` (sentence models), `aia.engines` (durable engines), `aia.llm` (model providers),
`aia.playbooks` (kinds of missions), `aia.tools` (what agents do).
"""

from importlib.metadata import entry_points
from typing import Any

from aia.core.errors import Invalid


def load_plugin(group: str, name: str) -> Any:
    """The object a plugin names; raises `Invalid` when none is installed or its packages are missing."""
    for entry in entry_points(group=group, name=name):
        try:
            return entry.load()
        except ImportError as error:
            raise Invalid(
                f"the plugin {name!r} of {group} needs a package that is not installed ({error.name}): "
                f"make setup EXTRAS={name}, or pip install 'aia[{name}]'"
            ) from error
    raise Invalid(f"no plugin {name!r} of {group} is installed; there are: {', '.join(names(group))}")


def names(group: str) -> list[str]:
    return sorted({entry.name for entry in entry_points(group=group)})
