"""mbox (RFC 4155) and single messages (RFC 5322): what each person wrote, without quoted replies and signature."""

import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from typing import cast

from aia.corpora.formats.markup import plain
from aia.corpora.sources.model import Context, Head, Layout, NumberedRow, Piece, Row, Source

LAYOUT = Layout(extra={"title": "title"})
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}:[ \t]")
_REPLY_INTRODUCTION = re.compile(r"^(?:On .{4,200}|.{4,120}) (?:wrote|schrieb|a écrit|escribió):\s*$")
_ORIGINAL = re.compile(r"^-{2,} ?(?:Original Message|Forwarded message)\b.*$|^_{20,}\s*$", re.IGNORECASE)
_SUBJECT_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw|wg|sv)(?:\[\d+\])?:\s*)+", re.IGNORECASE)


def mail_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Rows of id (Message-ID), text (subject and body), date, author, source (list), title; line is the message's."""
    parser = BytesParser(policy=email.policy.default)
    for number, data in enumerate(_messages(piece, context), 1):
        try:
            row = _row(parser.parsebytes(data))
        except (ValueError, LookupError, TypeError, AttributeError, IndexError, KeyError, RecursionError) as error:
            context.malformed(number, f"not a mail message ({type(error).__name__}: {error})")  # the parser's own
            continue
        yield number, row


def _messages(piece: Piece, context: Context) -> Iterator[bytes]:
    """The bytes of each message; one above the record's bound is told and left out."""
    held, number = bytearray(), 1
    record_max = context.limits.record_bytes_max
    too_long = False
    for line in _byte_lines(piece, record_max):
        if line.startswith(b"From ") and _is_separator(line):
            if held.strip():
                yield bytes(held)
                number += 1
            held.clear()
            too_long = False
        elif not too_long:
            held += line[1:] if line.startswith(b">From ") else line
            if len(held) > record_max:
                context.malformed(number, f"a message of more than {record_max} bytes")
                held.clear()
                too_long = True
    if held.strip():
        yield bytes(held)


def _is_separator(line: bytes) -> bool:
    """`From sender date`: a line of the body that begins so has no year at its end."""
    return bool(re.search(rb"\b(?:19|20)\d\d(?: [+-]\d{4})?\s*$", line))


def _byte_lines(piece: Piece, record_max: int) -> Iterator[bytes]:
    rest = b""
    for block in piece.blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > record_max:
            yield rest
            rest = b""
    yield rest


def _row(message: EmailMessage) -> Row:
    subject = _SUBJECT_PREFIX.sub("", " ".join(_header(message, "subject").split()))
    name, address = parseaddr(_header(message, "from"))
    return {
        "id": _header(message, "message-id").strip(" <>\t\r\n") or None,
        "text": "\n\n".join(filter(None, (subject, _written(_body(message))))),
        "date": _header(message, "date") or None,
        "author": address or name or None,
        "source": _header(message, "list-id") or None,
        "title": subject,
    }


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name) or "")


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None or part.get_content_maintype() != "text":
        return ""
    payload = cast("bytes", part.get_payload(decode=True) or b"")
    text = _decoded(payload, part.get_content_charset())
    return plain(text) if part.get_content_subtype() == "html" else text


def _decoded(payload: bytes, charset: str | None) -> str:
    """By the charset it claims, else UTF-8, else Windows-1252: old mail claims much."""
    for name in (charset, "utf-8"):
        try:
            return payload.decode(name or "ascii")
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode("cp1252", "replace")


def _written(body: str) -> str:
    """What the sender wrote: no quoted lines, nothing after a signature mark or a copied message."""
    kept: list[str] = []
    for line in body.replace("\r\n", "\n").split("\n"):
        if line in {"-- ", "--"} or _ORIGINAL.match(line):
            break
        if line.startswith(">"):
            if kept and _REPLY_INTRODUCTION.match(kept[-1]):
                kept.pop()
            continue
        kept.append(line.replace("\x00", ""))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _like_mail(head: Head) -> int:
    if head.data.startswith(b"From ") and _is_separator(head.data.split(b"\n", 1)[0]):
        return 90
    headers = sum(bool(_HEADER.match(line)) for line in head.lines[:15])
    named = any(line.lower().startswith(("from: ", "message-id: ", "received: ")) for line in head.lines[:15])
    return 80 if named and (headers >= 3 or head.suffixes & {".eml", ".mbox"}) else 0


MAIL = Source("mbox", "mail: mbox files and single messages", _like_mail, mail_rows, LAYOUT)
