"""Plugins are entry points; built-ins are registered in the same way and load when first used.

Groups: `aia.embeddings` (sentence models), `aia.engines` (durable engines), `aia.llm` (model providers),
`aia.playbooks` (kinds of missions), `aia.tools` (what agents do), `aia.sources` (files that are read),
`aia.connectors` (services that are asked).
"""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from aia.core.errors import Invalid


@cache
def load_plugin(group: str, name: str) -> Any:
    """The object a plugin names; raises `Invalid` when none is installed or its packages are missing.

    Looked up once a process: finding it reads the metadata of every distribution, and a mission asks per task.
    """
    for entry in entry_points(group=group, name=name):
        return _load(entry)
    raise Invalid(f"no plugin {name!r} of {group} is installed; there are: {', '.join(names(group))}")


def load_plugins(group: str, *, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """(name, object) of every plugin of a group in order of name; the first of a name counts."""
    found = {entry.name: entry for entry in reversed(list(entry_points(group=group)))}
    for name in sorted(found.keys() - without):
        yield name, _load(found[name])


def _load(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except ImportError as error:
        raise Invalid(
            f"the plugin {entry.name!r} of {entry.group} needs a package that is not installed ({error.name}): "
            f"make setup EXTRAS={entry.name}, or pip install 'aia[{entry.name}]'"
        ) from error


def names(group: str) -> list[str]:
    return sorted({entry.name for entry in entry_points(group=group)})
