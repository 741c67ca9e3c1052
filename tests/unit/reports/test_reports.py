"""Reports: cited, signed, the same each time, and refused after any change."""

import copy
import json
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyld import jsonld
from pyoxigraph import RdfFormat, parse

from aia.core.canonical import sha256
from aia.core.money import Units
from aia.reports import (
    OF_THE_RUN,
    BadProof,
    BadReport,
    Cell,
    Claim,
    CorpusSummary,
    Evidence,
    FactorLine,
    FigureLine,
    MarketSize,
    Opportunity,
    Report,
    Run,
    SpendLine,
    Theme,
    UncitedClaim,
    corpus_digest,
    dumps,
    parse_report,
    records_digest,
    render_html,
    sign,
    to_jsonld,
    verify,
    verify_proof,
)
from aia.reports.html import COUNTED
from aia.ventures.market_size.model import COUNTS

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TEXTS = {
    "d1": "The export fails every month. <script>alert(1)</script> It really does.",
    "d2": "Nobody answers the phone \u202e at the clinic ]]> and I waited for weeks.",
    "d3": "Weather was lovely.",
}


def evidence(document: str, start: int, end: int) -> Evidence:
    return Evidence(document, start, end, TEXTS[document][start:end], sha256(TEXTS[document]))


def market_size() -> MarketSize:
    factors = (
        FactorLine("clinics", "clinic", "constant", "url", "https://example.org/<x>", middle="1200", quote="1,200"),
        FactorLine("price", "USD/clinic/year", "log-normal", "assumption", "a <b>guess</b>", "10", "20", "40"),
        FactorLine("hit", "1", "beta", "count", "voices", count="voices", of="corpusVoices", counted=3, among=9),
        FactorLine("d", "1", "constant", "document", "d2", middle="1", evidence=evidence("d2", 40, 60).id),
    )
    figure = FigureLine("tam", "clinics * price", "USD/year", "24000", "12000", "48000", "price", "0.97")
    return MarketSize((figure,), factors)


def report(mission: str = "msn_1", day: int = 4) -> Report:
    values = {"documents": 2, "statements": 3, "score": "61.50", "low": "50.00", "high": "70.25"}
    values |= {"probabilityTop10": "1.000", "severity": "0.50", "requests": 1, "authors": 2}
    values |= {"slope": "0.1000", "slopeLower": "0.0200"}
    claims = (
        Claim("2 documents say so:", (evidence("d1", 0, 29), evidence("d2", 0, 24)), (Cell("opp_1", "documents"),)),
        Claim("It grows by 0.1000 a month.", cells=(Cell("opp_1", "slope"),)),
    )
    months = tuple((f"2024-{m:02d}", m, 100) for m in range(1, 7))
    return Report(
        title="Needs in trial & error",
        question="What should we build next?",
        method="extractive",
        seed=7,
        version="0.1.0",
        corpus=CorpusSummary(
            "trial.jsonl",
            corpus_digest((i, sha256(t)) for i, t in TEXTS.items()),
            records_digest((i, sha256(t), None, None, None, {}) for i, t in TEXTS.items()),
            3,
            1,
            (("duplicate", 4),),
            "2024-01-01",
            "2024-06-30",
        ),
        opportunities=(
            Opportunity(
                id="opp_1",
                need="need_1",
                name="invoice export",
                phrased_by="extracted",
                claims=claims,
                values=values,
                months=months,
                flags=("growing",),
                sizes=(market_size(),),
                sizes_cite=(evidence("d2", 40, 60),),
            ),
        ),
        spend=(
            SpendLine("scout-1", "extract", 2, Units(1_500_000), Units(1_050_000)),
            SpendLine("director", "direct", 1, Units(500_000), Units(350_000)),
        ),
        budget=Units(5_000_000),
        notes=("A note.",),
        run=Run(mission, NOW, NOW.replace(day=day)),
    )


def signed() -> dict:
    return sign(to_jsonld(report()), KEY, NOW)


def test_a_report_that_was_not_touched_holds():
    result = verify(parse_report(dumps(signed())), TEXTS)
    assert result.findings == ()
    assert (result.quotations, result.claims, result.documents) == (3, 2, 3)
    assert result.signed_by is not None


def test_any_changed_character_of_any_quotation_is_found():
    document = signed()
    for number, quotation in enumerate(document["quotations"]):
        text = quotation["quotation"]
        for place in range(len(text)):
            changed = copy.deepcopy(document)
            other = "x" if text[place] != "x" else "y"
            changed["quotations"][number]["quotation"] = text[:place] + other + text[place + 1 :]
            found = verify(changed, TEXTS).findings
            assert any("does not stand at" in finding.what for finding in found)


