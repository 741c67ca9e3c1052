"""Plain text of HTML, as feeds, dumps and mails carry it."""

import html
import re
from html.parser import HTMLParser

_BLOCKS = frozenset("p div br li ul ol tr table h1 h2 h3 h4 h5 h6 pre blockquote article section hr".split())
_SILENT = frozenset({"script", "style", "head", "title", "svg"})
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r"\s*\n\s*")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(text: str) -> str:
    """The words of a text that may be HTML, a line for each block; text without tags only loses its entities."""
    if not _TAG.search(text):
        return html.unescape(text).strip() if "&" in text else text.strip()
    parser = _Text()
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, ValueError):  # what html.parser raises on some broken declarations
        return html.unescape(_TAG.sub(" ", text)).strip()
    found = _SPACES.sub(" ", "".join(parser.parts))
    return _LINES.sub("\n", found).strip()
