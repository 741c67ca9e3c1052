"""The one error of reading input."""

from pathlib import Path

from aia.core.errors import Invalid


class SourceError(Invalid):
    """The input cannot be used; names the file, the line where there is one, and what to do."""

    code = "bad-input"
    title = "The input cannot be used"

    @classmethod
    def at(cls, path: Path, what: str, *, line: int | None = None) -> "SourceError":
        where = f"{path}" if line is None else f"{path}, line {line}"
        return cls(f"{where}: {what}", file=str(path), line=line)