def test_any_changed_character_of_any_document_is_found():
    document = signed()
    for name, text in TEXTS.items():
        for place in range(len(text)):
            changed = TEXTS | {name: text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]}
            assert not verify(document, changed).ok
        assert not verify(document, TEXTS | {name: text + " "}).ok
    assert not verify(document, {k: v for k, v in TEXTS.items() if k != "d3"}).ok
    assert not verify(document, None).ok


def test_a_thousand_single_byte_changes_of_a_signed_report_are_all_refused():
    data = dumps(signed())
    rng = random.Random(0)
    for _ in range(1_000):
        place = rng.randrange(len(data))
        byte = rng.choice([b for b in range(256) if b != data[place]])
        try:
            document = parse_report(data[:place] + bytes([byte]) + data[place + 1 :])
        except BadReport:
            continue
        same = document == parse_report(data)  # white space between members carries no meaning
        assert same or not verify(document, TEXTS).ok


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d["spend"][0].update(aia_paid="1.4"), "spend"),
        (lambda d: d["spend"][0].update(aia_earned="1.6"), "spend"),
        (lambda d: d.update(budget="1"), "spend"),
        (lambda d: d["opportunities"][0]["claims"][0].update(evidence=["urn:aia:evidence:none"]), "claim-1"),
        (lambda d: d["opportunities"][0]["claims"][1].update(cells=[]), "claim-2"),
        (lambda d: d["opportunities"][0]["table"].update(slope="0.9000"), "claim-2"),
        (lambda d: d.pop("spend"), "report"),
        (lambda d: d.update(quotations=7), "report"),
        (lambda d: d["run"].update(mission="msn_2"), "proof"),
    ],
)
def test_each_kind_of_change_is_named(change, where):
    document = signed()
    change(document)
    assert any(where in finding.where for finding in verify(document, TEXTS).findings)


def test_two_runs_differ_in_the_run_and_its_signature_only():
    first = sign(to_jsonld(report("msn_1", 4)), KEY, NOW)
    second = sign(to_jsonld(report("msn_2", 5)), KEY, NOW.replace(day=9))
    assert first != second
    for member in OF_THE_RUN:
        first.pop(member)
        second.pop(member)
    assert dumps(first) == dumps(second)


def test_a_claim_that_cites_nothing_cannot_be_made():
    with pytest.raises(UncitedClaim, match="cites neither"):
        Claim("Trust me.")
    with pytest.raises(UncitedClaim, match="span"):
        Evidence("d1", 0, 5, "longer than five", "0" * 64)


def test_every_member_is_a_term_of_the_context_and_two_processors_agree():
    document = signed()
    loader = jsonld.FrozenDocumentLoader({}) if hasattr(jsonld, "FrozenDocumentLoader") else _no_loading
    expanded = jsonld.expand(document, {"documentLoader": loader})

    def absolute(node) -> None:
        if isinstance(node, list):
            for item in node:
                absolute(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                assert key.startswith("@") or ":" in key
                absolute(value)

    absolute(expanded)

    def members(node) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(members, node))
        if not isinstance(node, dict):
            return set()
        return set(node).union(*(members(v) for k, v in node.items() if k != "@context")) - {"@context"}

    assert members(document) <= set(document["@context"])
    quads = jsonld.to_rdf(document, {"documentLoader": loader, "format": "application/n-quads"})
    other = list(parse(json.dumps(document).encode(), format=RdfFormat.JSON_LD))
    assert len(quads.strip().splitlines()) == len({str(quad) for quad in other})


def _no_loading(url, options):
    raise AssertionError(f"{url} was asked for: a report needs nothing from outside")


def test_there_is_no_float_in_a_report():
    def walk(node) -> None:
        assert not isinstance(node, float)
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(child)

    walk(signed())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": "Report", "type": "Report"}',
        b'{"type": "Report", "x": 1.5}',
        b"\xff\xfe",
        b"[" * 9999,
    ],
)
def test_what_is_no_report_is_refused_in_words(data):
    with pytest.raises(BadReport, match="report"):
        parse_report(data)


def test_the_w3c_vectors_of_eddsa_jcs_2022_verify(shared):
    folder = shared / "vectors" / "eddsa" / "eddsa-jcs-2022"
    files = sorted(folder.glob("**/*signed*.json")) if folder.is_dir() else []
    if not files:
        pytest.skip("the eddsa-jcs-2022 vectors are not here")
    for file in files:
        document = json.loads(file.read_text())
        assert verify_proof(document).startswith("did:key:z")
        with pytest.raises(BadProof):
            verify_proof(document | {"tampered": True})


