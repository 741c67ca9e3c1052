"""Corpora: files as people have them, sent whole and read as `aia discover` reads them."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from aia.api.deps import AppDep, PageDep, PrincipalDep, ReadDep
from aia.api.schemas import Body, Listed
from aia.core.errors import Invalid
from aia.corpora.sources import ReadOptions, SourceError
from aia.corpora.sources.dates import DateOrder
from aia.knowledge import CorpusInfo

router = APIRouter(prefix="/v1", tags=["corpora"])
FILE_NAME_BYTES_MAX = 250
UPLOADS = "/v1/corpora/"
"""Requests below this path may be as long as an input, not as long as a body."""
_ANY_FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

FileName = Annotated[
    str,
    InPath(
        max_length=200,
        pattern=r"^[^/\\\x00-\x1f\x7f]+$",
        description="Name of a file, which the corpus bears too; its ending tells the form: reviews.csv.gz",
    ),
]
FieldName = Annotated[str | None, Field(max_length=200)]


class ReadingIn(Body):
    """What the sender knows better than detection; every field may be left out."""

    source: Annotated[str | None, Field(max_length=40, description="What it is, e.g. cfpb, reddit, mbox.")] = None
    text_field: FieldName = None
    date_field: FieldName = None
    id_field: FieldName = None
    author_field: FieldName = None
    date_order: Annotated[DateOrder | None, Field(description="How 03/04/2024 is meant.")] = None
    encoding: Annotated[str | None, Field(max_length=40)] = None
    skip_malformed: Annotated[bool, Field(description="Count and skip rows that cannot be parsed.")] = False
    keep_pii: Annotated[bool, Field(description="Keep mail addresses, numbers and keys as they are.")] = False
    documents_max: Annotated[
        int | None, Field(ge=10, description="Of more documents take a sample of so many, by content.")
    ] = None


class RejectedRowOut(BaseModel):
    line: int
    reason: str


class CorpusOut(BaseModel):
    """`rejected` counts by reason what was left out, `changed` what was kept, but not as it came."""

    id: str
    name: str
    documents: int
    created_at: datetime
    format: str
    fields: dict[str, str]
    undated: int
    rejected: dict[str, int]
    rejected_rows: list[RejectedRowOut]
    changed: dict[str, int]
    files: list[dict[str, Any]]


@router.put("/corpora/{name}", status_code=201, openapi_extra=_ANY_FILE)
async def put_corpus(
    name: FileName,
    reading: Annotated[ReadingIn, Query()],
    request: Request,
    response: Response,
    app: AppDep,
    principal: PrincipalDep,
) -> CorpusOut:
    """Keep the documents of a file; the body is the file, of any form that docs/sources.md names.

    The same file again is the same corpus. A plain JSON Lines file that grew is read where it grew.
    """
    if name in {".", ".."} or len(name.encode()) > FILE_NAME_BYTES_MAX:
        raise Invalid(f"name is {name!r}: give the name of a file", field="name")
    with app.ingestion.waiting() as folder:
        path = folder / name
        await _receive(request, path)
        options = _options(app.ingestion.reading, reading, app.clock().date())
        cleaning = replace(app.ingestion.cleaning, keep_private=reading.keep_pii)
        with _told_without(folder):
            given = await app.ingestion.read(principal, path, options, cleaning)
    async with app.database.begin(principal) as tx:
        kept = await app.ingestion.keep(tx, given)
        response.status_code = 201 if kept.created_at == tx.now else 200
    return _shown(kept)


@router.get("/corpora")
async def list_corpora(app: AppDep, read: ReadDep, page: PageDep) -> Listed[CorpusOut]:
    """What is kept, by name; of each name what was kept last."""
    found = await app.knowledge.corpora(read, page)
    return Listed(data=[_shown(corpus) for corpus in found.items], next_cursor=found.next_cursor)


@router.get("/corpora/{name:path}")
async def get_corpus(name: Annotated[str, InPath(max_length=400)], app: AppDep, read: ReadDep) -> CorpusOut:
    """The corpus that was kept last under a name, and how it was read."""
    return _shown(await app.knowledge.newest_named(read, name))


async def _receive(request: Request, path: Path) -> None:
    """Write the body to a file as it comes."""
    with await asyncio.to_thread(path.open, "wb") as file:
        try:
            async for block in request.stream():
                await asyncio.to_thread(file.write, block)
        except ClientDisconnect as error:
            raise Invalid(f"{path.name} broke off before its end: send it again") from error


def _options(ours: ReadOptions, told: ReadingIn, today: date) -> ReadOptions:
    known = told.model_dump(exclude={"keep_pii", "documents_max"})
    known["sampled"] = told.documents_max is not None
    known["documents_max"] = min(told.documents_max or ours.documents_max, ours.documents_max)
    return replace(ours, **known, today=today)


@contextmanager
def _told_without(folder: Path) -> Generator[None]:
    """Refusals name the file as its sender does, not where it waited here."""
    try:
        yield
    except SourceError as error:
        facts = {
            name: fact.replace(f"{folder}/", "") if isinstance(fact, str) else fact
            for name, fact in error.facts.items()
        }
        raise SourceError(error.detail.replace(f"{folder}/", ""), **facts) from error


def _shown(corpus: CorpusInfo) -> CorpusOut:
    told = corpus.reading
    fields = {name: told.get(f"{name}_field") for name in ("text", "date", "id", "author", "source")}
    return CorpusOut(
        id=corpus.id,
        name=corpus.name,
        documents=corpus.documents,
        created_at=corpus.created_at,
        format=told["format"],
        fields={name: field for name, field in fields.items() if field},
        undated=told["undated"],
        rejected=told["rejected"],
        rejected_rows=[RejectedRowOut(line=line, reason=reason) for line, reason in told["rejected_rows"]],
        changed=told.get("changed", {}),
        files=list(told.get("sources", ())),
    )
