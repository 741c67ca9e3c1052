"""Every claim of a report resolves: to a passage that stands, or to a count that comes out the same again."""

import copy
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.app import App, open_app
from aia.core.clock import system_clock
from aia.core.principal import Principal
from aia.corpora.model import Corpus
from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions, read_rows
from aia.reports import (
    Cell,
    Claim,
    Evidence,
    FabricatedCitation,
    Opportunity,
    UnbackedNumber,
    content_digest,
    sign,
)
from aia.ventures.discovery.recheck import differences, recount, verify_with
from tests.conftest import make_settings
from tests.integration.test_discovery import discover
from tests.unit.reports.test_reports import TEXTS, evidence, report

pytestmark = pytest.mark.anyio

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
COMPANIES = read_rows(
    "companies",
    [
        {"id": f"company-{i}", "text": text}
        for i, text in enumerate(
            ["Invoice export to accounting software", "Menus with allergy filters", "Portals of schools for parents"]
            * 4
            + [f"Something else entirely, number {n}" for n in range(20)]
        )
    ],
    ReadOptions(),
)


def corpus() -> Corpus:
    return read_rows("sample", generate(0, 400)[0], ReadOptions())


@pytest.fixture
async def plain_app(tmp_path) -> AsyncGenerator[App]:
    settings = make_settings(aia_home=tmp_path / "home")
    async with open_app(settings, durable=False, background=False) as opened:
        yield opened


@pytest.fixture
async def found(plain_app: App) -> dict[str, Any]:
    """A report that was ranked against companies."""
    principal = Principal("default", "test")
    async with plain_app.database.begin(principal) as tx:
        companies = await plain_app.corpora.keep(tx, COMPANIES)
    document = await discover(plain_app, principal, corpus(), companies=companies.id)
    async with plain_app.database.read(principal) as read:
        assert (await plain_app.ventures.verify_report(read, document)).findings == ()
    return document


def numbers(node: Any, path: tuple = ()) -> Iterator[tuple]:
    """The path of every number of a report's opportunities: counts, decimals, and numbers in sentences."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from numbers(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from numbers(value, (*path, i))
    elif isinstance(node, bool | int) or (isinstance(node, str) and any(c.isdigit() for c in node)):
        yield path


def changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    place = next(i for i, c in enumerate(value) if c.isdigit())
    return value[:place] + ("7" if value[place] != "7" else "3") + value[place + 1 :]


def resigned(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a forger with a key would sign it: digest and id follow the content."""
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    digest = content_digest(unsigned)
    return sign(unsigned | {"contentDigest": digest, "id": f"urn:aia:report:{digest[:40]}"}, KEY, system_clock())


async def test_a_number_changed_anywhere_in_an_opportunity_is_found_although_it_is_signed_again(found):
    documents, companies = corpus().documents, COMPANIES.documents
    assert verify_with(resigned(found), documents, companies).findings == ()
    again = recount(found, documents, companies)
    for number in (0, len(found["opportunities"]) - 1):
        paths = list(numbers(found["opportunities"][number]))
        assert len(paths) > 60
        for path in paths:
            forged = copy.deepcopy(found)
            node = forged["opportunities"][number]
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = changed(node[path[-1]])
            assert any(differences(forged, again)), path
    one = copy.deepcopy(found)
    one["opportunities"][0]["table"]["voices"] += 1
    assert not verify_with(resigned(one), documents, companies).ok


def drop_a_member(document, need: str) -> None:
    """Of a need that is listed: what else was grouped bears no figure of the report."""
    (node,) = (node for node in document["grouped"] if node["need"] == need)
    node["members"] = node["members"].partition(" ")[2]


async def test_swapped_moved_and_dropped_opportunities_flags_and_members_are_found(found):
    documents, companies = corpus().documents, COMPANIES.documents

    def forged(change) -> bool:
        document = copy.deepcopy(found)
        change(document)
        return not verify_with(resigned(document), documents, companies).ok

    assert forged(lambda d: d["opportunities"].reverse())
    assert forged(lambda d: d["opportunities"][0].update(flags=[]))
    assert forged(lambda d: d["opportunities"][0]["claims"].pop())
    assert forged(lambda d: drop_a_member(d, d["opportunities"][0]["need"]))
    assert forged(lambda d: d["themes"][0]["holds"].pop())
    assert forged(lambda d: d["themes"][0]["holds"].append(d["themes"][-1]["holds"][0]))
    without = copy.deepcopy(found)
    del without["themes"]  # as reports were before
    assert verify_with(resigned(without), documents, companies).ok
    assert forged(lambda d: d["basis"].update(rankQuantile="0.35"))
    assert forged(lambda d: d["corpus"].update(undated=7))
    assert forged(lambda d: d.update(seed=5))


async def test_authors_or_dates_of_stored_documents_that_change_a_number_are_found(found):
    rows = generate(0, 400)[0]
    for change in ({"author": "somebody-else"}, {"date": "2023-01-01"}):
        positions = {int(place.partition(":")[0]) for place in found["grouped"][0]["members"].split()}
        targets = {corpus().documents[position].id for position in positions}
        changed_rows = [row | change if row["id"] in targets else row for row in rows]
        documents = read_rows("sample", changed_rows, ReadOptions()).documents
        assert not verify_with(found, documents, COMPANIES.documents).ok


async def test_a_report_on_companies_is_not_passed_without_them(found):
    result = verify_with(found, corpus().documents, None)
    assert any("company corpus" in finding.what for finding in result.findings)


def test_a_claim_with_a_number_that_nothing_backs_cannot_be_made():
    quoted = evidence("d1", 0, 29)
    for text, cells in (
        ("9 of them say so", (Cell("opp_1", "documents"),)),
        ("2 documents, 80 percent of all", (Cell("opp_1", "documents"),)),
        ("in 2031", ()),
    ):
        claim = Claim(text, (quoted,), cells)
        with pytest.raises(UnbackedNumber):
            Opportunity("opp_1", "n", "name", "x", (claim,), {"documents": 2}, (), ())


async def test_a_citation_that_was_made_up_is_never_signed(plain_app: App):
    honest = report()
    made_up = Evidence("d1", 0, 29, "The export works every month.", evidence("d1", 0, 29).document_sha256)
    elsewhere = Evidence("d9", 0, 29, made_up.quotation, made_up.document_sha256)
    now = system_clock()
    assert plain_app.reports.signed(honest, TEXTS, now)["name"] == honest.title
    for invented in (made_up, elsewhere):
        opportunity = honest.opportunities[0]
        forged = replace(opportunity, claims=(*opportunity.claims, Claim("They all say so.", (invented,))))
        with pytest.raises(FabricatedCitation):
            plain_app.reports.signed(replace(honest, opportunities=(forged,)), TEXTS, now)
