"""Where the reading of a file ended, and all that was met until then: what a reading of what was added needs. Pure.

Kept with the corpus as bytes: JSON for what is small, then arrays. What is derived from the text alone is kept as
hashes, since only its equality counts.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aia.corpora.cleaning.cleaner import Added, Cleaned
from aia.corpora.model import RejectedRow
from aia.corpora.sources.dates import DateOrder
from aia.corpora.sources.model import Layout
from aia.corpora.sources.read import ReadState
from aia.text.near_duplicates.repeats import BANDS, Hashes

FINGERPRINT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first `length` bytes of a file hash to `sha256`, hold `lines` lines and end with one.

    `keys` and `stands_for` are of all texts that were met (`duplicates.Compared`); `records` are the lines of the
    corpus's documents that its id is made of.
    """

    length: int
    sha256: str
    lines: int
    met: ReadState
    cleaned: Cleaned
    keys: Hashes
    stands_for: NDArray[np.int32]
    records: str = ""

    @property
    def places(self) -> NDArray[np.int64]:
        """(n,) where a text that was kept stands in the corpus."""
        return np.cumsum(self.stands_for == np.arange(len(self.stands_for))) - 1

    def with_records(self, records: str) -> "Checkpoint":
        return replace(self, records=records)

    def behind(self, length: int, digest: str, lines: int, met: ReadState, added: Added) -> "Checkpoint":
        """The mark behind what was added."""
        keys = np.concatenate([self.keys, added.keys])
        stands_for = np.concatenate([self.stands_for, added.stands_for])
        return Checkpoint(length, digest, lines, met, added.cleaned, keys, stands_for, self.records)

    def pack(self) -> bytes:
        ids = np.array(sorted(self.met.ids.items()), np.uint64).reshape(-1, 2)
        told = json.dumps(
            {
                "length": self.length,
                "sha256": self.sha256,
                "lines": self.lines,
                "met": _met_json(self.met),
                "cleaned": _cleaned_json(self.cleaned),
            }
        ).encode()
        parts = (
            told,
            b"".join(sorted(self.met.fingerprints)),
            ids.astype("<u8").tobytes(),
            self.keys.astype("<u8").tobytes(),
            self.stands_for.astype("<i4").tobytes(),
            self.records.encode(),
        )
        return np.array([len(part) for part in parts], "<u8").tobytes() + b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> "Checkpoint":
        """What `pack` wrote; raises ValueError, KeyError or TypeError for what it did not."""
        sizes = np.frombuffer(data, "<u8", 6).tolist()
        parts: list[bytes] = []
        at = 48
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        told, prints, ids, keys, stands_for, records = parts
        small = json.loads(told)
        pairs = np.frombuffer(ids, "<u8").reshape(-1, 2)
        fingerprints = frozenset(prints[i : i + FINGERPRINT_BYTES] for i in range(0, len(prints), FINGERPRINT_BYTES))
        known = dict(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True))
        cleaned = small["cleaned"] | {"examples": _listed(small["cleaned"]["examples"])}
        return cls(
            small["length"],
            small["sha256"],
            small["lines"],
            _met_of(small["met"], fingerprints, known),
            Cleaned(**cleaned),
            np.frombuffer(keys, "<u8").reshape(-1, BANDS),
            np.frombuffer(stands_for, "<i4"),
            records.decode(),
        )


def _cleaned_json(cleaned: Cleaned) -> dict[str, Any]:
    return {
        "masked": dict(sorted(cleaned.masked.items())),
        "languages": dict(sorted(cleaned.languages.items())),
        "repeats": cleaned.repeats,
        "examples": _rows(cleaned.examples),
        "undated": cleaned.undated,
    }


def _met_json(met: ReadState) -> dict[str, Any]:
    return {
        "layout": asdict(met.layout),
        "documents": met.documents,
        "orders": sorted(met.orders),
        "rejected": dict(sorted(met.rejected.items())),
        "changed": dict(sorted(met.changed.items())),
        "rows": _rows(met.rows),
    }


def _met_of(small: Mapping[str, Any], fingerprints: frozenset[bytes], ids: Mapping[int, int]) -> ReadState:
    layout = small["layout"] | {
        "date_order": None if small["layout"]["date_order"] is None else DateOrder(small["layout"]["date_order"])
    }
    return ReadState(
        layout=Layout(**layout),
        documents=small["documents"],
        fingerprints=fingerprints,
        ids=ids,
        orders=frozenset(DateOrder(order) for order in small["orders"]),
        rejected=small["rejected"],
        changed=small["changed"],
        rows=_listed(small["rows"]),
    )


def _rows(rows: tuple[RejectedRow, ...]) -> list[list[str | int]]:
    return [[row.line, row.reason] for row in rows]


def _listed(rows: list[list[Any]]) -> tuple[RejectedRow, ...]:
    return tuple(RejectedRow(line, reason) for line, reason in rows)
