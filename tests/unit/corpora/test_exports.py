"""Exports of platforms, feeds, mail and dumps in the shapes they are published in."""

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest

from aia.corpora.sources import ReadOptions, SourceError, read_corpus
from aia.infra.plugins import load_plugins

ROOT = Path(__file__).parent.parent.parent.parent
GOOD = "The export of invoices fails every month and nobody answers."


def read(tmp_path: Path, name: str, data: str | bytes, **options):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_corpus(path, ReadOptions(**options))


def table(rows: list[dict], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


COMPLAINT = {
    "Date received": "03/04/2019",
    "Product": "Mortgage",
    "Sub-product": "FHA",
    "Issue": "Trouble during payment",
    "Sub-issue": "",
    "Consumer complaint narrative": f'{GOOD}\nThey charged XXXX twice, said "wait".',
    "Company public response": "",
    "Company": "ACME BANK, N.A.",
    "State": "NY",
    "ZIP code": "100XX",
    "Tags": "",
    "Consumer consent provided?": "Consent provided",
    "Submitted via": "Web",
    "Date sent to company": "03/05/2019",
    "Company response to consumer": "Closed with explanation",
    "Timely response?": "Yes",
    "Consumer disputed?": "N/A",
    "Complaint ID": "3171234",
}


def test_the_complaint_export_is_read_as_published(tmp_path):
    silent = COMPLAINT | {"Consumer complaint narrative": "", "Complaint ID": "1"}
    corpus = read(tmp_path, "complaints.csv", table([silent] * 1_200 + [COMPLAINT, *[silent] * 300]))
    (document,) = corpus.documents
    assert (corpus.reading.format, document.id, document.day) == ("cfpb", "3171234", date(2019, 3, 4))
    assert document.source == "CFPB complaints"
    assert document.fields["company"] == "ACME BANK, N.A."
    assert document.fields["response"] == "Closed with explanation"
    assert (document.fields["timely"], document.fields["disputed"]) == ("Yes", "N/A")
    assert corpus.reading.rejected == {"no text": 1_500}


def test_reddit_submissions_and_comments_are_read_and_what_was_removed_is_not(tmp_path):
    post = {"id": "a1", "subreddit": "smallbusiness", "author": "ada", "created_utc": 1709251200, "title": "Invoices"}
    rows = [
        post | {"selftext": GOOD, "score": 12, "permalink": "/r/smallbusiness/a1"},
        post | {"id": "a2", "selftext": "[removed]", "author": "[deleted]", "title": "Why is export so slow?"},
        post | {"id": "c1", "body": f"{GOOD} Same here."},
        post | {"id": "c2", "title": "", "body": "[deleted]"},
    ]
    corpus = read(tmp_path, "RS_2024-03.jsonl", "\n".join(map(json.dumps, rows)))
    assert corpus.reading.format == "reddit"
    assert [d.id for d in corpus.documents] == ["a1", "a2", "c1"]
    assert corpus.documents[0].text == f"Invoices\n\n{GOOD}"
    assert (corpus.documents[0].source, corpus.documents[0].day) == ("r/smallbusiness", date(2024, 3, 1))
    assert [d.author for d in corpus.documents] == ["ada", None, "ada"]


def test_reviews_of_google_play_are_read_from_their_utf16_report(tmp_path):
    row = {
        "Package Name": "com.acme.app",
        "App Version Code": "12",
        "App Version Name": "2.1",
        "Reviewer Language": "en",
        "Device": "pixel",
        "Review Submit Date and Time": "2024-03-01T10:00:00Z",
        "Review Submit Millis Since Epoch": "1709287200000",
        "Star Rating": "1",
        "Review Title": "",
        "Review Text": GOOD,
        "Developer Reply Text": "Sorry",
        "Review Link": "https://play.example/review?id=r1",
    }
    data = table([row, row | {"Review Text": "", "Review Link": "x"}]).encode("utf-16")
    corpus = read(tmp_path, "reviews_com.acme.app_202403.csv", data)
    (document,) = corpus.documents
    assert (corpus.reading.format, document.source) == ("google-play", "Google Play")
    assert document.fields["rating"] == "1"
    assert (document.fields["product"], document.day) == ("com.acme.app", date(2024, 3, 1))


def test_reviews_of_the_app_store_join_title_and_body(tmp_path):
    row = {"App Name": "Acme", "Date": "2024-03-01", "Rating": "2", "Title": "Broken", "Review": GOOD}
    row |= {"Nickname": "ada", "Territory": "USA", "Version": "3.0"}
    corpus = read(tmp_path, "reviews.csv", table([row]))
    (document,) = corpus.documents
    assert corpus.reading.format == "app-store"
    assert document.text == f"Broken\n\n{GOOD}"
    assert (document.author, document.fields["state"], document.fields["product"]) == ("ada", "USA", "Acme")


RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Forum</title><link>https://forum.example</link>
<item><title>Export &amp; import</title><link>https://forum.example/1</link><guid>g1</guid>
<pubDate>Fri, 01 Mar 2024 10:00:00 GMT</pubDate><dc:creator>ada</dc:creator>
<description>short</description>
<content:encoded><![CDATA[<p>The export <b>fails</b>.</p><script>x()</script><p>Every month.</p>]]></content:encoded>
</item>
<item><title>Second</title><description>&lt;i&gt;It is slow&lt;/i&gt; &amp;amp; late</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Issues</title>
<entry><title type="html">Crash</title><id>urn:1</id><link rel="self" href="https://no"/><link href="https://yes"/>
<updated>2024-03-02T00:00:00Z</updated><published>2024-03-01T00:00:00Z</published>
<author><name>bob</name><email>b@x.org</email></author><content type="html">&lt;p&gt;It crashes.&lt;/p&gt;</content>
</entry></feed>"""


def test_rss_items_are_read_with_their_full_text(tmp_path):
    corpus = read(tmp_path, "feed.xml", RSS)
    first, second = corpus.documents
    assert first.text == "Export & import\n\nThe export fails.\nEvery month."
    assert (first.id, first.author, first.source, first.day) == ("g1", "ada", "Forum", date(2024, 3, 1))
    assert first.fields["url"] == "https://forum.example/1"
    assert second.text == "Second\n\nIt is slow & late"


def test_atom_entries_are_read(tmp_path):
    (entry,) = read(tmp_path, "feed.atom", ATOM).documents
    assert (entry.text, entry.author, entry.source) == ("Crash\n\nIt crashes.", "bob", "Issues")
    assert (entry.id, entry.fields["url"], entry.day) == ("urn:1", "https://yes", date(2024, 3, 1))


ITEM = "<rss><channel><item><title>&a;</title></item></channel></rss>"
LAUGHS = f'<!DOCTYPE rss [<!ENTITY b "ha"><!ENTITY a "&b;&b;&b;&b;">]>{ITEM}'
OUTSIDE = f'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>{ITEM}'


@pytest.mark.parametrize("data", [LAUGHS, OUTSIDE])
def test_a_feed_that_declares_entities_is_refused(tmp_path, data):
    with pytest.raises(SourceError, match="entities"):
        read(tmp_path, "feed.xml", data)


def test_a_feed_nested_without_end_and_one_huge_element_are_refused(tmp_path):
    with pytest.raises(SourceError, match="nested more than 64"):
        read(tmp_path, "a.xml", "<rss>" + "<a>" * 100_000)
    with pytest.raises(SourceError, match="an element holds more"):
        read(tmp_path, "b.xml", "<rss><item><title>" + "x" * 2_000_000 + "</title></item></rss>")


def test_a_feed_that_is_cut_off_keeps_what_came_before_when_it_is_one_of_several(tmp_path):
    read(tmp_path, "in/good.jsonl", json.dumps({"text": GOOD}))
    cut = RSS[: RSS.index("<item><title>Second")]
    with pytest.raises(SourceError, match="broken XML"):
        read(tmp_path, "in/feed.xml", cut)
    corpus = read_corpus(tmp_path / "in", ReadOptions())
    told = {report.name: report for report in corpus.reading.sources}
    assert told["in/feed.xml"].documents == 1
    assert "broken XML" in told["in/feed.xml"].error


POSTS = """<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="4" PostTypeId="1" AcceptedAnswerId="7" CreationDate="2024-03-01T10:00:00.000" Score="12" OwnerUserId="8"
   Title="Why does export fail?"
   Body="&lt;p&gt;It fails.&lt;/p&gt;&#xA;&lt;pre&gt;code&lt;/pre&gt;" Tags="&lt;excel&gt;&lt;csv&gt;" />
  <row Id="7" PostTypeId="2" ParentId="4" Body="&lt;p&gt;Because.&lt;/p&gt;" />
</posts>"""


def test_questions_of_a_stack_exchange_dump_are_read_and_answers_are_not(tmp_path):
    corpus = read(tmp_path, "superuser.com/Posts.xml", POSTS)
    (question,) = corpus.documents
    assert question.text == "Why does export fail?\n\nIt fails.\ncode"
    assert (question.id, question.author, question.source, question.day) == (
        "4",
        "8",
        "superuser.com",
        date(2024, 3, 1),
    )
    assert (question.fields["product"], question.fields["answered"]) == ("excel", "yes")


MBOX = """From ada@x.org Fri Mar  1 10:00:00 2024
From: =?utf-8?q?Ad=C3=A4?= <ada@x.org>
Subject: Re: [list] =?iso-8859-1?Q?Export_f=E4llt_aus?=
Date: Fri, 01 Mar 2024 10:00:00 +0000
Message-ID: <1@x.org>
List-Id: Users <users.x.org>
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The export f=E4llt aus.
>From here on it is slow.

On Thu, Bob <b@y.org> wrote:
> Did you try again?
> Yes.

It happens every month.
--\x20
Ada, ACME
From bob@y.org Sat Mar  2 10:00:00 2024
From: bob@y.org
Subject: Second
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/html; charset=nonsense

<p>It <b>crashes</b>.</p>
--b--
"""


def test_mail_is_what_each_wrote_without_quotations_and_signature(tmp_path):
    corpus = read(tmp_path, "list.mbox", MBOX.replace("list] ", ""))
    first, second = corpus.documents
    assert first.text.endswith("The export fällt aus.\nFrom here on it is slow.\n\nIt happens every month.")
    assert "Export fällt aus" in first.fields["title"]
    assert "try again" not in first.text
    assert "ACME" not in first.text
    assert (first.id, first.author, first.day) == ("1@x.org", "ada@x.org", date(2024, 3, 1))
    assert second.text == "Second\n\nIt crashes."


def test_a_mail_above_its_bound_is_counted_and_the_next_is_read(tmp_path):
    huge = MBOX.replace("It happens", "It happens\n" + "x" * 70 + "\n" * 3_000)
    corpus = read(tmp_path, "list.mbox", huge, skip_malformed=True, record_bytes_max=2_000)
    assert [d.fields["title"] for d in corpus.documents] == ["Second"]
    assert corpus.reading.rejected == {"malformed": 1}


def test_a_single_message_is_read(tmp_path):
    (document,) = read(tmp_path, "one.eml", MBOX.split("\n", 1)[1].split("\nFrom bob", 1)[0]).documents
    assert document.author == "ada@x.org"


def test_abstracts_of_arxiv_are_dated_by_their_first_version(tmp_path):
    row = {
        "id": "0704.0001",
        "submitter": "Ada L",
        "authors": "A. L.",
        "title": "Slow\n  exports",
        "categories": "cs.DB cs.IR",
        "doi": None,
        "abstract": f"  {GOOD}\n",
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2008-11-26",
    }
    (document,) = read(tmp_path, "arxiv-metadata-oai-snapshot.json", json.dumps(row)).documents
    assert document.text == f"Slow exports. {GOOD.rstrip('.')}"
    assert (document.day, document.source, document.fields["product"]) == (date(2007, 4, 2), "arXiv", "cs.DB")


def test_patents_are_read_from_their_table(tmp_path):
    row = {"patent_id": "10000000", "patent_date": "2018-06-19", "patent_title": "Ladar", "patent_abstract": GOOD}
    (document,) = read(tmp_path, "g_patent.tsv", table([row], "\t")).documents
    assert (document.id, document.day, document.source) == ("10000000", date(2018, 6, 19), "patents")
    assert document.text == f"Ladar. {GOOD.rstrip('.')}"


FILING = f"""<SEC-DOCUMENT>0000320193-23-000106.txt : 20231103
<SEC-HEADER>0000320193-23-000106.hdr.sgml : 20231102
ACCESSION NUMBER:\t\t0000320193-23-000106
CONFORMED SUBMISSION TYPE:\t10-K
FILED AS OF DATE:\t\t20231103

\tCOMPANY CONFORMED NAME:\t\t\tAcme Inc.
</SEC-HEADER>

<TEXT>
<p>{GOOD} We depend on <b>few</b> suppliers.</p>

Item 1A.

{GOOD} Our margins may fall.
"""


def test_a_filing_is_read_by_paragraphs_with_its_company_and_day(tmp_path):
    corpus = read(tmp_path, "0000320193-23-000106.txt", FILING)
    assert [d.text for d in corpus.documents][-2:] == [
        f"{GOOD} We depend on few suppliers.",
        f"{GOOD} Our margins may fall.",
    ]
    assert corpus.documents[-1].day == date(2023, 11, 3)
    assert corpus.documents[-1].fields["company"] == "Acme Inc."


@pytest.mark.parametrize("lines", [False, True])
def test_a_filing_as_json_is_read_by_its_items(tmp_path, lines):
    row = {"cik": "320193", "company": "Acme", "filing_date": "2023-11-03", "item_1A": f"{GOOD}\n\n{GOOD} More."}
    data = json.dumps(row) if lines else json.dumps([row], indent=1)
    corpus = read(tmp_path, "f.json", data)
    assert [d.fields["title"] for d in corpus.documents] == ["item_1A", "item_1A"]
    assert corpus.documents[0].day == date(2023, 11, 3)


def test_the_page_of_sources_names_each_with_what_it_reads():
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", page, re.MULTILINE))
    assert rows == {name: source.reads for name, source in load_plugins("aia.sources")}, "run: make docs"


def test_words_alone_are_read_in_any_script(tmp_path):
    words = "hello bonjour hola ciao hallo привет 你好 こんにちは مرحبا שלום 안녕 नमस्ते สวัสดี xin γειά".split()
    corpus = read(tmp_path, "w.txt", "\n".join(f"{word}{i}" for i in range(3) for word in words))
    assert len(corpus.documents) == 45
