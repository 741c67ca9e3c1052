"""XML as a stream of events, with no entity ever expanded or fetched, and depth and sizes bounded.

Expat is used directly: a dump of questions is one start tag a row, which it gives us whole in C.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat  # entities are refused below; nothing external is opened

from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Piece

DEPTH_MAX = 64


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag; names are without their namespace prefix, in lower case."""

    name: str
    attributes: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class End:
    """An end tag with the text directly inside it."""

    name: str
    text: str
    line: int


class _Refused(Exception):
    """Raised inside expat's callbacks."""


class _Events:
    def __init__(self, parser: expat.XMLParserType, text_max: int) -> None:
        self.waiting: list[Start | End] = []
        self._parser = parser
        self._text_max = text_max
        self._open: list[list[str]] = []
        self._size = 0
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._external
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEPTH_MAX:
            raise _Refused(f"nested more than {DEPTH_MAX} deep")
        self._open.append([])
        self._size = 0
        self.waiting.append(Start(_local(name), attributes, self._parser.CurrentLineNumber))

    def _end(self, name: str) -> None:
        self.waiting.append(End(_local(name), "".join(self._open.pop()), self._parser.CurrentLineNumber))
        self._size = 0

    def _text(self, data: str) -> None:
        self._size += len(data)
        if self._size > self._text_max:
            raise _Refused(f"an element holds more than {self._text_max} characters")
        if self._open:
            self._open[-1].append(data)

    def _external(self, *_: object) -> int:
        raise _Refused("it refers to another file")

    def _entity(self, *_: object) -> None:
        raise _Refused("it declares entities, which can unpack without end: remove its DOCTYPE")


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def events(piece: Piece, text_max: int) -> Iterator[Start | End]:
    """The tags of a piece in order; raises `SourceError` for XML that is broken or declares entities."""
    parser = expat.ParserCreate()
    held = _Events(parser, text_max)
    try:
        for block in piece.blocks:
            parser.Parse(block, False)  # expat takes it by position
            yield from held.waiting
            held.waiting.clear()
        parser.Parse(b"", True)
        yield from held.waiting
    except expat.ExpatError as error:
        yield from held.waiting
        what = f"broken XML ({expat.ErrorString(error.code)}): fetch the file again"
        raise SourceError.at(piece.name, what, line=error.lineno) from None
    except _Refused as error:
        raise SourceError.at(piece.name, f"XML that is not read: {error}", line=parser.CurrentLineNumber) from None
    except (LookupError, ValueError) as error:
        raise SourceError.at(piece.name, f"XML in an encoding that is not known ({error})") from None
