"""The one error of reading input."""

from pathlib import Path

from aia.core.errors import Invalid


class SourceError(Invalid):
    """The input cannot be used; names the file, the line where there is one, and what to do."""

    code = "bad-input"
    title = "The input cannot be used"

    @property
    def told(self) -> str:
        """What is wrong and where, without the path."""
        line = self.facts.get("line")
        what = str(self.facts.get("what", self.detail))
        return what if line is None else f"line {line}: {what}"

    @classmethod
    def at(cls, path: Path, what: str, *, line: int | None = None) -> "SourceError":
        where = f"{path}" if line is None else f"{path}, line {line}"
        return cls(f"{where}: {what}", file=str(path), line=line, what=what)
