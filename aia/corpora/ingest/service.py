"""What people hand in becomes a kept corpus, whichever way it came, within the bounds of the deployment."""

import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from aia.core.principal import Principal
from aia.corpora.cleaning import CleanOptions
from aia.corpora.service import Corpora
from aia.corpora.sources import ReadOptions
from aia.infra.plugins import load_plugin
from aia.infra.sql import Database, Tx
from aia.knowledge import CorpusInfo, Knowledge

if TYPE_CHECKING:
    from aia.corpora.ingest.reading import Input, ResumableIngestion

LEFT_S = 86_400


@dataclass(frozen=True, slots=True)
class Ingestion:
    """`reading` and `cleaning` are the deployment's; `marks`: bytes of a mark at most, and how many (`Intake`).

    `folder` is where files wait that are sent, until they are read.
    """

    database: Database
    knowledge: Knowledge
    corpora: Corpora
    reading: ReadOptions
    cleaning: CleanOptions
    marks: tuple[int, int]
    folder: Path

    async def read(
        self,
        principal: Principal,
        path: Path,
        reading: ReadOptions | None = None,
        cleaning: CleanOptions | None = None,
    ) -> "Input":
        """Read a path as `Intake.read` does. Raises `SourceError`."""
        return await self._intake().read(principal, path, reading or self.reading, cleaning or self.cleaning)

    async def keep(self, tx: Tx, given: "Input") -> CorpusInfo:
        """Store what was read; raises `TooFewDocuments`."""
        return await self._intake().keep(tx, given)

    def _intake(self) -> "ResumableIngestion":
        """Loaded when something is read first, as it computes."""
        return load_plugin("aia.tools", "intake")(self.database, self.knowledge, self.corpora, *self.marks)

    @contextmanager
    def waiting(self) -> Generator[Path]:
        """A folder for one input, gone when the block ends; what a killed process left goes after a day."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self.folder.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > LEFT_S:
                    shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)