def test_the_page_escapes_what_documents_say_and_needs_nothing_from_outside():
    page = render_html(signed())
    assert "<script>alert" not in page
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)" not in page.split('application/ld+json">')[1]
    assert "src=" not in page
    assert "http://" not in page.split('application/ld+json">')[0]
    embedded = json.loads(page.split('application/ld+json">')[1].split("</script>")[0])
    assert embedded == signed()


def test_the_page_shows_every_quotation_and_every_payment():
    page = render_html(signed())
    for expected in (
        "The export fails every month.",
        "scout-1",
        "1.5",
        "invoice export",
        "61.50",
        "aia report verify",
    ):
        assert expected in page


def test_the_page_shows_market_sizes_and_marks_assumptions():
    page = render_html(signed())
    assert ">24,000<" in page
    assert "12,000 to 48,000" in page
    assert '<span class="flag">assumption</span> a &lt;b&gt;guess&lt;/b&gt;' in page
    assert "voices (people who speak) that state this need, of all voices in the documents read" in page
    assert "corpusVoices" not in page.split("application/ld+json")[0]


def test_every_number_that_a_market_size_may_count_has_words_for_readers():
    assert COUNTED.keys() == COUNTS


def test_flags_stand_in_the_ranking_but_for_those_that_all_carry():
    document = signed()
    first = document["opportunities"][0]
    document["opportunities"] = [first | {"flags": ["one source", "growing"]}, first | {"flags": ["one source"]}]
    ranking = render_html(document).split('id="opportunities"')[0]
    assert "All of them: one source." in ranking
    assert '<span class="flag">growing</span>' in ranking
    assert '<span class="flag">one source</span>' not in ranking


def test_a_month_with_few_voices_is_drawn_pale_and_does_not_set_the_scale():
    document = signed()
    months = [("2024-01", 1, 1), ("2024-02", 10, 100), ("2024-03", 20, 100), ("2024-04", 5, 100)]
    rows = [{"month": month, "count": count, "all": every} for month, count, every in months]
    document["opportunities"] = [document["opportunities"][0] | {"months": rows}]
    page = render_html(document)
    assert "highest 20.0 %" in page
    chart = page.split("<figure>")[1].split("</figure>")[0]
    assert [bar.split('"')[0] for bar in chart.split('<rect class="')[1:]] == ["range", "median", "median", "median"]
    assert "2024-01: 1 of 1 voices, 100.0 %" in chart


def test_growth_that_rounds_to_nothing_has_no_sign():
    document = signed()
    first = document["opportunities"][0]
    document["opportunities"] = [first | {"table": first["table"] | {"slope": "-0.0001"}}]
    page = render_html(document).split("application/ld+json")[0]
    assert ">0.0 %<" in page
    assert "-0.0 %" not in page


def test_any_change_of_a_day_an_author_a_source_or_a_field_changes_the_digest_of_the_records():
    day = datetime(2024, 1, 2, tzinfo=UTC).date()
    record = ("d1", "00", day, "ann", "forum", {"product": "card"})
    changed = [
        ("d2", *record[1:]),
        ("d1", "01", *record[2:]),
        (*record[:2], day.replace(day=3), *record[3:]),
        (*record[:2], None, *record[3:]),
        (*record[:3], "Ann", *record[4:]),
        (*record[:3], None, *record[4:]),
        (*record[:4], "forums", record[5]),
        (*record[:5], {"product": "cards"}),
        (*record[:5], {}),
    ]
    digests = {records_digest([other, ("d9", "02", None, None, None, {})]) for other in [record, *changed]}
    assert len(digests) == len(changed) + 1
    other = ("d9", "02", None, None, None, {})
    assert records_digest([record, other]) == records_digest([other, record])


def test_the_page_lists_opportunities_by_theme_where_there_are_several():
    two = (Theme("theme-a", ("export", "<month>"), ("need_1", "need_2")), Theme("theme-b", ("late",), ("need_3",)))
    page = render_html(to_jsonld(replace(report(), themes=two))).split("application/ld+json")[0]
    listed = page.split('id="themes"')[1].split('id="opportunities"')[0]
    assert listed.index("export, &lt;month&gt;") < listed.index("invoice export") < listed.index("late")
    assert '<a href="#o1">1</a>' in listed
    assert listed.count("none") == 1
    assert 'id="themes"' not in render_html(to_jsonld(replace(report(), themes=two[:1])))
