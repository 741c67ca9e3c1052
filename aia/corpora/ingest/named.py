"""Inputs as people name them, files and services, to one corpus that is fit to be kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from aia.corpora.cleaning import CleanOptions, clean
from aia.corpora.model import Corpus
from aia.corpora.sources import Batch, Reader, ReadOptions, corpus_name
from aia.corpora.sources.open import Allowance, is_archive
from aia.corpora.sources.registry import Registry
from aia.infra.plugins import load_plugin, names

if TYPE_CHECKING:
    from aia.corpora.connectors.fetch import Fetched, Fetching

CONNECTORS = "aia.connectors"


def service_of(given: str) -> tuple[str, str] | None:
    """(connector, query) of `hn:QUERY` and its like, unless there is a file of that name."""
    name, colon, query = given.partition(":")
    if not colon or name not in names(CONNECTORS) or Path(given).exists():
        return None
    return name, query


def read_inputs(inputs: Sequence[str], options: ReadOptions, cleaning: CleanOptions, how: "Fetching") -> Corpus:
    """Files, folders, archives and services as one corpus, cleaned. Raises `SourceError` when nothing is read."""
    asked = [service for given in inputs if (service := service_of(given)) is not None]
    fetched: list[Fetched] = []
    if asked:
        fetch_all = load_plugin("aia.tools", "fetch")
        fetched = asyncio.run(fetch_all(asked, how))
    waiting = iter(fetched)
    only = Path(inputs[0])
    alone = len(inputs) == 1 and not asked and not only.is_dir() and not (only.is_file() and is_archive(only))
    reader, registry = Reader(options, single=alone), Registry(options.source)
    allowance = Allowance.of(options.limits)
    for given in inputs:
        if service_of(given) is None:
            reader.take_path(Path(given), registry, allowance)
        else:
            reader.take(_batch(next(waiting)))
    shown = [given if service_of(given) else Path(given).name or given for given in inputs]
    return clean(reader.corpus(corpus_name(shown)), cleaning)


def _batch(fetched: "Fetched") -> Batch:
    name = f"{fetched.connector.name}:{fetched.query}"
    rows = cast("Sequence[dict[str, object]]", fetched.rows)
    return Batch(
        Path(name), fetched.connector.name, lambda _: enumerate(rows, 1), fetched.connector.layout, note=fetched.note
    )
