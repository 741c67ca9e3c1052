"""Use-cases of reports: sign and keep, give back, put copies where people look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.core.clock import Instant
from aia.core.pages import Page, PageRequest
from aia.infra.objects import Objects
from aia.infra.plugins import load_plugin
from aia.infra.sql import Event, Read, Tx
from aia.reports import store
from aia.reports.jsonld import dumps, parse_report, to_jsonld
from aia.reports.model import Report, ReportNotFound
from aia.reports.signing import sign


@dataclass(frozen=True, slots=True)
class Reports:
    """Signed reports; `write_files` False keeps them in the database only."""

    key: Ed25519PrivateKey
    objects: Objects
    write_files: bool = True

    def signed(self, report: Report, texts: Mapping[str, str], created: Instant) -> dict[str, Any]:
        """The signed JSON-LD document of a report on `texts` (document id to text).

        Nothing is signed whose quotations do not stand in the documents: raises `FabricatedCitation`.
        """
        report.refuse_fabrications(texts)
        return sign(to_jsonld(report), self.key, created)

    def sign_document(self, document: Mapping[str, Any], created: Instant) -> dict[str, Any]:
        """Another document than a report, signed by the same key and in the same way."""
        return sign(document, self.key, created)

    async def keep(self, tx: Tx, mission: str, corpus: str, document: Mapping[str, Any]) -> None:
        """Store the document in the transaction that completes its mission."""
        digest = str(document["contentDigest"])
        title = str(document["name"])
        await store.add(tx, mission, corpus, title, digest, dumps(document).decode())
        tx.emit(Event("reports.published", {"mission": mission, "content_digest": digest}))

    async def document(self, read: Read, mission: str) -> bytes:
        """The bytes as signed; raises `ReportNotFound`."""
        found = await self.find(read, mission)
        if found is None:
            raise ReportNotFound(f"mission {mission!r} has no report in this organisation")
        return found

    async def find(self, read: Read, mission: str) -> bytes | None:
        """The bytes as signed, if the mission has published."""
        found = await store.document_of(read, mission)
        return None if found is None else found.encode()

    async def is_stored(self, read: Read, document: Mapping[str, Any]) -> bool:
        """Whether a document is, member for member, the one that its mission published."""
        run = document.get("run")
        mission = run.get("mission") if isinstance(run, dict) else None
        stored = await self.find(read, str(mission))
        return stored is not None and parse_report(stored) == dict(document)

    async def page(self, read: Read, request: PageRequest) -> Page[tuple[str, str, str]]:
        return await store.page(read, request)

    async def corpus_of(self, read: Read, document: Mapping[str, Any]) -> str | None:
        """The id of the stored corpus a report was made from, by its mission, else by its content."""
        run = document.get("run")
        mission = run.get("mission") if isinstance(run, dict) else None
        found = await store.corpus_of_mission(read, str(mission))
        return found or await store.corpus_of(read, str(document.get("contentDigest")))

    async def copy(self, mission: str, data: bytes) -> None:
        """Write report.jsonld and report.html of a mission; whole files, the same each time."""
        if self.write_files:
            await self.objects.put(f"reports/{mission}/report.jsonld", data)
            page = render_html(parse_report(data))
            await self.objects.put(f"reports/{mission}/report.html", page.encode())


def render_html(document: Mapping[str, Any]) -> str:
    """The page of a report (`aia.reports.html`): templates load when the first one is asked for."""
    page: str = load_plugin("aia.tools", "page")(document)
    return page
